"""The tasks of a batch. Their names and arguments are a wire format: another version may have sent a message."""

from uuid import UUID

from celery.exceptions import Reject

from senso.runtime.call_slots import Stopping
from senso.settings import clock, settings
from senso.states import FinishedBy
from senso.tasks.app import task
from senso.workflows import asking, delivery, domains, extracting, finishing, gathering, membership, names, opening
from senso.workflows import cancelling as batch_cancelling
from senso.workflows.alarms import sending
from senso.workflows.reading_jobs import working
from senso.workflows.trigger import Terms
from senso.workflows.vendor_jobs import cancelling, submitting
from senso.workflows.webhooks import delivering


def is_pushed() -> bool:
    """Whether results are sent anywhere."""
    return settings().application_api_url is not None


@task("open_batch")
def open_batch(batch_id: str, **_: object) -> str:
    opening.open_batch(UUID(batch_id), is_pushed=is_pushed())
    return batch_id


@task("find_names")
def find_names(batch_id: str, **_: object) -> str:
    names.find_names(UUID(batch_id))
    return batch_id


@task("classify_domains")
def classify_domains(**_: object) -> None:
    domains.classify()


@task("ask_batch")
def ask_batch(batch_id: str, **_: object) -> str:
    asking.ask_batch(UUID(batch_id))
    return batch_id


@task("read")
def read(*run_ids: str, **_: object) -> list[str]:
    """Asks each run and extracts its answer."""
    try:
        asking.ask_and_extract(tuple(map(UUID, run_ids)))
    except Stopping:
        raise Reject("this worker stops", requeue=True) from None
    return list(run_ids)


@task("extract")
def extract(*run_ids: str, **_: object) -> list[str]:
    try:
        extracting.extract(tuple(map(UUID, run_ids)))
    except Stopping:
        raise Reject("this worker stops", requeue=True) from None
    return list(run_ids)


@task("submit_snapshot")
def submit_snapshot(*job_ids: str, **_: object) -> list[str]:
    submitting.submit(tuple(map(UUID, job_ids)))
    return list(job_ids)


@task("read_by_job")
def read_by_job(job_id: str, **_: object) -> str:
    working.work_on(UUID(job_id))
    return job_id


@task("cancel_snapshots")
def cancel_snapshots(batch_id: str, **_: object) -> str:
    """Sent when a batch has ended; the periodic task that polls retries what fails here."""
    cancelling.cancel_due(UUID(batch_id))
    return batch_id


@task("gather")
def gather(asked_by: str, **_: object) -> str:
    gathering.gather(UUID(asked_by))
    return asked_by


@task("finish_readers")
def finish_readers(asked_by: str, by: str, **_: object) -> str:
    gathering.finish_readers(UUID(asked_by), FinishedBy(by), is_pushed=is_pushed())
    return asked_by


@task("open_members")
def open_members(batch_id: str, **_: object) -> str:
    under = Terms(clock().date(), settings().credits_per_evaluation)
    membership.open_members(UUID(batch_id), under, settings().network_history_days)
    return batch_id


@task("leave")
def leave(batch_id: str, **_: object) -> str:
    batch_cancelling.leave(UUID(batch_id), is_pushed=is_pushed())
    return batch_id


@task("finish_batch")
def finish_batch(batch_id: str, by: str, **_: object) -> str:
    finishing.finish_batch(UUID(batch_id), FinishedBy(by), is_pushed=is_pushed())
    return batch_id


@task("push")
def push(key: str, **_: object) -> str:
    token = settings().api_token
    delivery.deliver(key, settings().application_api_url, token.get_secret_value() if token else None)
    return key


@task("alarm")
def alarm(message: str, **_: object) -> str:
    """A message that could not be sent now is due again by its row."""
    sending.deliver(int(message))
    return message


@task("deliver")
def deliver(key: str, **_: object) -> str:
    delivering.deliver(key)
    return key
