"""What no check sees, and why it harms nobody: by table, column and what was done to it."""

HARMLESS = {
    "evaluations.sent_at null": "a reading that is ended or claimed is not looked for by when it was sent",
    "evaluations.state of another row": "cancelled and failed are both ends without a reading, and never charged",
    "llm_calls.batch_id of another row (namesfound": "of another batch of the same org at the same time: the names "
    "are the org's, and what they cost stays",
    "llm_calls.cost_microusd null (askfailed": "a record whose reason could not be stored has no known cost either",
    "llm_calls.job_id null": "calls of before it was kept name no job either, and nothing is decided by it",
    "llm_calls.job_id of another row (ask": "of another job of the same batch, model and place, which decides nothing",
    "llm_calls.latency_ms": "how long a call took stands in no other row, and nothing is decided by it",
    "llm_calls.outcome of another row (askfailed": "neither brought an answer, and what the job cost stays",
    "llm_calls.outcome of another row (askmalformed": "neither brought an answer, and what it cost stays",
    "llm_calls.outcome of another row": "a call under way reports back and writes its own outcome over it",
    "llm_calls.tokens_cached": "less than half a micro-dollar, to which a call's cost is rounded",
    "llm_calls.tokens_in": "less than half a micro-dollar, to which a call's cost is rounded",
    "llm_calls.started_at a day later (reread": "it has no batch whose days it must lie in, and its price was the same",
    "llm_calls.tokens_written null (reread": "none were written, so that nothing is missing from what it cost",
    "llm_calls.tokens_written of another row (reread": "none were written, and so nothing is missing from what it cost",
    "outbox.* deleted": "a trace of what was sent, pruned after three days; what was not sent is found by the sweep",
    "outbox.published_at null": "it is sent again, and a message that comes twice changes nothing",
    "partners.* duplicated": "a partner without orgs pays for nothing",
    "partners.available null": "a partner who is not metered and was granted credits by hand looks the same: its "
    "ledger goes on, and what it is charged does not change",
    "partners.created_at a day earlier": "when a partner was made decides nothing",
    "pushes.* deleted (failed": "of an earlier episode of a network, whose later one has told more",
    "pushes.created_at a day earlier (failed": "of an earlier episode of a network, whose later one has told more",
    "pushes.next_at a day earlier (failed": "of one that was given up: it is not tried again",
    "pushes.next_at a day later (failed": "of one that was given up: it is not tried again",
    "pushes.tries": "of one that was sent or given up: it is not tried again",
    "question_runs.failures - 1 (answered": "of one that was answered: it is not tried again",
    "question_runs.failures + 1 (answered": "of one that was answered: it is not tried again",
    "question_runs.failures of another row (answered": "of one that was answered: it is not tried again",
    "question_runs.failures + 1 (failed": "of one that failed: the count begins anew with another episode",
    "question_runs.number": "a name that only its vendor's job echoes: the run of a job fails as one without a record",
    "question_runs.sent_at null": "it is handed out again, and claimed once",
    "question_runs.state of another row": "cancelled and failed are both ends without an answer; a claim that is taken "
    "back is made again under a higher fence",
    "vendor_jobs.failures + 1": "it is given up one lost reply sooner",
    "triggers.batch_id of another row": "another batch of the same org: the same key said again prints that one",
    "triggers.* deleted": "the same key said again attaches to the batch of that day",
    "triggers.* duplicated": "another key for the same batch",
    "workers.* deleted": "a process that lives writes its row again within three seconds",
    "workers.started_at a day earlier": "when a process began decides nothing",
}


def reason(name: str) -> str | None:
    """`name`: of a plant, such as "pushes.tries + 1 (sent)"."""
    return next((why for begin, why in HARMLESS.items() if name.startswith(begin)), None)
