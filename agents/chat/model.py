"""Any GGUF model as a LangChain chat model: its own template, tool calls, constraints, streaming.

model = GGUFChatModel(engine=Engine("qwen.gguf")).bind_tools([search])
model.invoke("Where do I park?").tool_calls
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import agenerate_from_stream, generate_from_stream
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, Field

from frontdesk.agents.chat.messages import template_messages
from frontdesk.agents.chat.templates import ChatTemplate, Message
from frontdesk.agents.chat.tool_calls import Dialect, dialect_of
from frontdesk.agents.chat.trimming import trim
from frontdesk.agents.chat.turn import ChatTurn, Delta, Request
from frontdesk.agents.errors import ModelError
from frontdesk.agents.runtime.constraints import Constraints, json_schema
from frontdesk.agents.runtime.engine import Engine, deadline_after
from frontdesk.agents.runtime.kept import common_length
from frontdesk.agents.runtime.steps import arun, run


class GGUFChatModel(BaseChatModel):
    """A chat model on an `Engine`; many threads and tasks may use one at the same time.

    The choice between answering and each bound tool is scored in one pass of the model and returned
    in `response_metadata["probabilities"]`; arguments are decoded under the tool's schema. Keyword
    arguments of `invoke` and `bind`: `grammar` (of `agents.runtime.constraints`) constrains words,
    `max_tokens` and `temperature` override the model's own. One tool call a message.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    engine: Engine = Field(exclude=True)
    model_name: str = "gguf"
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int | None = None
    timeout: float | None = None
    drafting: bool = True

    @property
    def _llm_type(self) -> str:
        return "frontdesk-gguf"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, "temperature": self.temperature}

    @cached_property
    def template(self) -> ChatTemplate:
        """The chat template in the model's file."""
        return ChatTemplate.of(self.engine)

    @cached_property
    def dialect(self) -> Dialect:
        """How this model writes tool calls."""
        return dialect_of(self.template.source)

    @cached_property
    def constraints(self) -> Constraints:
        """The grammar compiler for this model's vocabulary."""
        return Constraints(self.engine)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return this model with `tools` to choose from.

        `tool_choice`: "auto" (default), "any" (also "required"), "none", or a tool's name.
        """
        converted = [convert_to_openai_tool(tool) for tool in tools]
        return self.bind(tools=converted, tool_choice=tool_choice or "auto", **kwargs)

    def request(
        self, messages: list[BaseMessage], stop: list[str] | None = None, **kwargs: Any
    ) -> Request:
        """Return what `invoke` asks of the engine: the tokens of the prompt, its limits and tools.

        Raises:
            ContextFull: the question does not fit, even without history and with short passages.
            ModelError: the template refuses the messages, or a tool is chosen that is not bound.
        """
        tools: list[dict[str, Any]] = kwargs.get("tools") or []
        limit = int(kwargs.get("max_tokens") or self.max_tokens)
        given = tools if self.template.reads_tools else []
        asked = template_messages(messages, tools, self.template, self.dialect, self.engine)
        room = self.engine.max_length - min(limit, self.engine.max_length // 2)
        asked = trim(asked, room, lambda some: len(self._tokens(some, given)))
        prompt = self._tokens(asked, given)
        return Request(
            prompt=prompt,
            prefix=self._prefix(asked, given, prompt),
            limit=limit,
            tools={tool["function"]["name"]: _arguments(tool) for tool in tools},
            choice=_choice(kwargs.get("tool_choice"), tools),
            grammar=kwargs.get("grammar", ""),
            stop=stop or (),
            temperature=float(kwargs.get("temperature", self.temperature)),
            seed=self.seed,
            drafting=self.drafting,
        )

    def _tokens(self, messages: list[Message], tools: list[dict[str, Any]]) -> list[int]:
        return self.engine.tokenize(self.template.render(messages, tools))

    def _prefix(
        self, messages: list[Message], tools: list[dict[str, Any]], prompt: list[int]
    ) -> int:
        """Return how many tokens are the same for whatever is asked: system prompt and tools."""
        if not messages or messages[0]["role"] != "system":
            return 0
        other = self._tokens([messages[0], {"role": "user", "content": "\u00b6"}], tools)
        return min(common_length(tuple(prompt), tuple(other)), len(prompt) - 1)

    def _turn(self, request: Request) -> ChatTurn:
        return ChatTurn(self.engine, self.constraints, self.dialect, request)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        turn = self._turn(self.request(messages, stop, **kwargs))
        deadline = deadline_after(self.timeout)
        try:
            run(turn.start(deadline), deadline)
            while (delta := run(turn.advance(), deadline)) is not None:
                chunk = _chunk(delta)
                if run_manager:
                    run_manager.on_llm_new_token(delta.text, chunk=chunk)
                yield chunk
            yield self._last_chunk(turn)
        finally:
            turn.close()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        turn = self._turn(self.request(messages, stop, **kwargs))
        deadline = deadline_after(self.timeout)
        try:
            await arun(turn.start(deadline), deadline)
            while (delta := await arun(turn.advance(), deadline)) is not None:
                chunk = _chunk(delta)
                if run_manager:
                    await run_manager.on_llm_new_token(delta.text, chunk=chunk)
                yield chunk
            yield self._last_chunk(turn)
        finally:
            turn.close()

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, run_manager, **kwargs))

    def _last_chunk(self, turn: ChatTurn) -> ChatGenerationChunk:
        """What is known at the end: why it ended, the step's probabilities, the tokens spent."""
        sequence = turn.sequence
        assert sequence is not None
        metadata = {
            "model_name": self.model_name,
            "finish_reason": turn.finish,
            "step": turn.step,
            "probabilities": turn.probabilities,
            "evaluated_tokens": sequence.evaluated,
            "reused_tokens": sequence.reused,
        }
        n, m = len(turn.request.prompt), turn.output_tokens
        usage = UsageMetadata(input_tokens=n, output_tokens=m, total_tokens=n + m)
        message = AIMessageChunk(content="", response_metadata=metadata, usage_metadata=usage)
        message.chunk_position = "last"
        return ChatGenerationChunk(message=message)


def _chunk(delta: Delta) -> ChatGenerationChunk:
    if not delta.tool:
        return ChatGenerationChunk(message=AIMessageChunk(content=delta.text))
    call = tool_call_chunk(name=delta.tool, args=delta.arguments, id=f"call_{delta.tool}", index=0)
    return ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[call]))


def _arguments(tool: dict[str, Any]) -> str:
    schema = {"type": "object", **tool["function"].get("parameters", {})}
    return json_schema({"additionalProperties": False, **schema})


def _choice(choice: Any, tools: list[dict[str, Any]]) -> str:
    """Return "auto", "any", "none" or the name of one of `tools`, as LangChain's users say it."""
    if isinstance(choice, dict):
        choice = choice.get("function", {}).get("name")
    if choice in (None, False, "auto"):
        return "auto"
    if choice in (True, "any", "required"):
        return "any"
    names = [tool["function"]["name"] for tool in tools]
    if choice != "none" and choice not in names:
        raise ModelError(f"tool_choice {choice!r} is none of the bound tools {names}")
    return str(choice)
