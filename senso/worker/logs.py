"""What Celery logs of a worker that ends as intended: a line, and no traceback."""

import logging

from celery.exceptions import Reject


class WithoutTraceback(logging.Filter):
    """Of a message that is given back to its queue, because this worker stops, Celery logs where it was raised."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], Reject):
            record.exc_info = record.exc_text = None
        return True


def is_not_soft_shutdown_line(record: logging.LogRecord) -> bool:
    """Drops each worker's line about its soft shutdown: the program that stops the workers logs it once."""
    return not record.getMessage().startswith("Initiating Soft Shutdown")


def shorten() -> None:
    logging.getLogger("celery.app.trace").addFilter(WithoutTraceback())
    logging.getLogger("celery.worker").addFilter(is_not_soft_shutdown_line)
