"""What the tests of OpenAI's batches have in common: the lines of a file, and a client that carries it through."""

import json
import time

from sandbox_client import OVER, READING, reading_request

CHAT = "/v1/chat/completions"


def line(custom_id, answer="Acme is known.", organisation="Acme", **body):
    wanted = {"type": "json_schema", "json_schema": {"name": "answer_reading", "strict": True, "schema": READING}}
    said = [{"role": "user", "content": reading_request(answer, organisation)}]
    given = {"model": "gpt-4.1-mini", "messages": said, "response_format": wanted} | body
    return {"custom_id": custom_id, "method": "POST", "url": CHAT, "body": given}


def lines(number, **body):
    return [line(f"run-{place}", f"Acme {place} is known.", **body) for place in range(number)]


def jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


class Batches:
    """`sdk` is OpenAI's own client."""

    def __init__(self, sdk):
        self.sdk = sdk

    def upload(self, rows, name="batch.jsonl", **more):
        content = rows if isinstance(rows, bytes) else jsonl(rows)
        return self.sdk.files.create(file=(name, content), purpose="batch", **more)

    def create(self, rows, **more):
        file = self.upload(rows)
        wanted = {"input_file_id": file.id, "endpoint": CHAT, "completion_window": "24h"}
        return self.sdk.batches.create(**wanted | more)

    def until(self, batch, *statuses):
        """The batch once it has one of the statuses."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            found = self.sdk.batches.retrieve(batch.id)
            if found.status in statuses:
                return found
            time.sleep(0.01)
        raise AssertionError(f"the batch is {found.status}, not {' or '.join(statuses)}")

    def over(self, rows, **more):
        """A batch of these lines at its end."""
        return self.until(self.create(rows, **more), *OVER)

    def rows(self, file_id):
        return [json.loads(row) for row in self.sdk.files.content(file_id).text.splitlines()] if file_id else []

    def results(self, batch):
        return {row["custom_id"]: row["response"] for row in self.rows(batch.output_file_id)}

    def errors(self, batch):
        return {row["custom_id"]: row for row in self.rows(batch.error_file_id)}
