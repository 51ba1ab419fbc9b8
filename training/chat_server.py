"""A model behind an OpenAI-compatible URL, asked one thing at a time: the teacher, the judge.

    ChatServer("http://127.0.0.1:8080/v1", "any-model").ask([{"role": "user", "content": "Hello"}])

The key is taken from OPENAI_API_KEY; a server of your own needs none.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from openai import OpenAI

Message = Mapping[str, str]
CONNECT = 10.0  # seconds until a server that does not even accept counts as down
# How servers say that they do not know an option; llama-cpp-python calls it an error of its own.
UNFIT = (400, 422, 500, 501)


class ServerError(ValueError):
    """The server cannot be reached, refuses, or says nothing; the message is one line."""


class UnfitRequest(ServerError):
    """The server does not take the request as it is; another form of it may do."""


@dataclass
class ChatServer:
    """The `model` behind `url`; `timeout` is how many seconds it may stay silent."""

    url: str
    model: str
    timeout: float = 60.0

    def ask(self, messages: Sequence[Message], **options: Any) -> str:
        """Return the text that answers the messages; `options` go to the server as they are.

        Raises `ServerError`, and `UnfitRequest` where the server refuses an option.
        """
        from openai import APIStatusError, APITimeoutError, OpenAIError

        try:
            answer = self._client.chat.completions.create(
                model=self.model, messages=cast(Any, messages), **options
            )
        except APITimeoutError as error:
            raise ServerError(f"no answer within {self.timeout:g} s") from error
        except APIStatusError as error:
            kind = UnfitRequest if error.status_code in UNFIT else ServerError
            raise kind(self._line(error)) from error
        except OpenAIError as error:
            raise ServerError(self._line(error)) from error
        except ValueError as error:  # a body that is no JSON
            raise ServerError(f"it does not speak the protocol: {self._line(error)}") from error
        return _text(answer)

    @cached_property
    def _client(self) -> "OpenAI":
        from openai import OpenAI, Timeout

        return OpenAI(
            base_url=self.url,
            api_key=os.environ.get("OPENAI_API_KEY") or "none",
            timeout=Timeout(self.timeout, connect=min(CONNECT, self.timeout)),
            max_retries=1,
        )

    def _line(self, error: Exception) -> str:
        """Return an error and its cause as one line; some servers repeat the key they refuse."""
        line = " ".join(f"{error} {error.__cause__ or ''}".split())
        key = os.environ.get("OPENAI_API_KEY")
        return (line.replace(key, "(the key)") if key else line)[:200]


def _text(answer: Any) -> str:
    """Return what an answer says; anything may stand in a body that the client let through."""
    try:
        return str(answer.choices[0].message.content or "")
    except (AttributeError, IndexError, TypeError) as error:
        raise ServerError("its answer holds no choices: is this the address of an API?") from error
