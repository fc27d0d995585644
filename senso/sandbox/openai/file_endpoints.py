"""OpenAI's files: uploaded, listed, looked at, downloaded and deleted."""

from tornado.web import RequestHandler

from senso.sandbox.calls import Call
from senso.sandbox.openai.errors import invalid, invalid_value, missing
from senso.sandbox.openai.files import File, words_in
from senso.sandbox.openai.lists import limit_in, page
from senso.sandbox.openai.stored import BASE, Stored, lasting
from senso.sandbox.replies import Problem, Reply

MOST_BYTES = 200 * 1024 * 1024
MOST_LISTED = 10_000
ORDERS = ("asc", "desc")


class FileEndpoint(Stored):
    where = "openai.files"
    model = "files"

    def unknown(self, id_: str, status: int = 404) -> Problem:
        return invalid(f"No such File object: {id_}", "id", None, status)

    async def found(self, call: Call, id_: str) -> File:
        call.file_id = id_
        file = self.state.files.get(id_)
        await self.strike(call, file.words if file else "")
        if file is None:
            raise self.unknown(id_)
        return file


class Files(FileEndpoint):
    SUPPORTED_METHODS = ("GET", "POST")

    async def work(self, call: Call, *_: str) -> Reply:
        return await (self.listed(call) if self.request.method == "GET" else self.kept(call))

    async def kept(self, call: Call) -> Reply:
        file = self.uploaded()
        await self.strike(call, file.words)
        self.state.files[file.id] = file
        call.file_id = file.id
        self.lose(call, file.words)
        return Reply(200, file.shown())

    def uploaded(self) -> File:
        """Whether its lines are right is found out by the batch."""
        purpose = self.get_body_argument("purpose", None)
        given = self.request.files.get("file")
        if not purpose or not given:
            raise missing("file" if purpose else "purpose")
        if purpose != "batch":
            raise invalid_value("purpose", "the sandbox takes 'batch'.")
        name, content = given[0]["filename"], given[0]["body"]
        if not name.endswith(".jsonl"):
            raise invalid("Invalid file format for Batch API. Must be .jsonl", None, None)
        if len(content) > MOST_BYTES:
            raise invalid("File is too large.", None, None)
        return File(name, purpose, content, words_in(content), self.lasts())

    def lasts(self) -> int | None:
        anchor, seconds = (self.get_body_argument(f"expires_after[{name}]", None) for name in ("anchor", "seconds"))
        return None if anchor is None and seconds is None else lasting(anchor, seconds, "expires_after")

    async def listed(self, call: Call) -> Reply:
        await self.strike(call, "")
        purpose, order = self.query("purpose"), self.query("order") or "desc"
        if order not in ORDERS:
            raise invalid_value("order", "it must be asc or desc.")
        rows = [file.shown() for file in self.state.files.values() if purpose in (None, file.purpose)]
        rows = rows if order == "asc" else rows[::-1]
        return Reply(200, page(rows, self.query("after"), limit_in(self.query("limit"), MOST_LISTED, MOST_LISTED)))


class OneFile(FileEndpoint):
    SUPPORTED_METHODS = ("GET", "DELETE")

    async def work(self, call: Call, *path: str) -> Reply:
        file = await self.found(call, path[0])
        if self.request.method == "GET":
            return Reply(200, file.shown())
        del self.state.files[file.id]
        self.lose(call, file.words)
        return Reply(200, {"id": file.id, "object": "file", "deleted": True})


class Content(FileEndpoint):
    SUPPORTED_METHODS = ("GET",)

    async def work(self, call: Call, *path: str) -> Reply:
        file = await self.found(call, path[0])
        named = f'attachment; filename="{file.filename}"'
        return Reply(200, file.content, {"Content-Type": "application/octet-stream", "Content-Disposition": named})


ROUTES: list[tuple[str, type[RequestHandler]]] = [
    (f"{BASE}/files", Files),
    (f"{BASE}/files/([^/]+)", OneFile),
    (f"{BASE}/files/([^/]+)/content", Content),
]
