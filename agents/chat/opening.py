"""Opens the chat model that the settings name: a GGUF file on this machine, or a server."""

from collections.abc import Sequence
from pathlib import Path

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from frontdesk.agents.chat.decider import ChatDecider
from frontdesk.agents.chat.prompting import Example, Prompting
from frontdesk.agents.chat.server_decider import ServerDecider
from frontdesk.agents.decision import Decider
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.runtime.model_file import resolve
from frontdesk.agents.settings import ModelSettings, OrganisationSettings


def open_engine(settings: ModelSettings, path: Path, data_dir: Path) -> Engine:
    """Return an engine on the GGUF file `path` as `settings` ask; prefixes go to `data_dir`.

    Raises:
        ModelFileError: the model or the adapter cannot be loaded.
    """
    adapter = resolve(settings.adapter, data_dir / "models") if settings.adapter else None
    return Engine(
        path,
        adapter=adapter,
        adapter_scale=settings.adapter_scale,
        threads=settings.threads,
        context_tokens=settings.context_tokens,
        max_sequences=settings.max_sequences,
        max_waiting=settings.max_waiting,
        cache_dir=data_dir / "prefixes",
    )


def open_chat_model(settings: ModelSettings, data_dir: Path) -> BaseChatModel:
    """Return the chat model at `settings.url`, or on the GGUF file `settings.path`.

    Raises:
        ModelFileError: the file is missing, damaged or not supported.
    """
    if settings.url:
        return _server(settings)
    # The chat model is not needed where a server answers.
    from frontdesk.agents.chat.model import GGUFChatModel

    path = resolve(settings.path, data_dir / "models")
    return GGUFChatModel(
        engine=open_engine(settings, path, data_dir),
        model_name=path.stem,
        max_tokens=settings.max_answer_tokens,
        temperature=settings.temperature,
        timeout=settings.turn_timeout_seconds,
    )


def open_instruct_decider(
    settings: ModelSettings,
    organisation: OrganisationSettings,
    data_dir: Path,
    examples: Sequence[Example] = (),
) -> Decider:
    """Return the decider on an instruct model: at `settings.url`, or in the file `settings.path`.

    Raises:
        ModelFileError: the file is missing, damaged or not supported.
    """
    if settings.url:
        return ServerDecider(_server(settings), settings.name or settings.url, organisation)
    path = resolve(settings.path, data_dir / "models")
    return ChatDecider(
        engine=open_engine(settings, path, data_dir),
        name=path.stem,
        organisation=organisation,
        timeout=settings.turn_timeout_seconds,
        prompting=Prompting.named(settings.prompting, examples),
    )


def _server(settings: ModelSettings) -> BaseChatModel:
    # Two seconds to import, and only who uses a server needs it.
    from frontdesk.agents.chat.server_model import ServerChatModel

    url = settings.url.rstrip("/")
    return ServerChatModel(
        model=settings.name or "default",
        base_url=url if url.endswith("/v1") else f"{url}/v1",
        # Servers of one's own want no key, but the client insists on one.
        api_key=settings.api_key if settings.api_key.get_secret_value() else SecretStr("none"),
        temperature=settings.temperature,
        # The client's own setting is sent as max_completion_tokens, which few servers know.
        extra_body={"max_tokens": settings.max_answer_tokens},
        timeout=settings.turn_timeout_seconds,
        max_retries=1,
    )
