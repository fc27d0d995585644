"""The verbs that the tests of the sandbox have in common."""

import json
import time

import requests

KEY = {"Authorization": "Bearer sandbox-key"}
OVER = ("completed", "failed", "expired", "cancelled")  # of a batch
CHATGPT = "gd_m7aof0k82r803d5bjm"
READING = {
    "type": "object",
    "additionalProperties": False,
    "required": ["mentioned", "mention_text", "sentiment", "rank", "competitors"],
    "properties": {
        "mentioned": {"type": "boolean"},
        "mention_text": {"type": ["string", "null"]},
        "sentiment": {"anyOf": [{"enum": ["positive", "negative", "neutral"], "type": "string"}, {"type": "null"}]},
        "rank": {"type": ["integer", "null"]},
        "competitors": {"type": "array", "items": {"$ref": "#/$defs/Competitor"}},
    },
    "$defs": {
        "Competitor": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name"],
            "properties": {"name": {"type": "string"}},
        }
    },
}


class Client:
    def __init__(self, url):
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False  # else every request looks through all variables for proxies

    def control(self, what, given=None, method=None):
        method = method or ("GET" if given is None else "POST")
        return self.http.request(method, f"{self.url}/_sandbox/{what}", json=given, timeout=5).json()

    def fault(self, where, kind, **more):
        return self.control("faults", [{"where": where, "kind": kind, **more}])

    def post(self, path, body, headers=KEY, **more):
        return self.http.post(self.url + path, json=body, headers=headers, timeout=5, **more)

    def get(self, path, headers=KEY):
        return self.http.get(self.url + path, headers=headers, timeout=5)

    def end_batches(self):
        """A batch works on by itself, and its lines would be in the log of the next test."""
        for batch in self.get("/openai/v1/batches").json()["data"]:
            if batch["status"] not in OVER:
                self.post(f"/openai/v1/batches/{batch['id']}/cancel", None)

    def responses(self, **body):
        search = [{"type": "web_search", "user_location": {"type": "approximate", "country": "US"}}]
        return self.post("/openai/v1/responses", {"model": "gpt-4.1", "input": "Who?", "tools": search} | body)

    def chat(self, user="Who?", *, name="answer_reading", schema=READING, **body):
        wanted = {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}
        messages = [{"role": "system", "content": "Read the answer."}, {"role": "user", "content": user}]
        given = {"model": "gpt-4.1-mini", "messages": messages, "response_format": wanted} | body
        return self.post("/openai/v1/chat/completions", given)

    def reading(self, answer, organisation, *, variations=(), question=""):
        reply = self.chat(reading_request(answer, organisation, variations=variations, question=question))
        return json.loads(reply.json()["choices"][0]["message"]["content"])

    def trigger(self, *prompts, query="include_errors=true", dataset_id=CHATGPT, **more):
        inputs = [
            {"url": "https://chatgpt.com/", "prompt": prompt, "country": "US", "index": index, **more}
            for index, prompt in enumerate(prompts, start=1)
        ]
        return self.post(f"/brightdata/datasets/v3/trigger?dataset_id={dataset_id}&{query}", inputs)

    def progress(self, snapshot_id):
        return self.get(f"/brightdata/datasets/v3/progress/{snapshot_id}").json()

    def download(self, snapshot_id, query=""):
        path = f"/brightdata/datasets/v3/snapshot/{snapshot_id}{query}"
        reply = self.get(path)
        for _ in range(100):
            if reply.status_code != 202:
                return reply
            time.sleep(0.02)
            reply = self.get(path)
        return reply


def reading_request(answer, organisation, *, variations=(), question="", websites=()):
    asked = {"organisation": organisation, "variations": list(variations), "websites": list(websites)}
    first = json.dumps(asked | {"question": question})
    return f"{first}\n<0123456789ab>\n{answer}\n</0123456789ab>"
