"""Opens the chat model that the settings name: a GGUF file on this machine, or a server."""

from pathlib import Path

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from frontdesk.agents.chat.decider import ChatDecider
from frontdesk.agents.chat.prompting import Embed, Prompting
from frontdesk.agents.chat.server_decider import ServerDecider
from frontdesk.agents.chat.writing import AnswerWriter
from frontdesk.agents.decision import Decider
from frontdesk.agents.engines import open_engine
from frontdesk.agents.runtime.model_file import resolve
from frontdesk.agents.settings import ModelSettings, OrganisationSettings


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
        drafting=settings.drafting,
    )


def open_instruct_decider(
    settings: ModelSettings,
    organisation: OrganisationSettings,
    data_dir: Path,
    embed: Embed | None = None,
) -> Decider:
    """Return the decider on an instruct model: at `settings.url`, or in the file `settings.path`.

    `embed` is the encoder of questions, by which few-shot prompting finds its examples.

    Raises:
        ModelFileError: the file is missing, damaged or not supported.
    """
    prompting = Prompting.opened(settings.prompting, embed)
    if settings.url:
        name, writes = settings.name or settings.url, settings.grounding != "verbatim"
        return ServerDecider(_server(settings), name, organisation, prompting, writes)
    path = resolve(settings.path, data_dir / "models")
    engine = open_engine(settings, path, data_dir)
    writer = AnswerWriter(
        engine,
        settings.max_answer_tokens,
        settings.temperature,
        settings.drafting,
        literal=settings.grounding == "grounded",
    )
    return ChatDecider(
        engine=engine,
        name=path.stem,
        organisation=organisation,
        timeout=settings.turn_timeout_seconds,
        prompting=prompting,
        writer=writer if settings.grounding != "verbatim" else None,
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
