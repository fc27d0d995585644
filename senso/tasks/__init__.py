"""The Celery app and its tasks of a few lines each; the work is done in `senso.workflows`."""
