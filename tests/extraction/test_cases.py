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
    ],
)
def test_sentences_end_where_they_end(answer, count):
    assert len(sentences(answer)) == count
