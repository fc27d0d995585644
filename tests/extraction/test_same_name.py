"""Two spellings of one competitor share a key; two competitors do not."""

import re

import pytest

from senso.extraction.same_name import keys, merged

# One of each country whose legal forms are known, beside the bare name.
FORMS = """
    Globex, Inc. | Globex LLC | Globex Ltd | Globex plc | Globex GmbH | Globex AG | Globex GmbH & Co. KG | Globex S.A.
    Globex SAS | Globex S.A. de C.V. | Globex S.p.A. | Globex Lda | Globex Ltda | Globex B.V. | Globex AB | Globex ASA
    Globex A/S | Globex ApS | Globex Oy | Globex Abp | Globex Sp. z o.o. | Globex s.r.o. | Globex spol. s r.o.
    Globex Kft
    Globex A.Ş. | Globex Ltd. Şti. | ООО Globex | ООО «Globex» | Globex d.o.o. | Globex OÜ | Globex UAB | UAB Globex
    Globex K.K. | Globex Co., Ltd. | (주)Globex | Globex Pvt. Ltd. | Globex Pte Ltd | Globex Sdn Bhd | PT Globex Tbk
    Globex Pty Ltd | Globex ehf. | Globex FZE | Globex Limited Liability Company | Globex Public Limited Company
    Globex Aktiengesellschaft | Globex SE & Co. KGaA | Globex Société Anonyme | Globex S.à r.l. | Globex & Cie
    Globex S.A.P.I. de C.V. | Globex Società per azioni | Globex y Cía. | Globex Aktiebolag | Globex Osakeyhtiö
    Globex Naamloze Vennootschap | Globex BVBA | Globex Spółka z o.o. | SIA Globex | (株)Globex | ㈱Globex | ТзОВ Globex
    Công ty Cổ phần Globex | Công ty TNHH Globex | บริษัท Globex จำกัด (มหาชน) | شركة Globex | Globex ذ.م.م
    Globex प्राइवेट लिमिटेड | Globex प्रा. लि. | Globex Limitada | Globex Tmi | Globex S.K.A. | Globex Kht | Globex Y.K.
    Globex San. ve Tic. A.Ş. | Globex Sanayi ve Ticaret A.Ş. | Globex K.S.C. | Globex SAOG | Globex LLC-FZ | CTCP Globex
    شرکت Globex | ИП Globex | ЕООД Globex | Globex Genossenschaft
"""


@pytest.mark.parametrize("name", re.split(r"\s*[|\n]\s*", FORMS.strip()))
def test_a_legal_form_makes_no_other_competitor(name):
    assert "globex" in keys(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Initech.com", "Initech"),
        ("www.initech.co.uk", "INITECH"),
        ("JP Morgan", "JPMorgan"),
        ("J.P. Morgan & Co.", "JPMorgan"),
        ("Globex-Bank", "GLOBEX  BANK"),
        ("The Gap", "Gap"),
        ("Macy's", "Macy\u2019s"),
        ("Black & Dale", "Black and Dale"),
        ("L\u2019Oréal", "L'Oreal"),
        ("Häagen-Dazs", "Haagen Dazs"),
        ("Globex™", "Globex®"),
        ("Navy Federal (NFCU)", "Navy Federal"),
        ("株式会社カモメ", "カモメ"),
        ("ООО «Ромашка»", "Ромашка"),
        ("Müller", "Mueller"),
        ("Müller", "Muller"),
        ("Ørnstad", "Oernstad"),
        ("Ålund", "Aalund"),
        ("Black + Dale", "Black & Dale"),
        ("Bank of Larchland (BofL)", "Bank of Larchland"),
        ("บริษัท ดาวทอง จำกัด", "ดาวทอง"),
        ("Globex & Co. KG", "Globex"),
    ],
)
def test_spellings_of_one_name_share_a_key(one, other):
    assert set(keys(one)) & set(keys(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Globex", "Globex Bank"),
        ("Globex+", "Globex"),
        ("Globex+ Inc.", "Globex"),
        ("株探", "探"),
        ("acme.wordpress.com", "WordPress"),
        ("Umbra", "Umbro"),
        ("Ally", "Alliant"),
        ("Summit Credit Union", "Summit"),
        ("Apple (Music)", "Apple"),
        ("AG", "SE"),
    ],
)
def test_other_names_share_no_key(one, other):
    assert not set(keys(one)) & set(keys(other))


def test_the_first_name_stands_for_its_other_spellings():
    standing = merged(["Globex GmbH", "Globex", "Initech"], {})

    assert [standing[keys(name)[0]] for name in ("Globex", "Globex AG", "Initech")] == [
        "Globex GmbH",
        "Globex GmbH",
        "Initech",
    ]


def test_what_is_known_stands_for_all():
    standing = merged(["GLOBEX", "globex.com"], {"globex": "Globex"})

    assert standing == {"globex": "Globex"}


def test_an_umlaut_joins_two_spellings():
    standing = merged(["Mueller", "Muller", "Müller"], {})

    assert standing == {"muller": "Müller", "mueller": "Müller"}
