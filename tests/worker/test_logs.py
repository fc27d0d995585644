"""A message that goes back to its queue is a line in the log; an error keeps its traceback."""

import logging

import pytest
from celery.exceptions import Reject

from senso.worker.logs import WithoutTraceback


def logged(error: Exception) -> logging.LogRecord:
    raised = type(error), error, error.__traceback__
    record = logging.LogRecord("celery.app.trace", logging.WARNING, __file__, 1, "said", None, raised)
    assert WithoutTraceback().filter(record) is True
    return record


def test_a_message_that_is_given_back_has_no_traceback():
    assert logged(Reject("this worker stops", requeue=True)).exc_info is None


@pytest.mark.parametrize("error", [ValueError("a mistake"), RuntimeError()])
def test_an_error_keeps_its_traceback(error):
    assert logged(error).exc_info[1] is error
