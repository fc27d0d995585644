"""Words and signs of units, of scales and of small numbers, in languages that are written often."""

import re
from decimal import Decimal
from typing import Final

SPACE: Final = r"[ \u00a0\u202f\t\\*_-]{0,3}"
OF_UNITS: Final = {
    "%": "% percent prozent pct procent procents procento procentų prosenttia százalék pourcent pourcents porcento "
    "percento yüzde процент процента процентов процентах проценти відсоток відсотка відсотків 퍼센트 프로 パーセント "
    "प्रतिशत फीसदी เปอร์เซ็นต์ अंश τοις phần_trăm אחוז אחוזים بالمئة بالمائة per_cent pour_cent por_ciento por_cento "
    "per_cento في_المئة في_المائة τοις_εκατό",
    "USD": "$ us$ usd dollar dollars dollari dólares dólar доллар доллара долларов 美元 ドル 달러 دولار",
    "EUR": "€ eur euro euros euroa евро євро ευρώ 欧元 ユーロ 유로 يورو",
    "GBP": "£ gbp pound pounds sterling",
    "JPY": "¥ ￥ jpy yen 円 日圆",
    "CNY": "cny rmb 元 块 人民币 yuan",
    "TWD": "nt$ twd ntd 新台幣",
    "KRW": "₩ krw won 원",
    "INR": "₹ inr rs rupees rupee रुपये रुपए रुपया",
    "RUB": "₽ rub руб рубль рубля рублей",
    "UAH": "₴ uah грн гривень гривні",
    "PLN": "zł pln złotych złote złoty",
    "CZK": "kč czk korun koruny",
    "HUF": "ft huf forint",
    "TRY": "₺ tl try lira",
    "BRL": "r$ brl reais real",
    "CHF": "chf franken francs_suisses",
    "SEK": "sek kr kronor kroner kruunua",
    "ILS": '₪ ils ש"ח שקל שקלים',
    "SAR": "sar ريال ريالاً ريالا",
    "JOD": "jod دينار دنانير بدينار بدينارين",
    "THB": "฿ thb บาท baht",
    "VND": "₫ vnd đ đồng",
    "year": "year years yr yrs jahr jahre jahren ans année années año años anno anni ano anos jaar jaren lat lata roky "
    "let yıl год года лет рік роки років år vuotta vuoden év évig 년 ปี năm سنوات سنة שנים שנה साल वर्ष",
    "month": "month months monat monate monaten mois mes meses mese mesi mês maand maanden miesiąc miesiące miesięcy "
    "měsíc měsíce měsíců ay месяц месяца месяцев "
    "місяць місяці місяців månad månader kuukautta hónap 个月 個月 か月 ヶ月 ヵ月 "
    "개월 เดือน tháng أشهر شهر חודש חודשים महीने",
}
OF_SCALES: Final[dict[Decimal | int, str]] = {
    Decimal(
        "0.01"
    ): "cent cents ¢ ct céntimo céntimos centimes centime centesimi centavos cêntimos eurocent eurocents grosz groszy "
    "grosze haléřů копеек копейки копійок pence öre",
    1_000: "k thousand thousands tausend mille mil mila duizend tys тыс тысяч тысячи тисяч tis tisíc bin ezer 千 천 พัน "
    "nghìn ngàn ألف آلاف אלף אלפים हज़ार हजार χιλιάδες tuhat tuhatta tusen",
    10_000: "万 萬 만 หมื่น",
    100_000: "lakh lakhs लाख แสน",
    1_000_000: "m mn mio million millions millionen millones millón milhão milhões milioni milione miljoen mln млн "
    "миллион миллиона миллионов мільйон мільйонів milionu milionů milyon millió triệu مليون מיליון ล้าน "
    "εκατομμύρια εκατ miljoonaa miljoner",
    10_000_000: "crore crores करोड़",
    100_000_000: "億 亿 억",
    1_000_000_000: "bn b billion billions mrd mia milliarde milliarden milliard milliards mld млрд миллиард миллиардов "
    "miliardi miliardo miljard milyar tỷ مليار מיליארד δισεκατομμύρια δισ",
}
# From two on: the words for one are articles in most languages.
SMALL: Final = (
    "two zwei deux dos dois duas due twee dwa dwie dva dvě iki два две дві kaksi két kettő två",
    "three drei trois tres três tre drie trzy tři üç три kolme három",
    "four vier quatre cuatro quatro quattro cztery čtyři dört четыре чотири neljä négy fyra",
    "five fünf cinq cinco cinque vijf pięć pět beş пять п'ять viisi öt fem",
    "six sechs seis sei zes sześć šest altı шесть шість kuusi hat sex",
    "seven sieben sept siete sete sette zeven siedem sedm yedi семь сім seitsemän hét sju",
    "eight acht huit ocho oito otto osiem osm sekiz восемь вісім kahdeksan nyolc åtta",
    "nine neun neuf nueve nove negen dziewięć devět dokuz девять дев'ять yhdeksän kilenc nio",
    "ten zehn dix diez dez dieci tien dziesięć deset десять kymmenen tíz tio",
    "eleven elf onze once undici jedenaście jedenáct onbir одиннадцать",
    "twelve zwölf douze doce doze dodici twaalf dwanaście dvanáct oniki двенадцать",
)
# Words for small numbers that are more often something else: "sei gut", "on the hill", "a hat".
DOUBTFUL: Final = frozenset(("sei", "sex", "hat", "once", "dos"))


class Table:
    """Finds which of its words stands behind a number, the longest first."""

    def __init__(self, words: dict[str, str] | dict[Decimal | int, str]) -> None:
        self.values = {word.replace("_", " "): value for value, some in words.items() for word in some.split()}
        longest = sorted(self.values, key=len, reverse=True)
        listed = "|".join(re.escape(word) for word in longest)
        self.pattern = re.compile(rf"{SPACE}({listed})(?P<end>(?![^\W\d_])|(?<=[^\x00-\u2e7f]))", re.IGNORECASE)
        self.before = re.compile(rf"(?:^|(?<=[\W\d_]))({listed})$", re.IGNORECASE)

    def match(self, text: str, place: int) -> re.Match[str] | None:
        return self.pattern.match(text, place)

    def value(self, found: re.Match[str]) -> str:
        return str(self.values[found[1].casefold()])

    def ending(self, text: str) -> str | None:
        found = self.before.search(text)
        return self.value(found) if found else None


UNITS: Final = Table(OF_UNITS)
SCALES: Final = Table(OF_SCALES)
NUMBERS: Final = {
    word: value for value, words in enumerate(SMALL, start=2) for word in words.split() if word not in DOUBTFUL
}
