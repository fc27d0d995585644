"""Which task goes to which queue, and which kind of worker listens to it."""

# A queue each stage, so that one slow stage does not stand in front of the others. Scoring and charging are one
# transaction and so one task. No priorities: Redis emulates them with four lists, and they can starve.
CALL_QUEUES = ("matrix", "ask", "extract")
CONTROL_QUEUES = ("control", "score", "push")
ALL_QUEUES = (*CALL_QUEUES, *CONTROL_QUEUES)
# How long a delivered message may stay unacknowledged before another worker gets it: above the longest task (two
# calls of 90 s), or work is done twice. It is the third net; leases and heartbeats are quicker.
VISIBILITY_SECONDS = 900
# Runs in a message. Twice as many would save a twentieth of a run's CPU more, and a chord counts a member when its
# slowest run has ended.
RUNS_PER_MESSAGE = 10
ROUTES = {
    "senso.open_batch": "matrix",
    "senso.find_names": "matrix",
    "senso.ask_batch": "ask",
    "senso.read": "ask",
    "senso.submit_snapshot": "ask",
    "senso.cancel_snapshots": "ask",
    "senso.extract": "extract",
    "senso.finish_batch": "score",
    "senso.push": "push",
    "senso.tick.*": "control",
}
