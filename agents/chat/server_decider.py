"""A model behind an OpenAI-compatible URL as a decider: it writes a small JSON object.

    {"step": "answer", "quotes": [2, 5]}

The server is asked to keep to a schema and to tell the probabilities of what it wrote (llama-server
and vLLM do both); what it writes is checked here all the same, and a reply that cannot be read
means the first allowed step.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from frontdesk.agents.chat.decider import allowed_steps, majority
from frontdesk.agents.chat.prompt import shown, system_text, turn_messages
from frontdesk.agents.chat.prompting import Prompting
from frontdesk.agents.chat.server_reply import FORM, decision, response_format, step_probability
from frontdesk.agents.decision import Decision, Evidence
from frontdesk.agents.errors import ModelError, ServerRefused
from frontdesk.agents.runtime.together import together
from frontdesk.agents.settings import OrganisationSettings

_THINK = ' Begin with "thought": what the question needs, in one sentence.'
_PROBABILITIES = {"logprobs": True, "top_logprobs": 1}


@dataclass
class ServerDecider:
    """Decides with a remote chat model.

    `probability` is what the server gave the step it wrote; 1.0 where it tells no probabilities,
    0.0 for a guess after an unreadable reply. A tree of thought needs a model in this process:
    here it is asked zero-shot.
    """

    model: BaseChatModel
    name: str
    organisation: OrganisationSettings
    prompting: Prompting = Prompting()
    writes: bool = False

    def __post_init__(self) -> None:
        self._schema = self._probabilities = True

    def decide(self, evidence: Evidence, messages: Sequence[BaseMessage] = ()) -> Decision:
        """Return the next step for `evidence`.

        Raises:
            ServerError: the server cannot be reached or refuses.
        """
        allowed = allowed_steps(evidence)
        votes = self.prompting.votes
        decided = partial(self._decided, self._messages(evidence, allowed), evidence, allowed)
        return decided() if votes == 1 else majority(together([decided] * votes))

    def write(self, evidence: Evidence, decision: Decision, texts: Sequence[str]) -> Iterator[str]:
        """Yield the answer in the model's own words; only the check afterwards holds it.

        Raises:
            ServerError: the server cannot be reached or refuses.
        """
        if not self.writes:
            raise ModelError(f"{self.name} was opened to quote: set model.grounding to grounded")
        named = "\n".join(f"{n + 1}. {evidence.candidates[n].text}" for n in decision.quotes)
        system = system_text(self.organisation.name, self.organisation.scope, writes=True)
        asked = f"Question: {evidence.question}\nSentences:\n{named}\nWrite only the answer."
        for chunk in self.model.stream([("system", system), ("user", asked)]):
            yield chunk.text

    def _messages(self, evidence: Evidence, allowed: list[str]) -> list[tuple[str, str]]:
        system = system_text(self.organisation.name, self.organisation.scope)
        vector = evidence.search.query_vector if evidence.search is not None else None
        think = _THINK if self.prompting.thought_tokens else ""
        shots = self.prompting.shots(vector)
        asked = turn_messages(f"{system}\n{FORM}{think}", evidence, shots)
        taken = ", ".join(observation.tool for observation in evidence.observations)
        asked[1]["content"] += (
            f"\nDone: {taken or 'nothing yet'}\nAllowed steps: {', '.join(allowed)}"
        )
        return [(message["role"], message["content"]) for message in asked]

    def _decided(
        self, messages: list[tuple[str, str]], evidence: Evidence, allowed: list[str]
    ) -> Decision:
        count = len(shown(evidence))
        reply = self._ask(messages, allowed, count)
        said = decision(reply.text, evidence, allowed, count)
        likely = step_probability(reply.text, reply.response_metadata.get("logprobs"))
        return said if likely is None else replace(said, probability=said.probability * likely)

    def _ask(self, messages: list[tuple[str, str]], allowed: list[str], count: int) -> BaseMessage:
        """Return the reply; what a server refuses to do is not asked of it again."""
        while True:
            options: dict[str, Any] = dict(_PROBABILITIES) if self._probabilities else {}
            if self.prompting.temperature:
                options["temperature"] = self.prompting.temperature
            if self._schema:
                think = bool(self.prompting.thought_tokens)
                options["response_format"] = response_format(allowed, count, think=think)
            try:
                return self.model.invoke(messages, **options)
            except ServerRefused:
                if self._probabilities:
                    self._probabilities = False
                elif self._schema:
                    self._schema = False
                else:
                    raise
