"""One organisation's settings: `frontdesk.toml`, then the environment (FRONTDESK_*), which wins.

    [organisation]
    name = "Example Health"

is also FRONTDESK_ORGANISATION__NAME="Example Health". Relative paths are relative to the file's
folder. Every default works offline.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError as SourceError

from frontdesk.agents.settings import ModelSettings, OrganisationSettings
from frontdesk.db.settings import ChunkSettings, DatabaseSettings, SearchSettings, SiteSettings
from frontdesk.tools.settings import ContactsSettings, WaitTimesSettings

FILE_NAME = "frontdesk.toml"
_PREFIX = "FRONTDESK_"
# Variables that are read elsewhere: the file to load, and what only tests set.
_NOT_SETTINGS = re.compile(r"FRONTDESK_(CONFIG|TEST_.*)")


class SettingsError(ValueError):
    """The settings cannot be used. The message is one line: the place, the value, the way out."""


class Settings(BaseSettings):
    """Everything that one organisation sets; frozen."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data_dir: Path = Path(".frontdesk")
    organisation: OrganisationSettings = OrganisationSettings()
    site: SiteSettings = SiteSettings()
    chunks: ChunkSettings = ChunkSettings()
    search: SearchSettings = SearchSettings()
    wait_times: WaitTimesSettings = WaitTimesSettings()
    contacts: ContactsSettings = ContactsSettings()
    model: ModelSettings = ModelSettings()
    database: DatabaseSettings = DatabaseSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, whose content arrives as arguments."""
        return EnvSettingsSource(settings_cls), init_settings

    @classmethod
    def load(cls, path: str | Path | None = None) -> "Settings":
        """Read `path`, or FRONTDESK_CONFIG, or ./frontdesk.toml if there is one.

        Raises `SettingsError` with one line: the file, the key or line, and what to write instead.
        """
        named = path or os.environ.get("FRONTDESK_CONFIG")
        file = Path(named).expanduser() if named else Path(FILE_NAME)
        values = _read(file) if named or file.exists() else {}
        _refuse_unknown(cls, values, str(file))
        _refuse_unknown_variables(cls, os.environ)
        try:
            settings = cls(**values)
        except ValidationError as error:
            raise SettingsError(_one_line(error.errors()[0], values, str(file))) from error
        except SourceError as error:
            raise SettingsError(f"environment: {str(error).splitlines()[0]}") from error
        return settings.rooted(file.parent.absolute())

    def rooted(self, folder: Path) -> "Settings":
        """Return the settings with every relative path made absolute under `folder`."""
        model, contacts = self.model, self.contacts
        if model.path and not model.path.startswith("hf:"):
            model = model.model_copy(update={"path": str(folder / Path(model.path).expanduser())})
        if model.adapter.endswith(".gguf"):
            adapter = str(folder / Path(model.adapter).expanduser())
            model = model.model_copy(update={"adapter": adapter})
        if contacts.file is not None:
            file = folder / contacts.file.expanduser()
            contacts = contacts.model_copy(update={"file": file})
        search, named = self.search, folder / Path(self.search.reranker).expanduser()
        if search.reranker and named.exists():  # else it is a model's name
            search = search.model_copy(update={"reranker": str(named)})
        if search.encoder:
            encoder = str(folder / Path(search.encoder).expanduser())
            search = search.model_copy(update={"encoder": encoder})
        data_dir = folder / self.data_dir.expanduser()
        return self.model_copy(
            update={"data_dir": data_dir, "model": model, "contacts": contacts, "search": search}
        )

    def shown(self) -> dict[str, Any]:
        """Return plain values fit to be printed: passwords and keys are asterisks."""
        masked: dict[str, Any] = _mask(self.model_dump())
        return masked


def _read(file: Path) -> dict[str, Any]:
    text = ""
    try:
        text = file.read_text("utf-8")
        return tomllib.loads(text)
    except FileNotFoundError as error:
        raise SettingsError(f"{file}: no such file; name another one with --config") from error
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: not UTF-8 text (byte {error.start}); save it so") from error
    except tomllib.TOMLDecodeError as error:
        end = f"at line {text.count(chr(10)) + 1}, the end of the file"
        reason = _decapitalised(str(error)).replace("at end of document", end)
        raise SettingsError(f"{file}: not TOML: {reason}") from error


def _refuse_unknown(
    model: type[BaseModel], values: Mapping[str, Any], file: str, table: str = ""
) -> None:
    """Raise on the first key that is no field, with the nearest field there is."""
    for key, value in values.items():
        field = model.model_fields.get(key)
        if field is None:
            place = f"[{table}] {key}" if table else key
            raise SettingsError(f'{file}: unknown key "{place}"{_nearest(key, model)}')
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            if not isinstance(value, Mapping):
                raise SettingsError(
                    f"{file}: {key} is a table; write [{key}] and its keys below it"
                )
            _refuse_unknown(kind, value, file, f"{table}.{key}" if table else key)


def _refuse_unknown_variables(model: type[BaseModel], environment: Mapping[str, str]) -> None:
    for name in environment:
        if not name.startswith(_PREFIX) or _NOT_SETTINGS.fullmatch(name):
            continue
        section, _, key = name.removeprefix(_PREFIX).lower().partition("__")
        values = {section: {key: ""} if key else ""}
        if section not in model.model_fields or key:
            _refuse_unknown(model, values, f"environment variable {name}")


def _nearest(key: str, model: type[BaseModel]) -> str:
    near = get_close_matches(key, model.model_fields, n=1, cutoff=0.5)
    known = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(model.model_fields)}"
    return f"; {known}"


def _one_line(error: ErrorDetails, values: Mapping[str, Any], file: str) -> str:
    """Name the place of a validation error: the file if the key stands there, else the variable."""
    keys = [str(part) for part in error["loc"]]
    held: Any = values
    for key in keys[:2]:
        held = held.get(key) if isinstance(held, Mapping) else None
    place = file if held is not None else f"{file} or {_PREFIX}{'__'.join(keys[:2]).upper()}"
    name = f"[{keys[0]}] {'.'.join(keys[1:])}" if len(keys) > 1 else "".join(keys)
    shown = error["input"] if isinstance(error["input"], str | int | float | bool) else None
    if any(word in name for word in ("key", "url", "password")):
        shown = None
    reason = _decapitalised(error["msg"].removeprefix("Value error, "))
    return f"{place}: {name}{f' = {shown!r}' if shown is not None else ''}: {reason}"


def _decapitalised(text: str) -> str:
    return text[:1].lower() + text[1:]


def _mask(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _mask(item) for key, item in value.items()}
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else ""
    if isinstance(value, str):
        return re.sub(r"(?<=://)([^/@\s:]*):[^/@\s]*@", r"\1:********@", value)
    return value


__all__ = ["FILE_NAME", "Settings", "SettingsError"]
