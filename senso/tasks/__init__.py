"""The stages as thin Celery tasks: load, claim, call, save, hand on. Only this package knows Celery."""
