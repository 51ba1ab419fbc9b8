"""A model's own chat template: from messages to the prompt it was trained on."""

import json
from datetime import datetime
from functools import cached_property
from typing import Any

from jinja2 import TemplateError
from jinja2.exceptions import TemplateSyntaxError
from jinja2.ext import loopcontrols
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from frontdesk.agents.errors import ModelError
from frontdesk.agents.runtime.engine import Engine

Message = dict[str, Any]

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class ChatTemplate:
    """The Jinja template of a GGUF file (`tokenizer.chat_template`), run in a sandbox."""

    def __init__(self, source: str, *, bos: str = "", eos: str = "") -> None:
        """Compile `source`; ChatML is used when it is empty.

        Raises:
            ModelError: the template is not valid Jinja.
        """
        self.source = source or CHATML
        self._marks = {"bos_token": bos, "eos_token": eos}
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _refuse
        environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
        try:
            self._template = environment.from_string(self.source)
            self._variables = find_undeclared_variables(environment.parse(self.source))
        except TemplateSyntaxError as error:
            raise ModelError(f"the model's chat template is not valid: {error}") from error

    @classmethod
    def of(cls, engine: Engine) -> "ChatTemplate":
        """Return the template of the engine's model."""
        source = engine.metadata.get("tokenizer.chat_template", "")
        return cls(source, bos=engine.bos, eos=engine.eos)

    @property
    def reads_tools(self) -> bool:
        """Whether the template itself describes tools to the model."""
        return "tools" in self._variables

    @cached_property
    def reads_system(self) -> bool:
        """Whether a system message reaches the model as one; some templates refuse it."""
        system = {"role": "system", "content": "<system text>"}
        try:
            return "<system text>" in self._render([system, _ASK], None, False)
        except TemplateError:
            return False

    def render(
        self,
        messages: list[Message],
        tools: list[dict[str, Any]] | None = None,
        *,
        add_generation_prompt: bool = True,
    ) -> str:
        """Return the prompt of `messages` ({role, content, ...}) with `tools` in OpenAI's form.

        Raises:
            ModelError: the template refuses the messages.
        """
        if not self.reads_system:
            messages = _system_in_first_question(messages)
        try:
            return self._render(messages, tools, add_generation_prompt)
        except TemplateError as error:
            raise ModelError(
                f"the model's chat template refuses these messages ({error}): "
                f"roles {[message['role'] for message in messages]}"
            ) from error

    def _render(
        self, messages: list[Message], tools: list[dict[str, Any]] | None, generate: bool
    ) -> str:
        return self._template.render(
            messages=messages, tools=tools or None, add_generation_prompt=generate, **self._marks
        )


_ASK = {"role": "user", "content": "hello"}


def _system_in_first_question(messages: list[Message]) -> list[Message]:
    """Return `messages` with the system text before the first question, for models without it."""
    system = "\n\n".join(str(m["content"]) for m in messages if m["role"] == "system")
    rest = [dict(message) for message in messages if message["role"] != "system"]
    if system and rest:
        rest[0]["content"] = f"{system}\n\n{rest[0]['content']}"
    return rest


def _refuse(reason: str) -> None:
    raise TemplateError(reason)


def _to_json(value: Any, indent: int | None = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)
