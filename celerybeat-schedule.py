"""The timetable: the one file an operator edits. Beat only ticks; what is due is decided by rows in Postgres.

`schedule` is in seconds. `expires` keeps ticks from piling up for hours while no worker is there; it must stay above
the difference between the clocks of the machines, or a worker finds every tick expired.
"""

from senso.tasks.app import app

LIFE = 900

app.conf.beat_schedule = {
    # Queued batches start while fewer than MAX_RUNNING_BATCHES run.
    "admit": {"task": "senso.tick.admit", "schedule": 2, "options": {"expires": LIFE}},
    # Jobs at vendors that are due for a look.
    "poll": {"task": "senso.tick.poll", "schedule": 1, "options": {"expires": LIFE}},
    # Runs whose time for another try has come.
    "due": {"task": "senso.tick.due", "schedule": 2, "options": {"expires": LIFE}},
    # Messages that were intended and not yet sent; pushes to try again.
    "relay": {"task": "senso.tick.relay", "schedule": 2, "options": {"expires": LIFE}},
    # Work of processes that died.
    "reap": {"task": "senso.tick.reap", "schedule": 5, "options": {"expires": LIFE}},
    # Whatever a crash left behind.
    "sweep": {"task": "senso.tick.sweep", "schedule": 60, "options": {"expires": LIFE}},
    # Daily from 02:00 UTC: every active org created on this weekday. Looked at each minute, so that a beat that was
    # down at two catches up; each org is opened once for its day.
    "due orgs": {"task": "senso.tick.due_orgs", "schedule": 60, "kwargs": {"hour": 2}, "options": {"expires": LIFE}},
}
