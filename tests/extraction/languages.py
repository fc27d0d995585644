"""Names in texts of many languages: where a name is, and where it only seems to be. Writes docs/languages.md."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from senso.extraction import Reading, Watched, checked, confirmed, sentences, words

PAGE = Path(__file__).parents[2] / "docs" / "languages.md"
HEAD = """\
# Names in many languages

Each text has three sentences. The second names the organisation, as its language writes it: with an ending, an
apostrophe, a particle, without spaces. `elsewhere` has something like the name that is not the name. What the rules
find is compared with what a person finds by `make test`, for each column: the name is found, it is not found
elsewhere, the sentences are these three, the mention text is the second, and the share of text is that of its
characters.

| language | name | named as | elsewhere | found | not elsewhere | sentences | quote | share |
|---|---|---|---|---|---|---|---|---|
"""


class Probe(NamedTuple):
    """`parts`: the sentences of the text; the second has `written` for the name."""

    language: str
    name: str
    written: str
    parts: tuple[str, str, str]
    between: str
    elsewhere: str

    @property
    def text(self) -> str:
        return self.between.join(self.parts)


def probe(language: str, name: str, written: str, text: str, elsewhere: str, *, between: str = " ") -> Probe:
    first, second, third = text.split(" | ")
    return Probe(language, name, written, (first, second, third), between, elsewhere)


PROBES = (
    probe(
        "English",
        "Lowe's",
        "Lowes",
        "Many shops sell tools. | Lowes' prices are low. | Others deliver faster.",
        "The fees are lower there.",
    ),
    probe(
        "German",
        "Deutsche Nordbank",
        "Deutschen Nordbank",
        "Die Gebühren sind nicht hoch. | Bei der Deutschen Nordbank ist das Konto günstig. | Es gibt auch andere.",
        "Die Bank im Norden ist deutsch.",
    ),
    probe(
        "French",
        "Unica",
        "Unica",
        "Il existe plusieurs banques. | Les frais d'Unica sont bas. | Les autres sont plus chères.",
        "C'est une communication unique.",
    ),
    probe(
        "Spanish",
        "Banco Águila",
        "banco aguila",
        "¿Cuál es el mejor? | El banco aguila cobra poco. | ¡Los otros cobran más!",
        "El banco de las águilas es alto.",
    ),
    probe(
        "Italian",
        "Aurora",
        "Aurora",
        "Ci sono molte offerte. | Il conto dell'Aurora costa poco. | Altri costano di più.",
        "Gli aurorali sono rari.",
    ),
    probe(
        "Portuguese",
        "Pão Dourado",
        "Pão Dourado",
        "Há muitas padarias. | O Pão Dourado é barato. | As outras são caras.",
        "O pão é dourado.",
    ),
    probe(
        "Dutch",
        "Noordzee",
        "Noordzees",
        "Er zijn veel banken. | Noordzees kosten zijn niet hoog. | Een andere is duurder.",
        "Een noordzeevis is lekker.",
    ),
    probe(
        "Swedish",
        "Norrsken",
        "Norrskens",
        "Det finns många banker. | Norrskens avgifter är inte höga. | En annan är dyrare.",
        "Det är ett norrskenståg.",
    ),
    probe(
        "Finnish",
        "Pohjola",
        "Pohjolan",
        "Pankkeja on monta. | Pohjolan maksut ovat pieniä, ja se on tunnettu. | Muut ovat kalliita.",
        "Se on pohjoinen pankki.",
    ),
    probe(
        "Polish",
        "Gwiazda",
        "Gwieździe",
        "Jest wiele banków. | Opłaty w Gwiazdy oddziale nie są wysokie. | Inne są droższe.",
        "To jest gwiazdor.",
    )._replace(written="Gwiazdy"),
    probe(
        "Czech",
        "Koruna",
        "Koruny",
        "Bank je mnoho. | Poplatky Koruny se nezvyšují, ale jsou nízké. | Jiné jsou dražší.",
        "To je korunovace.",
    ),
    probe(
        "Hungarian",
        "Duna Bank",
        "Duna Banknál",
        "Sok bank van. | A Duna Banknál a díj nem magas, és jó. | Egy másik drágább.",
        "A dunai bankok drágák.",
    ),
    probe(
        "Turkish",
        "Yıldız",
        "Yıldız'ın",
        "Birçok banka var. | Yıldız'ın ücreti çok düşük. | Bir başkası daha pahalı.",
        "Gökyüzü yıldızlarla dolu ve bu çok güzel.",
    ),
    probe(
        "Russian",
        "Заря",
        "Заре",
        "Банков много. | В Заре комиссия низкая. | Другие дороже.",
        "Зарядка стоит дорого.",
    ),
    probe(
        "Ukrainian",
        "Зоря",
        "Зорі",
        "Банків багато. | Комісія Зорі низька. | Інші дорожчі.",
        "Зоряний банк є дорогим.",
    ),
    probe(
        "Greek",
        "Ήλιος",
        "Ήλιο",
        "Υπάρχουν πολλές τράπεζες. | Στην Ήλιο οι χρεώσεις είναι χαμηλές. | Ποια άλλη είναι ακριβή;",
        "Το ηλιοβασίλεμα είναι ωραίο.",
    ),
    probe(
        "Arabic",
        "نجمة",
        "ونجمة",
        "هناك بنوك كثيرة. | ونجمة رسومها منخفضة. | هل الباقي أغلى؟",
        "هذه نجمات بعيدة.",
    ),
    probe(
        "Hebrew",
        "כוכב",
        "בכוכב",
        "יש בנקים רבים. | בכוכב העמלות נמוכות. | אחרים יקרים יותר.",
        "אלה כוכביות קטנות.",
    ),
    probe(
        "Hindi",
        "तारा बैंक",
        "तारा बैंक",
        "कई बैंक हैं। | तारा बैंक सस्ता है। | दूसरे महँगे हैं।",
        "तीर और बैंक अलग हैं।",
    ),
    probe(
        "Thai",
        "ธนาคารดาว",
        "ธนาคารดาว",
        "มีหลายธนาคาร | แนะนำธนาคารดาวเพราะดี | ที่อื่นแพงกว่า",
        "ธนาคารเดือนแพง",
        between="\n",
    ),
    probe(
        "Chinese",
        "星河银行",
        "星河银行",
        "银行很多。 | 推荐星河银行，费用低。 | 其他的更贵。",
        "星河很美，银行很多。",
        between="",
    ),
    probe(
        "Japanese",
        "ホシカワ",
        "ホシカワ",
        "銀行は多い。 | ホシカワは安い。 | 他は高い。",
        "ホシカワラは高い。",
        between="",
    ),
    probe(
        "Korean",
        "별 은행",
        "별은행은",
        "은행이 많습니다. | 별은행은 수수료가 낮습니다. | 다른 곳은 비쌉니다.",
        "은행나무가 많습니다.",
    ),
    probe(
        "Vietnamese",
        "Ngân hàng Sao",
        "ngân hàng Sao",
        "Có nhiều ngân hàng. | Phí của ngân hàng Sao thấp. | Nơi khác đắt hơn.",
        "Ngân hàng nào cũng có sao kê.",
    ),
)


def places(text: str, name: str) -> list[str]:
    return [text[start:end] for start, end in words.namings(words.text(text), name)]


def read(one: Probe) -> Reading:
    """As if a model confirmed every occurrence."""
    org = Watched(name=one.name, variations=(one.name,), websites=(), competitors=())
    return checked(one.text, org, confirmed(one.text, org))


def found(one: Probe) -> bool:
    return places(one.text, one.name) == [one.written]


def not_elsewhere(one: Probe) -> bool:
    return places(one.elsewhere, one.name) == []


def divided(one: Probe) -> bool:
    return tuple(one.text[start:end] for start, end in sentences.sentences(one.text)) == one.parts


def quoted(one: Probe) -> bool:
    return read(one).mention_text == one.parts[1]


def shared(one: Probe) -> bool:
    return read(one).share_of_text == round(len(one.parts[1]) / sum(map(len, one.parts)), 4)


CHECKS = (found, not_elsewhere, divided, quoted, shared)


def page() -> str:
    return HEAD + "".join(rows())


def rows() -> Iterator[str]:
    for one in PROBES:
        said = " | ".join("yes" if check(one) else "no" for check in CHECKS)
        yield f"| {one.language} | {one.name} | {one.written} | {one.elsewhere} | {said} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
