"""Open the front desk of this sample organisation: what `make chat` runs.

    python examples/kestrel-valley/open.py
    python examples/kestrel-valley/open.py --port 8601 --site-port 8866 --no-browser

Serves the website and the wait-times feed of serve.py on loopback, makes ready what is not ready
yet, and opens the chat. Ctrl-C ends all of it.
"""

import argparse
import json
import os
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE))  # serve.py is beside this file, and no package

import serve  # noqa: E402

from frontdesk.ui.chat_command import PORT, open_page, require_free  # noqa: E402
from frontdesk.ui.failure import one_line  # noqa: E402

TITLES = {
    "database": "database",
    "encoder": "embedding model",
    "directory": "directory",
    "website": "website",
}


def main() -> int:
    """Open the desk; return the exit code."""
    options = parsed()
    os.environ["FRONTDESK_CONFIG"] = str(HERE / "frontdesk.toml")
    if options.site_port != serve.PORT:
        os.environ.update(moved(options.site_port))
    began = time.monotonic()
    try:
        require_free(options.port)
        require_free(options.site_port, "the sample website", "--site-port")
        with serve.make_server(options.site_port) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            print(f"[1/6] sample website and feed on {server.origin}", flush=True)
            prepare()
            print(f"[6/6] the chat opens after {time.monotonic() - began:.1f} s", flush=True)
            open_page(None, options.port, browser=options.browser)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # the outermost edge: one line, as the command line does it
        if options.debug:
            raise
        print(f"frontdesk: {one_line(error)}", file=sys.stderr)
        return 1
    print("closed")
    return 0


def parsed() -> argparse.Namespace:
    """Return the options of the line."""
    parser = argparse.ArgumentParser(description="Open the front desk of the sample organisation.")
    parser.add_argument("--port", type=int, default=PORT, help="of the chat")
    parser.add_argument("--site-port", type=int, default=serve.PORT, help="of the sample website")
    parser.add_argument("--no-browser", dest="browser", action="store_false")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    return parser.parse_args()


def moved(port: int) -> dict[str, str]:
    """Return the settings, as environment variables, of a sample website on another port."""
    host = f"127.0.0.1:{port}"
    return {
        "FRONTDESK_SITE__START_URLS": json.dumps([f"http://{host}/"]),
        "FRONTDESK_SITE__ALLOW": json.dumps([f"http://{host}/*"]),
        "FRONTDESK_SITE__DENY": json.dumps([f"http://{host}/api/*"]),
        "FRONTDESK_SITE__TRUSTED_HOSTS": json.dumps([host]),
        "FRONTDESK_WAIT_TIMES__URL": f"http://{host}{serve.FEED}",
        "FRONTDESK_WAIT_TIMES__PAGE_URL": f"http://{host}/wait-times.html",
    }


def prepare() -> None:
    """Make ready what is not ready, one line a step with the seconds that it took."""
    from frontdesk.graphs import Settings
    from frontdesk.graphs.prepare import Step, prepare

    live = sys.stdout.isatty()
    numbers = {name: number for number, name in enumerate(TITLES, 2)}

    def tell(step: Step) -> None:
        line = f"[{numbers[step.name]}/6] {TITLES[step.name]}"
        if step.state == "done":
            print(f"{line}: {step.detail} ({step.seconds:.1f} s)".ljust(79), flush=True)
        elif live:
            print(f"{line}: {step.detail or 'working'}".ljust(79), end="\r", flush=True)

    prepare(Settings.load(), tell)


if __name__ == "__main__":
    sys.exit(main())
