"""How work runs in a process, without Celery: event loop, call slots, batched saves, heartbeat, progress."""
