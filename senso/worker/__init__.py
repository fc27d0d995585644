"""Celery's side of a worker: its settings, queues, transport, events, result backend, start and shutdown."""
