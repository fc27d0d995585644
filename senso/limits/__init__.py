"""Limits of models and breakers, shared by all processes through Redis: see docs/decisions/0017. No Celery, no SQL."""
