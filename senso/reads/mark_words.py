"""Why something of a reading was dropped, corrected or not counted, in words."""

MARKS = {
    "missed-by-rule": "not counted: the model found it here under a name that is not known as one of its names",
    "everyday-word": "not counted: its name stands there, and the model takes it for an everyday word",
    "other-entity": "not counted: its name stands there, and the model says that it means another",
    "source": "not counted: its name stands there only as a source",
    "nothing-known": "not counted: the answer only says that nothing is known of it, or repeats the question",
    "instruction": "not counted: its name stands there in an order to a program",
    "no-such-place": "dropped: the model judged a place that the answer does not have",
    "place-not-judged": "counted, although the model gave no verdict: there its name can be nothing else",
    "common-word-not-judged": "not counted: there its name may be a common word, and the model gave no verdict",
    "not-mentioned": "dropped: it was said of an org that is not mentioned",
    "quote-not-in-answer": "dropped: this quote does not stand in the answer",
    "not-about-the-org": "dropped: this sentence of the answer is not about it",
    "addressed-to-a-program": "not read: this part addresses the program that reads the answer",
    "rank-out-of-range": "dropped: there are not so many organisations in the answer",
    "not-a-name": "dropped: this is not a name",
    "competitor-not-in-answer": "dropped: this name does not stand in the answer",
    "sentence-not-in-answer": "dropped: its sentence does not stand in the answer",
    "no-such-fact": "taken for not covered: the org has no fact with the number that the model gave",
    "figures-differ": "taken for not covered: the model said supported, but the fact has other figures",
    "figures-agree": "taken for not covered: the model said contradicted, but the fact has the same figures",
    "fallback-names": "not complete: the call for them had failed, so these alone were looked for",
    "read-by-rule": "decided by rule: none of its names stands in the answer, so no model was asked about it",
    "sampled-beside-rule": "checked: none of its names stands in the answer, and a model was asked nevertheless",
    "tracked-competitor-rejected": "not counted: the model says that its words mean something else there",
    "tracked-competitor-missed": "added: it stands in the answer, and the org asked to follow it",
    "tracked-competitor-unsure": "not added: it stands there, but perhaps as a word, and the model did not name it",
}

# Of answers that were read before each place of a name was judged.
FORMER_MARKS = {
    "no-literal-mention": "dropped: the model said it is mentioned, but none of its names stands in the answer",
    "model-rejected": "not taken for a mention: one of its names stands there, but the model says it means another",
    "recovered-by-rule": "corrected: the sentences that name it were taken from the answer in place of the quote",
    "occurrence-not-quoted": "not counted: its name stands there, but the model quoted other sentences as its mention",
    "common-word-not-quoted": "not counted: there its name may be a common word, and the model did not quote it",
    "not-quoted": "not taken for a mention: its name may be a common word, and the model quoted no sentence with it",
    "order-to-the-model": "not read: this part gives orders to the model that reads the answer",
    "own-name-as-competitor": "dropped: a name of the org itself is no competitor",
}


def why(kind: str) -> str:
    """`kind`: of a mark of an evaluation."""
    return (MARKS | FORMER_MARKS).get(kind, kind)
