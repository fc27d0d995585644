"""A request for a chat completion and its answer: made by itself, or as a line of a batch."""

import json
from dataclasses import dataclass
from typing import Any

from senso.sandbox.calls import Call
from senso.sandbox.openai.bodies import INLINE_LINK, REFUSED, Said, chat_completion, limited
from senso.sandbox.openai.checks import check_chat
from senso.sandbox.openai.messages import last_said, text_of
from senso.sandbox.prose import generic_answer
from senso.sandbox.reading_log import note_reading
from senso.sandbox.schema import filled
from senso.sandbox.state import State

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chat:
    """`user`: what the user said last. `wanted`: the name and the schema of structured output."""

    body: Body
    user: str
    wanted: Body | None

    @property
    def model(self) -> str:
        return str(self.body["model"])

    def note(self, call: Call) -> None:
        """Logs the organisation that an answer is read for, and not the answer itself."""
        call.schema = self.wanted["name"] if self.wanted else None
        if not note_reading(call, self.user):
            call.question = self.user if self.wanted is None else None

    def answered(self, state: State, fault: str | None) -> Body:
        """The body of the reply; a fault of the answer spoils it."""
        said = Said(read(state, self.wanted, self.user) if self.wanted else self._plain(state))
        said = limited(said, self.body.get("max_completion_tokens") or self.body.get("max_tokens"))
        said = spoiled(fault, said, silence=Said("", cut=True))  # all tokens went into thinking
        prompt = "\n".join(text_of(message["content"]) for message in self.body["messages"])
        return chat_completion(self.model, prompt, said)

    def _plain(self, state: State) -> str:
        """Without a search there are no links."""
        answer = state.ask(self.user, self.model, "") or generic_answer()
        return INLINE_LINK.sub("", answer.text)


def chat_in(body: Body) -> Chat:
    """Raises Problem, as the vendor refuses the request."""
    check_chat(body)
    return Chat(body, last_said(body["messages"], "user"), (body.get("response_format") or {}).get("json_schema"))


def read(state: State, wanted: Body, user: str) -> str:
    """Structured output: the content that fits the schema."""
    known: Body = {}
    if wanted["name"] == "name_variations":
        known = state.liar.names(user)
        state.meet(user)
    else:
        known = state.liar.read(user)
    return json.dumps(filled(wanted["schema"], known), ensure_ascii=False)


def spoiled(fault: str | None, said: Said, silence: Said) -> Said:
    match fault:
        case "refusal":
            return REFUSED
        case "length":
            return Said((said.text or "")[: len(said.text or "") // 2], cut=True)
        case "empty":
            return silence
        case "malformed":
            return Said('Sure! Here is the JSON you asked for: {"mentioned": tru')
        case _:
            return said
