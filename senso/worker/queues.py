"""Which task goes to which queue, and which kind of worker listens to it."""

# One queue per stage, so that a slow stage does not block the others. Scoring and charging are one transaction and so
# one task. No priorities: Redis emulates them with four lists, and they can starve.
CALL_QUEUES = ("matrix", "ask", "extract")
CONTROL_QUEUES = ("control", "score", "push")
ALL_QUEUES = (*CALL_QUEUES, *CONTROL_QUEUES)
# The queues of each kind of worker.
KINDS = {"worker": CALL_QUEUES, "control": CONTROL_QUEUES}
# Visibility timeout: how long a delivered message may stay unacknowledged before another worker gets it. Longer than
# the longest task (two calls of 90 s), or work is done twice. The third safety net: leases and heartbeats are quicker.
VISIBILITY_SECONDS = 900
# Runs per message. Twice as many would save another 5 % of the CPU per run, but a chord counts a member only when its
# slowest run has ended.
RUNS_PER_MESSAGE = 10
# Runs whose answers came from a vendor's job: they are only read, so that such a message makes as many calls.
READINGS_PER_MESSAGE = 20
# Answers to a network's questions per message. Each is read for all orgs of the network: ten of them, for fifty orgs
# each, took 200 MB of a worker's memory.
SHARED_ANSWERS_PER_MESSAGE = 2
# Jobs per message. All are sent at the same moment, each from a thread of its own.
JOBS_PER_MESSAGE = 25
ROUTES = {
    "senso.open_batch": "matrix",
    "senso.find_names": "matrix",
    "senso.classify_domains": "matrix",
    "senso.ask_batch": "ask",
    "senso.read": "ask",
    "senso.submit_snapshot": "ask",
    "senso.read_by_job": "extract",
    "senso.cancel_snapshots": "ask",
    "senso.extract": "extract",
    "senso.gather": "control",
    "senso.open_members": "control",
    "senso.leave": "score",
    "senso.finish_batch": "score",
    "senso.finish_readers": "score",
    "senso.push": "push",
    "senso.alarm": "push",
    "senso.deliver": "push",
    "senso.tick.*": "control",
}
