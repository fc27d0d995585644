"""BrightData's data sets: a job is triggered, polled until it is ready, and downloaded."""

import json
from typing import Any

from senso.sandbox.brightdata.inputs import TOO_MANY, engine_for, fault, inputs_in, plain
from senso.sandbox.brightdata.snapshots import REFUSED, Snapshot, as_csv, draw_faults, listed, records_of
from senso.sandbox.call_faults import LATE
from senso.sandbox.calls import Call
from senso.sandbox.endpoint import Endpoint
from senso.sandbox.env import KEY_START
from senso.sandbox.fault_kinds import UNLISTED
from senso.sandbox.fault_rules import Rule
from senso.sandbox.replies import Cut, Reply

MOST_LISTED = 5000  # whatever `limit` says
FORMATS = ("json", "ndjson", "jsonl")


class BrightData(Endpoint):
    SUPPORTED_METHODS = ("GET",)

    async def reply(self, call: Call, *path: str) -> Reply:
        self._check_key()
        call.snapshot_id = path[0] if path else None
        return await self.work(call, *path)

    async def work(self, call: Call, *path: str) -> Reply:
        raise NotImplementedError

    def refusal(self, rule: Rule) -> Reply:
        return fault(rule)

    def query(self, name: str) -> str | None:
        return self.get_query_argument(name, None)

    async def found(self, call: Call, id_: str) -> Snapshot:
        snapshot = self.state.snapshots.get(id_)
        if snapshot is None:
            raise plain(404, "Snapshot does not exist")
        await self.inject_fault(call, "\n".join(asked["prompt"] for asked in snapshot.inputs))
        return snapshot

    def _check_key(self) -> None:
        if "Authorization" not in self.request.headers:
            raise plain(401, "Credentials are missing")
        key = self.bearer()
        if key is None:
            raise plain(401, "Auth method is not supported")
        if not key.startswith(KEY_START):
            raise plain(401, "Invalid credentials")


class Trigger(BrightData):
    SUPPORTED_METHODS = ("POST",)
    where = "brightdata.trigger"

    async def work(self, call: Call, *_: str) -> Reply:
        dataset_id = self.query("dataset_id")
        engine = engine_for(dataset_id)
        inputs = inputs_in(self.request.body, engine)
        call.model, call.inputs = engine.slug, [_known(asked) for asked in inputs]
        prompts = "\n".join(asked["prompt"] for asked in inputs)
        await self.inject_fault(call, prompts)
        self._check_running(str(dataset_id))
        snapshot = self._born(str(dataset_id), inputs)
        call.snapshot_id, call.fault = snapshot.id, snapshot.job_fault or call.fault
        for place, kind in snapshot.record_faults.items():
            call.inputs[place]["fault"] = kind
        if self.state.faults.draw([self.where], LATE, prompts):
            call.fault = "drop-after"
            raise Cut
        return Reply(200, {"snapshot_id": snapshot.id})

    def _born(self, dataset_id: str, inputs: list[dict[str, Any]]) -> Snapshot:
        job_fault, record_faults = draw_faults(self.state.faults, inputs)
        fields = self.query("custom_output_fields")
        snapshot = Snapshot(
            dataset_id=dataset_id,
            inputs=inputs,
            seconds=self.state.timing.snapshot_seconds,
            include_errors=self.query("include_errors") == "true",
            fields=fields.split("|") if fields else None,
            job_fault=job_fault,
            record_faults=record_faults,
        )
        self.state.snapshots[snapshot.id] = snapshot
        self.state.maybe_running.append(snapshot)
        return snapshot

    def _check_running(self, dataset_id: str) -> None:
        """Raises a 429 at the limit. Scans the jobs only if it could be reached: a day has a hundred thousand jobs."""
        limit = self.state.running_jobs_limit
        if len(self.state.maybe_running) < limit:
            return
        self.state.maybe_running = [job for job in self.state.maybe_running if job.running]
        if sum(job.dataset_id == dataset_id for job in self.state.maybe_running) >= limit:
            raise plain(429, TOO_MANY.format(limit))


class Progress(BrightData):
    where = "brightdata.progress"

    async def work(self, call: Call, *path: str) -> Reply:
        snapshot = await self.found(call, path[0])
        known = {"snapshot_id": snapshot.id, "dataset_id": snapshot.dataset_id, "status": snapshot.status}
        if known["status"] == "failed":
            return Reply(200, known | {"error_message": "Failed to trigger collector"})
        if known["status"] == "ready":
            return Reply(200, known | {"records": len(snapshot.inputs), "collection_duration": snapshot.seconds * 1000})
        return Reply(200, known)


class Download(BrightData):
    where = "brightdata.snapshot"

    async def work(self, call: Call, *path: str) -> Reply:
        snapshot = await self.found(call, path[0])
        if snapshot.running:
            return _later("running", "is not ready yet")
        if snapshot.status != "ready":
            raise plain(400, "Snapshot is empty")
        if snapshot.job_fault in REFUSED:
            raise plain(400, REFUSED[snapshot.job_fault])
        if not snapshot.built:
            snapshot.built = True
            return _later("building", "is building")
        records = records_of(snapshot, self.state.seed, self.state.ask)
        if not records:
            raise plain(400, "Snapshot is empty")
        return _in_format(self.query("format") or "json", records)


class Cancel(BrightData):
    SUPPORTED_METHODS = ("POST",)
    where = "brightdata.cancel"

    async def work(self, call: Call, *path: str) -> Reply:
        snapshot = await self.found(call, path[0])
        if not snapshot.running:
            raise plain(400, "Snapshot is not running")
        snapshot.cancelled = True
        return Reply(200, "OK")


class Inputs(BrightData):
    """The inputs of a job as CSV: the only way to identify a job whose trigger's reply was lost."""

    where = "brightdata.input"

    async def work(self, call: Call, *path: str) -> Reply:
        return Reply(200, as_csv((await self.found(call, path[0])).inputs), {"Content-Type": "text/csv"})


class Snapshots(BrightData):
    """Lists jobs, newest first, a page at a time; days are whole days in UTC."""

    where = "brightdata.snapshots"

    async def work(self, call: Call, *_: str) -> Reply:
        if not self.query("dataset_id"):
            raise plain(400, "dataset_id is required")
        await self.inject_fault(call, "")
        if self.state.faults.draw([self.where], UNLISTED, ""):
            call.fault = "unlisted"
            return Reply(200, [])
        found = [listed(snapshot) for snapshot in reversed(self.state.snapshots.values())]
        skip, limit = int(self.query("skip") or 0), min(int(self.query("limit") or 1000), MOST_LISTED)
        return Reply(200, [one for one in found if self._wanted(one)][skip : skip + limit])

    def _wanted(self, one: dict[str, Any]) -> bool:
        since = self.query("from_date") or ""
        return one["created"] >= since and all(
            self.query(name) in (None, one[name]) for name in ("dataset_id", "status")
        )


def _known(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: asked.get(name) for name in ("prompt", "country", "index")}


def _later(status: str, reason: str) -> Reply:
    return Reply(202, {"status": status, "message": f"Snapshot {reason}, try again in 10s"})


def _in_format(format_: str, records: list[dict[str, Any]]) -> Reply:
    if format_ not in FORMATS:
        raise plain(400, f"The sandbox delivers {', '.join(FORMATS)}")
    if format_ == "json":
        return Reply(200, records)
    lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in records)
    return Reply(200, lines)
