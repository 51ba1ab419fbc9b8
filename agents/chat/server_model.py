"""The chat model behind an OpenAI-compatible URL: llama-server, vLLM, or any other."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import openai
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI

from frontdesk.agents.errors import ServerError, ServerRefused


class ServerChatModel(ChatOpenAI):
    """LangChain's OpenAI client, whose failures are this package's `ServerError`s."""

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        with self._translated():
            return super()._generate(messages, *args, **kwargs)

    async def _agenerate(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> ChatResult:
        with self._translated():
            return await super()._agenerate(messages, *args, **kwargs)

    def _stream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        with self._translated():
            yield from super()._stream(messages, *args, **kwargs)

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        with self._translated():
            async for chunk in super()._astream(messages, *args, **kwargs):
                yield chunk

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except openai.APIConnectionError as error:
            raise ServerError(
                f"no model server answers at {self.openai_api_base} ({error}): start it, or set "
                "model.url to where it is"
            ) from error
        except openai.APIStatusError as error:
            raise ServerRefused(
                f"the model server at {self.openai_api_base} refused the request: {error}"
            ) from error
        except openai.OpenAIError as error:
            raise ServerError(
                f"the model server at {self.openai_api_base} failed: {error}"
            ) from error
