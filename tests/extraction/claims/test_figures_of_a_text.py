"""Amounts, percents, years and phone numbers, whatever language they are written in."""

import pytest

from senso.extraction.claims.figures import are_same, figures


def found(text):
    return [(one.value, one.unit) for one in figures(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4.9 % APR", [("4.9", "%")]),
        ("6.750% APR, up 1,250 % or 1.500,5 %", [("6.75", "%"), ("1250", "%"), ("1500.5", "%")]),
        ("4,90 € im Monat", [("4.9", "EUR")]),
        ("$1,500 and 12 dollars", [("1500", "USD"), ("12", "USD")]),
        ("\\$649.93", [("649.93", "USD")]),
        ("R$ 79, EUR5", [("79", "BRL"), ("5", "EUR")]),
        ("1 200 000 złotych", [("1200000", "PLN")]),
        ("1,2 mln zł", [("1200000", "PLN")]),
        ("€2 million", [("2000000", "EUR")]),
        ("800.000 €", [("800000", "EUR")]),
        ("0,8 millones", [("800000", None)]),
        ("₹1,00,000", [("100000", "INR")]),
        ("CHF 1'250.50", [("1250.5", "CHF")]),
        ("1.234,5", [("1234.5", None)]),
        ("1,234.5", [("1234.5", None)]),
        ("%5 faiz, yüzde 7", [("5", "%"), ("7", "%")]),
        ("17 % годовых, 16,5 процента", [("17", "%"), ("16.5", "%")]),
        ("月５回、3,000円", [("5", None), ("3000", "JPY")]),
        ("5만 원", [("50000", "KRW")]),
        ("العائد ٤ في المئة", [("4", "%")]),
        ("ब्याज ७ प्रतिशत", [("7", "%")]),
        ("ดอกเบี้ย1.8%", [("1.8", "%")]),
        ("since 1998, 2019-2024", [("1998", None), ("2019", None), ("2024", None)]),
        ("12.05.2024", [("12", None), ("5", None), ("2024", None)]),
        ("call +1 (614) 555-0100", [("16145550100", "phone")]),
        ("Tel. 030/123 45 67", [("0301234567", "phone")]),
        ("APR 6.99–24.99 %, 1.000–25.000 Kunden", [("6.99", None), ("24.99", "%"), ("1000", None), ("25000", None)]),
        ("$1 000 - 50 000", [("1000", "USD"), ("50000", None)]),
        ("$5 an hour, $12 a month", [("5", "USD"), ("12", "USD")]),
        ("3¾ %", [("3.75", "%")]),
        ("9 am to 5 p.m., 9:30–17:00", [("9", None), ("17", None), ("30", None)]),
        ("two million, twenty-five, one hundred", [("2000000", None), ("25", None)]),
        ("treinta y dos, quatre-vingt-cinq, двадцать пять", [("32", None), ("85", None), ("25", None)]),
        ("five branches, zwölf Filialen", [("5", None), ("12", None)]),
        ("Studio54, IP68, A515", []),
        ("nothing", []),
    ],
)
def test_the_figures_of_a_text(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("4.90 %", "4,9 percent", True),
        ("USD 12", "$12.00", True),
        ("12 dollars", "12 a month", True),
        ("12 dollars", "12 %", False),
        ("+49 30 1234567", "030 1234567", True),
        ("614-555-0100", "(614) 555-0101", False),
        ("249 thousand", "$249,000", True),
        ("5 branches", "five branches", True),
        ("99 cents", "$0.99", True),
        ("60 months", "5 years", True),
        ("5 months", "5 years", False),
        ("open until 5 pm", "bis 17 Uhr", True),
    ],
)
def test_the_same_figure_in_another_spelling(one, other, same):
    assert are_same(figures(one)[0], figures(other)[0]) is same
    assert are_same(figures(other)[0], figures(one)[0]) is same
