"""Names and sentences that readers of other languages and forms reported, with others of their kind."""

import pytest

from senso.extraction.sentences import sentences
from senso.extraction.words import namings, text


def named(answer, name):
    return [answer[start:end] for start, end in namings(text(answer), name)]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("星河银行", "推荐星河银行，费用低。"),
        ("星河银行", "推荐「星河银行」。"),
        ("ホシカワ", "ホシカワは安い。"),
        ("ホシカワ", "安いホシカワ銀行"),
        ("Hoshi", "東京ではHoshiが人気。"),
        ("ธนาคารดาว", "แนะนำธนาคารดาวเพราะดี"),
        ("Unica", "Les frais d'Unica sont bas."),
        ("Unica", "Qu’Unica soit chère"),
        ("Yıldız", "Yıldız'ın ücreti düşük."),
        ("Acme", "Acme'll"),
        ("Acme", "Acme\u2019s and theirs"),
        ("Larch & Hill", "**Larch &amp; Hill** is best"),
        ("Larch & Hill", "Larch &#38; Hill"),
        ("Acme Bank", "Acme<br>Bank"),
        ("Acme Bank", "<b>Acme</b>&nbsp;Bank"),
        ("Larch Hill Bank", "Larch\u200bHill Bank"),
        ("Larch Hill Bank", "Larch\u00adHill Bank".replace("\u00ad", "\u2060 ")),
        ("L.H. Corwin Bank", "L. H. Corwin Bank is good"),
        ("L.H. Corwin Bank", "LH Corwin Bank"),
        ("J.Crane", "J. Crane has"),
        ("Larch County Teachers Credit Union", "Larch County Teachers' Credit Union"),
        ("De'Lorio", "De Lorio"),
        ("Black+Dale", "Black & Dale"),
        ("Black+Dale", "Black and Dale"),
        ("Acme", "$99.95Acme Air"),
        ("Larch Hill", "I like Larch Hill\ue200cite\ue202turn0search1\ue201"),
        ("Larch Hill", "I like Larch Hill【4†source】"),
        ("Acme Bank", "<strong>Acme</strong> <strong>Bank</strong>"),
        ("Acme", "<mark>A</mark>cme"),
        ("Acme Bank", "Acme\u2060Bank"),
        ("Acme", "Ac\u2060me"),
        ("Müller", "bei Mueller"),
        ("Crédit Nord", "Credit Nord"),
    ],
)
def test_a_name_is_found(name, answer):
    assert len(named(answer, name)) == 1


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("パンダ", "ハンダ は 電子工作 で 使います。"),
        ("भारत", "भारतीय बैंक कई हैं।"),
        ("तारा", "तीर चलाओ"),
        ("Край", "Краи"),
        ("e.m.f.", "an emf meter"),
        ("Acme", "see https://x.example/acme-review"),
        ("Acme", "write to mail@acme.example"),
        ("Acme", "www.shop.example/acme/offers"),
        ("Acme", "![acme](https://x.example/y.jpg)"),
        ("Acme", "It is cheap. ([Acme](https://acme.example/p))"),
        ("Brien", "O'Brien"),
        ("Acme", "[x](https://x.example 'Acme')"),
        ("Acme", "x.example?q=acme"),
        ("Acme", "x.example:8080/acme"),
        ("Acme", "Sources:\n1. [Acme](https://acme.example)\n2. [x](https://x.example)"),
        ("Acme", "## References\n\n- Acme: https://acme.example/x"),
        ("Acme", "[1] Acme, https://acme.example/x"),
        ("ホシ", "ホシカワは安い。"),
        ("별", "별은행은 좋다"),
    ],
)
def test_something_else_is_not_found(name, answer):
    assert named(answer, name) == []


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        ("तारा अच्छा है। चाँद बुरा है।", 2),
        ("هل هو جيد؟ نعم.", 2),
        ("Acme is cheap.\u00a0Globex is slow.", 2),
        ("Acme is cheap.Globex is slow.", 2),
        ("Acme is cheap. adidas is slow.", 2),
        ("Acme left the U.S. Globex stayed.", 2),
        ("The U.S. Bank is large.", 1),
        ("### 1\\. **Acme Bank**", 1),
        ("Am 3. Mai kam Acme.", 1),
        ("Den 2. maj kom Acme.", 1),
        ("Ποια είναι; Η Ακμή.", 1),
        ("Ποια είναι\u037e Η Ακμή.", 2),
        ("它好吗？很好！", 2),
        ("Acme v. Globex is known.", 1),
        ("It has 3.5 stars. Good.", 2),
        ("Acme is cheap.\u2003Globex is slow.", 2),
        ("Acme is cheap.\u200b Globex is slow.", 2),
        ("Acme is cheap.&nbsp;Globex is slow.", 2),
        ("Acme is cheap.<br>Globex is slow.", 2),
        ("<p>Acme is cheap.</p><p>Globex is slow.</p>", 2),
        ("<b>Acme is cheap.</b> Globex is slow.", 2),
        ("Acme is cheap.\u00b9 Globex is slow.", 2),
        ("Acme is cheap.[^1] Globex is slow.", 2),
        ("Acme is cheap.[[1]](https://x.example/a) Globex is slow.", 2),
        ("Acme... is cheap. Globex is slow.", 2),
        ("I chose option B. Globex is bad.", 2),
        ("It is from Washington, D.C. Globex is not.", 2),
        ("It was 5 p.m. Globex was closed.", 2),
        ("It was 5 p.m. EST in May. Globex was closed.", 2),
        ("Acme, Globex, etc. They are good.", 2),
        ("Acme, Globex, etc. are good.", 1),
        ("Acme Pvt. Ltd. is good.", 1),
        ("Acme Bros. is good.", 1),
        ("On Jan. 3 Acme came.", 1),
        ("It weighs 5 kg. Globex is heavy.", 2),
        ("Booking.Com is good.", 1),
        ("**#1. Acme** is good.", 1),
        ("\U0001f947 1. Acme", 1),
        ("1\ufe0f\u20e3. Acme", 1),
        ("(1. Acme)", 1),
        ("1.1. Acme is good.", 1),
        ("IV. Acme is good.", 1),
        ("| 1. | Acme is good. | It is new. |", 1),
        ("| Acme is good. |\n| Globex is bad. |", 2),
        ("Friedrich II. war K\u00f6nig.", 1),
        ("Am Mo., 3. Mai kam Acme.", 1),
        ("Kosten: 3 Mio. Euro im Jahr.", 1),
        ("Az 1. helyen az Acme \u00e1ll.", 1),
        ("2020. m\u00e1jus 3. napj\u00e1n j\u00f6tt az Acme.", 1),
        ("Acme Kft. j\u00f3.", 1),
        ("Dana 3. svibnja do\u0161ao je Acme.", 1),
        ("npr. Acme je dobar.", 1),
        ("nap\u0159. Acme je dobr\u00e1.", 1),
        ("esim. Acme on hyv\u00e4.", 1),
        ("bijv. Acme is goed.", 1),
        ("f.eks. Acme er god.", 1),
        ("En EE.UU. hay Acme.", 1),
        ("A Acme Ltda. \u00e9 boa.", 1),
        ("\u0438 \u0442. \u0434. Банк хорош.", 2),
        ("Это 100 руб. Другой дороже.", 2),
        ("Это 5 тыс. руб. в год.", 1),
        ("「安い。」と言った。高い。", 2),
        ("“好！”他说。我不信。", 2),
        ("好?是的!对。", 3),
        ("Acmeは安い．次は３．５です．", 2),
        ("ཡག་པོ་འདུག། སྡུག་པོ་འདུག།", 2),
    ],
)
def test_sentences_end_where_they_end(answer, count):
    assert len(sentences(answer)) == count
