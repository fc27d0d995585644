from enum import StrEnum


class Form(StrEnum):
    """The format of a report."""

    text = "text"
    json = "json"
    csv = "csv"
    html = "html"
