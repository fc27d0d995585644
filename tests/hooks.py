"""A program that receives webhooks, and what tests of them share."""

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from api_process import serving
from cryptography.fernet import Fernet
from ground import NOWHERE, addresses

from senso.settings import settings

HELD = Fernet.generate_key().decode()


@contextmanager
def serving_webhooks(database_url, folder):
    """A `senso api` that encrypts under HELD and may reach receivers on this machine."""
    given = addresses(NOWHERE) | {"DATABASE_URL": database_url}
    given |= {"ENCRYPTION_KEYS": HELD, "WEBHOOKS_TO_LOOPBACK": "true"}
    with serving(folder, given) as api:
        yield api


@dataclass(frozen=True)
class Request:
    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """Answers with `answers` in turn, then with `reply`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.connections = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def reply(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, b""

    def handler(self):
        told = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                told.connections += 1
                super().setup()

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.requestline, headers, body)
                told.requests.append(request)
                status, more, content = told.answers.pop(0) if told.answers else told.reply(request)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = "Content-Length" in more

            do_CONNECT = do_POST  # noqa: N815  the name is http.server's

            def log_message(self, *_):
                pass

        return Handler


@contextmanager
def keys(environment, *given: str):
    """With these keys, the first first; without any, with a new one. Webhooks may be on this machine."""
    held = given or (Fernet.generate_key().decode(),)
    environment.setenv("ENCRYPTION_KEYS", ",".join(held))
    environment.setenv("WEBHOOKS_TO_LOOPBACK", "true")
    settings.cache_clear()
    yield held
    environment.delenv("ENCRYPTION_KEYS", raising=False)
    settings.cache_clear()
