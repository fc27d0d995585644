from enum import StrEnum


class Form(StrEnum):
    """In which a report is printed."""

    text = "text"
    json = "json"
    csv = "csv"
    html = "html"
