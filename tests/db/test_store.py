"""The embedded server and the pool: started, shared, killed, restarted, refused."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from frontdesk.db.errors import StoreError
from frontdesk.db.migrate import migrations
from frontdesk.db.settings import DatabaseSettings
from frontdesk.db.store import Store

_OPEN = """
import sys
from pathlib import Path
from frontdesk.db.settings import DatabaseSettings
from frontdesk.db.store import Store
with Store.open(DatabaseSettings(), Path(sys.argv[1])) as store:
    with store.connection() as connection:
        row = connection.execute("SELECT count(*) FROM schema_migrations").fetchone()
        print(row[0], flush=True)
    sys.stdin.read()
"""


def _postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def test_several_processes_share_one_server_and_the_last_one_stops_it(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _OPEN, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == str(len(migrations()))
    processes[0].kill()  # a user that dies without a word must not keep the server for ever
    for process in processes:
        process.communicate()
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()


def test_a_killed_server_is_started_again_and_lost_nothing(tmp_path: Path) -> None:
    with Store.open(DatabaseSettings(), tmp_path) as store:
        with store.connection() as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (7)")
        os.kill(_postmaster(tmp_path), signal.SIGKILL)
        time.sleep(0.3)  # its children notice and leave
        with store.connection() as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_a_process_number_that_now_belongs_to_another_does_not_count(tmp_path: Path) -> None:
    Store.open(DatabaseSettings(), tmp_path).close()
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    with Store.open(DatabaseSettings(), tmp_path) as store, store.connection() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_dead_database_gives_one_line_without_the_password() -> None:
    url = "postgresql://someone:secret@127.0.0.1:1/nothing"
    with pytest.raises(StoreError) as caught:
        Store.open(DatabaseSettings(url=url), Path())
    message = str(caught.value)
    assert "127.0.0.1:1" in message and "frontdesk doctor" in message
    assert "secret" not in message and "\n" not in message
    assert "secret" not in repr(DatabaseSettings(url=url))


def test_a_folder_that_cannot_be_written_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be started"):
        Store.open(DatabaseSettings(), tmp_path / "file")


def test_a_broken_cluster_gives_the_reason_of_postgresql(tmp_path: Path) -> None:
    Store.open(DatabaseSettings(), tmp_path).close()
    (tmp_path / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(StoreError, match="12"):
        Store.open(DatabaseSettings(), tmp_path)


def test_migrations_run_once_when_opened_at_once(store: Store) -> None:
    opened: list[int] = []

    def again() -> None:
        with Store.open(DatabaseSettings(url=store.url), Path()) as other:
            with other.connection() as connection:
                row = connection.execute("SELECT count(*) FROM schema_migrations").fetchone()
                opened.append(row[0] if row else 0)

    threads = [threading.Thread(target=again) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == [len(migrations())] * 4


def test_an_exception_rolls_back(store: Store) -> None:
    with pytest.raises(RuntimeError), store.connection() as connection:
        connection.execute("CREATE TABLE undone (n int)")
        raise RuntimeError
    with store.connection() as connection:
        assert connection.execute("SELECT to_regclass('undone')").fetchone() == (None,)
