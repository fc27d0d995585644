"""How work runs in a process, without Celery: call slots, batched saves, heartbeat, progress, garbage collection."""
