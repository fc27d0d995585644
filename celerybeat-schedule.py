"""The beat schedule: the one file an operator edits. Beat only sends ticks; rows in Postgres decide what is due.

`schedule` is in seconds. `expires` keeps ticks from piling up for hours while no worker runs; it must stay above the
difference between the clocks of the machines, or every tick is expired when a worker receives it.
"""

from senso.tasks.app import app

LIFE = 900

app.conf.beat_schedule = {
    # Queued batches start while fewer than MAX_RUNNING_BATCHES run.
    "admit": {"task": "senso.tick.admit", "schedule": 2, "options": {"expires": LIFE}},
    # Polls vendor jobs that are due.
    "poll": {"task": "senso.tick.poll", "schedule": 1, "options": {"expires": LIFE}},
    # Sends runs whose retry is due.
    "due": {"task": "senso.tick.due", "schedule": 2, "options": {"expires": LIFE}},
    # Sends outbox messages that were not sent yet, and pushes to retry.
    "relay": {"task": "senso.tick.relay", "schedule": 2, "options": {"expires": LIFE}},
    # Takes back the work of dead processes.
    "reap": {"task": "senso.tick.reap", "schedule": 5, "options": {"expires": LIFE}},
    # Finds any work that a crash left unfinished.
    "sweep": {"task": "senso.tick.sweep", "schedule": 60, "options": {"expires": LIFE}},
    # Where PRUNE_AFTER is set: deletes answers of batches that ended so many days ago, for a few seconds each minute.
    "prune": {"task": "senso.tick.prune", "schedule": 60, "options": {"expires": LIFE}},
    # Adds what has ended to the totals that the metrics show.
    "count": {"task": "senso.tick.count", "schedule": 10, "options": {"expires": LIFE}},
    # Asks a model what kind of sites cited domains are that no table knows: at most one call for 50 domains each time.
    "classify": {"task": "senso.tick.classify", "schedule": 300, "options": {"expires": LIFE}},
    # Daily from 02:00 UTC: every active org created on this weekday. Runs each minute, so that a beat that was down at
    # 02:00 catches up; each org gets one batch for its day.
    "due orgs": {"task": "senso.tick.due_orgs", "schedule": 60, "kwargs": {"hour": 2}, "options": {"expires": LIFE}},
    # Daily from 04:00 UTC: compares the ledger with the work. Runs each five minutes, and does nothing once it is done.
    "reconcile": {"task": "senso.tick.reconcile", "schedule": 300, "kwargs": {"hour": 4}, "options": {"expires": LIFE}},
}
