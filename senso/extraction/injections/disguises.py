"""How words look that were encoded or disguised: the beginnings by which such passages are noticed."""

import base64
import codecs
from collections.abc import Iterator
from itertools import product

# Words that an order to a reader's program hardly does without.
CORE = ("ignore", "disregard", "instruction", "previous", "mentioned", "sentiment", "positive", "override", "evaluator")
WORDS = (
    *CORE, "forget", "system", "report", "language model", "rank", "organis", "organiz", "assistant", "ignor", "mention",
)  # fmt: skip
FOREIGN = (
    "anweisung", "sprachmodell", "erwähnt", "instrucciones", "mencionad", "ignorez", "consignes", "istruzioni", "инструкци",
    "игнориру", "інструкці", "忽略", "指示", "提及", "無視", "言及", "무시", "지시", "تجاهل", "תעליות", "التعليمات", "polece",
    "talimat", "instruksi", "abaikan",
)  # fmt: skip
# What no English text does without, with the spaces around it.
COMMON = (" the ", " and ", " that ", " with ", " for ", " this ")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
LOOKALIKES = {
    "a": "аα", "b": "Ьв", "c": "сϲ", "d": "ԁ", "e": "еε", "g": "ɡ", "h": "һ", "i": "іι", "j": "ј", "k": "кκ", "l": "ӏ",
    "m": "м", "n": "пη", "o": "оο", "p": "рρ", "q": "ԛ", "r": "г", "s": "ѕ", "t": "тτ", "u": "υ", "v": "ѵν", "w": "ԝ",
    "x": "хχ", "y": "уγ",
}  # fmt: skip
SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True))
CAPITAL_LOOKALIKES = dict(zip("АВСЕНІЈКМОРЅТХУΑΒΕΗΙΚΜΝΟΡΤΥΧΖ", "abcehijkmopstxyabehikmnoptyxz", strict=True))
HOMOGLYPHS = {sign: letter for letter, signs in LOOKALIKES.items() for sign in signs}
HOMOGLYPHS |= SMALL_CAPITALS | CAPITAL_LOOKALIKES
LEET = {"i": "1", "o": "0", "e": "3", "a": "4", "s": "5", "t": "7"}
FROM_LEET = str.maketrans({sign: letter for letter, sign in LEET.items()} | {"@": "a", "$": "s", "!": "i", "|": "i"})
INVISIBLE = "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u180e\u034f\u061c"
GENERAL = 0xE2  # begins quotation marks and other signs
SHORTEST = 6  # characters of base64: fewer occur by chance


def texts() -> Iterator[tuple[bytes, str]]:
    """What to look for in a lowered answer (lexicon.lowered), and the name of the disguise."""
    for name, forms in FORMS.items():
        yield from ((text, name) for text in forms())


def in_base64() -> Iterator[bytes]:
    """A word begins at one of three places in a group of bytes; what depends on its neighbours is left out."""
    for word in (*WORDS, *FOREIGN, *COMMON):
        for form in {word, word.capitalize(), word.upper()}:
            data = form.encode()
            for shift in range(3):
                whole = base64.b64encode(b"\0" * shift + data)
                begin, end = -(-8 * shift // 6), (8 * (shift + len(data))) // 6
                if end - begin >= SHORTEST:
                    yield whole[begin:end].lower().replace(b"+", b" ").replace(b"/", b" ")


def in_numbers() -> Iterator[bytes]:
    """Hex, percent-encoding, entities, escapes, decimal and binary numbers; signs between them are spaces."""
    for word in (*WORDS, *FOREIGN, *COMMON):
        for form in {word, word.capitalize(), word.upper()}:
            data = form.encode()[:6]
            yield data.hex().encode()
            for join in (
                " {:02x}",
                "x{:02x} ",
                "  {:02x}",
                " 0x{:02x}",
                "  x{:02x} ",
                " u00{:02x}",
                "  {:d} ",
                " {:d}",
            ):
                yield "".join(join.format(byte) for byte in data).strip().encode()
            yield "  0x".join(f"{byte:02x}" for byte in data).encode()
            yield "  ".join(f"{byte:d}" for byte in data).encode()
            for between in ("", " "):
                yield between.join(f"{byte:08b}" for byte in data).encode()


def in_rot13() -> Iterator[bytes]:
    return (codecs.encode(word, "rot13").encode() for word in (*WORDS, *COMMON[:3]) if len(word) >= SHORTEST - 1)


def reversed_words() -> Iterator[bytes]:
    for word in (*WORDS, *FOREIGN, *COMMON[:3]):
        if len(word.encode()) >= SHORTEST - 1:
            yield word[::-1].encode()


def apart() -> Iterator[bytes]:
    for word in (*WORDS, *FOREIGN):
        letters = word.replace(" ", "")[:7]
        if len(letters) > 4:  # noqa: PLR2004 - fewer may be initials
            yield from (between.join(letters).encode() for between in (" ", "  "))


def in_leet() -> Iterator[bytes]:
    """Each letter that has a figure, with it or without."""
    for word in CORE:
        for form in product(*((letter, LEET[letter]) if letter in LEET else (letter,) for letter in word[:9])):
            text = "".join(form)
            if text != word[:9]:
                yield text.encode()


def foreign_letters() -> Iterator[bytes]:
    """A Cyrillic or Greek letter within a Latin word, wide letters, mathematical and other letters with another look."""
    for lead in {sign.encode()[:-1] for sign in HOMOGLYPHS}:
        yield from (letter.encode() + lead for letter in LETTERS)
    for word in (*WORDS, "language", "instruct", "llm"):
        yield from ((sign + word[1]).encode() for sign, letter in HOMOGLYPHS.items() if letter == word[0])
    yield from (
        chr(number).encode() for number in (*range(0xFF41, 0xFF5B), *range(0x24D0, 0x24EA), *range(0x1F130, 0x1F14A))
    )
    yield from (b"\xf0\x9d\x90", b"\xf0\x9d\x91", b"\xf0\x9d\x92", b"\xf0\x9d\x93", b"\xf0\x9d\x94", b"\xf0\x9d\x95")
    yield from (b"\xf0\x9d\x96", b"\xf0\x9d\x97", b"\xf0\x9d\x98", b"\xf0\x9d\x99", b"\xf0\x9d\x9a")
    yield from (sign.encode() for sign in SMALL_CAPITALS)


def unseen() -> Iterator[bytes]:
    """Between Latin letters, before letters of other scripts, and one behind another; joiners belong to some scripts."""
    for sign in INVISIBLE:
        yield from ((letter + sign).encode() for letter in (*LETTERS, sign))
    for sign in "\u200b\u2060\ufeff\u00ad":
        yield from (
            sign.encode() + bytes((lead,))
            for lead in (0xD0, 0xD1, *range(0xD7, 0xDA), *range(0xE0, 0xEE))
            if lead != GENERAL
        )
    yield from (b"\xf3\xa0\x80", b"\xf3\xa0\x81", b"\xf3\xa0\x84", b"\xf3\xa0\x85", b"\xf3\xa0\x86", b"\xf3\xa0\x87")
    yield from (chr(number).encode() for number in (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


FORMS = {
    "base64": in_base64,
    "numbers": in_numbers,
    "rot13": in_rot13,
    "reversed": reversed_words,
    "apart": apart,
    "leet": in_leet,
    "homoglyphs": foreign_letters,
    "unseen": unseen,
}
