"""What a second labeller is given, without the first labels: python tests/evaluation/sheet.py > sheet.jsonl"""

import json

from labelled import labelled_twice

ASKED = {"mentioned": None, "why": None, "sentiment": None, "rank": None}


def main() -> None:
    for label in sorted(labelled_twice(), key=lambda label: (label["answer"], label["brand"])):
        given = {field: label[field] for field in ("answer", "brand", "aliases", "websites")}
        print(json.dumps(given | ASKED, ensure_ascii=False))


if __name__ == "__main__":
    main()
