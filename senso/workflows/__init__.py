"""What each stage does with its rows: load, claim, call, save, hand on. Nothing here imports Celery."""
