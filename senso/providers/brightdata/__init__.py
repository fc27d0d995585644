"""BrightData: asks the consumer pages of AI assistants. A job (snapshot) collects the answers to many questions.

client      submits jobs, polls and collects them, finds them again
data_sets   the engines: the one place to add another
records     from the records of a job to answers

Sources for the protocol: docs.brightdata.com (data sets API v3, error codes); three saved records of the ChatGPT data
set, records of others as third parties describe them.
"""

from senso.providers.brightdata.client import BrightData, fingerprint
from senso.providers.brightdata.data_sets import DATA_SETS, FIELDS, SERVICE, DataSet, entry, has_data_set
from senso.providers.brightdata.records import answers, sources

__all__ = [
    "DATA_SETS",
    "FIELDS",
    "SERVICE",
    "BrightData",
    "DataSet",
    "answers",
    "entry",
    "fingerprint",
    "has_data_set",
    "sources",
]
