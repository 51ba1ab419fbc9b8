"""What a face opens without an assistant: the store, the live waits, the directory.

    with Parts(settings) as parts:
        parts.waits.board()

Each part opens when it is first asked for, so that the live waits never load an encoder.
"""

from functools import cached_property
from types import TracebackType
from typing import Self

from frontdesk.db import Store
from frontdesk.db.ingest.client import GuardedClient
from frontdesk.graphs.settings import Settings
from frontdesk.tools.contact_lookup import Contact, ContactMatch, ContactResult, Directory
from frontdesk.tools.wait_times import (
    Board,
    Department,
    DepartmentHistory,
    PlaceMatch,
    Usual,
    WaitRow,
    WaitsResult,
    WaitTimes,
)

__all__ = [
    "Board",
    "Contact",
    "ContactMatch",
    "ContactResult",
    "Department",
    "DepartmentHistory",
    "Directory",
    "Parts",
    "PlaceMatch",
    "Usual",
    "WaitRow",
    "WaitTimes",
    "WaitsResult",
]


class Parts:
    """The parts of one organisation, each opened on first use. Not thread safe while opening."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def store(self) -> Store:
        """The database. Raises `StoreError`."""
        return Store.open(self.settings.database, self.settings.data_dir)

    @cached_property
    def client(self) -> GuardedClient:
        """The client that fetches for this organisation: public addresses and trusted hosts."""
        wait_times = self.settings.wait_times
        return GuardedClient(
            trusted_hosts=self.settings.site.trusted_hosts,
            timeout=wait_times.timeout_seconds,
            max_bytes=wait_times.max_bytes,
        )

    @cached_property
    def waits(self) -> WaitTimes:
        """The live waits, sharing their reading with everybody on this database."""
        timezone = self.settings.organisation.timezone
        return WaitTimes(self.settings.wait_times, self.store, self.client, timezone=timezone)

    @cached_property
    def directory(self) -> Directory:
        """The directory, found by words; meaning needs the assistant's encoder."""
        return Directory(self.store, switchboard=self.settings.contacts.switchboard)

    def close(self) -> None:
        """Close what was opened."""
        if "client" in self.__dict__:
            self.client.close()
        if "store" in self.__dict__:
            self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
