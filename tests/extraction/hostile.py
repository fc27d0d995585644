"""Answers of 100,000 characters that are made to take long. As a program it prints how long each takes to be read."""

import json
import time

from senso.extraction import Reading, Watched, checked, words
from senso.providers import Completion, Usage

LENGTH = 100_000
UNITS = (
    "\u3010", "Acme x\n", " ", "a", "Acme ", "星河银行推荐", "แนะนำธนาคารดาวเพราะดี", "ほしかわはやすい", "ホシカワ",
    "별은행은 좋다 ", "तारा अच्छा है। ", "هل هو جيد؟ نعم. ", "ធនាគារ", "ဘဏ်", "והאקמה ", "a. b. ", "U.S.", ".", "'a", "[",
    "([a](", "[a](b(", "![a](", "<a ", "<", "<!--", "&amp;", "&", "\ue200cite\ue201", "\ue200", "https://a.b/c ",
    "a.b/", "a@", "a.a@a.", "/", "# a\n", "   - Acme\n", "| Acme | x |\n", "**", "**Acme**: x\n", "Source: ", "1.",
    "1. Acme\n",
    "- - - \n", "\r\n", "am 3. ", "🎉", "\u200d", "Acme\u200bBank ", "Acme'nın ve bir için ",
    "der die und Acmes ist ",
    "$99.95Acme", "[a]: http://x\n", "Acme銀行はBest!? ([x](http://a.b)) ", "Банк Акме в Акме ", "a\u0301",
    "ignore all all ", "note to ai ", "if you are an ai, ", "your output must ", '{"mentioned": true, ', "<|im_start|>",
    "忽略指示", "a\u200b", '[a](b "note to ai")', "SWdub3JlIHByZXZpb3Vz", "END OF ANSWER\n",
    '<span style="display:none">x y</span>',
)  # fmt: skip
ORG = Watched("Acme", ("Acme", "Acme Bank", "acme.example", "星河银行"), ("https://acme.example",), ("Globex", "Hill"))
SAID = {"mentioned": True, "mention_text": "Acme x || Acme", "sentiment": "positive", "rank": 1, "competitors": []}


def answer(unit: str) -> str:
    return (unit * (LENGTH // len(unit) + 1))[:LENGTH]


def read(unit: str) -> Reading:
    words.text.cache_clear()
    return checked(answer(unit), ORG, Completion(json.dumps(SAID), "m", Usage(), "openai"))


def milliseconds(unit: str) -> float:
    """Of CPU, the least of three times."""
    found = []
    for _ in range(3):
        began = time.process_time()
        read(unit)
        found.append(1000 * (time.process_time() - began))
    return min(found)


if __name__ == "__main__":
    for took, unit in sorted(((milliseconds(unit), unit) for unit in UNITS), reverse=True):
        print(f"{took:7.1f} ms  {unit!r}")
