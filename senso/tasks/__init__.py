"""The Celery app and its tasks, each a few lines: what it does is in `senso.workflows`."""
