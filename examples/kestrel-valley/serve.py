"""The website and the wait-times feed of Kestrel Valley Health, on loopback.

    python examples/kestrel-valley/serve.py --port 8765
    python examples/kestrel-valley/serve.py --port 8765 --now 2026-02-11T19:30   # an evening

`/api/waittimes/en` speaks the `ahs` shape: regions hold groups, groups hold records of twelve keys
such as `{"Name": "Avens General Hospital", "WaitTime": "3 hr 12 min", "TimesUnavailable": "False",
...}`. Waits follow the clock and a seed, so the same instant always gives the same answer.
Everything else is the static folder `site/`, written for the origin of the default port.
"""

import argparse
import hashlib
import json
import math
import tomllib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, time, timedelta
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

HERE = Path(__file__).parent
SITE = HERE / "site"
TIMEZONE = ZoneInfo("America/Edmonton")
PORT = 8765
ORIGIN = f"http://127.0.0.1:{PORT}"
FEED = "/api/waittimes/en"
FACTS: dict[str, Any] = tomllib.loads((HERE / "departments.toml").read_text(encoding="utf-8"))
DEPARTMENTS: dict[str, dict[str, Any]] = {row["name"]: row for row in FACTS["department"]}

MOVED = {
    "/waittimes": "/wait-times.html",
    "/parking": "/patients/parking.html",
    "/patients/medical-records.html": "/patients/records.html",
    "/covid": "/services/immunisation.html",
}
GONE = {"/services/travel-health.html", "/news/2025-drive-through-testing.html"}
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
}
TEXT = {".html", ".txt", ".xml"}
SHORTEST = 30
CLOSING_SOON = 2  # hours before the doors close
UNAVAILABLE = "Wait times unavailable"
JOINED = "Name Category WaitTime TimesUnavailable Note Address GoogleMapsLinkDirection URL".split()

Clock = Callable[[], datetime]
Record = dict[str, str | bool | None]


def minutes(department: dict[str, Any], now: datetime) -> int:
    """Whole minutes until a doctor: a daily swell and three slow waves, never under 30."""
    hours = now.timestamp() / 3600
    phases = hashlib.sha256(f"{FACTS['seed']} {department['name']}".encode()).digest()
    swell = 1 + 0.3 * math.cos(math.tau * (now.hour + now.minute / 60 - 19) / 24)
    waves = sum(
        math.sin(math.tau * (hours / period + phase / 256))
        for period, phase in zip((5.3, 11.7, 29.0), phases, strict=False)
    )
    typical: float = department["typical"]
    return max(SHORTEST, round(typical * (swell + 0.1 * waves)))


def label(department: dict[str, Any], now: datetime) -> str:
    """What the feed says in WaitTime: a duration or one of three phrases."""
    if "closes" in department:
        if not department["opens"] <= now.hour < department["closes"]:
            return "Closed"
        if now.hour >= department["closes"] - CLOSING_SOON:
            return "Closing soon"
    hour = f"{FACTS['seed']} {department['name']} {now:%Y-%m-%d %H}"
    draw = hashlib.sha256(hour.encode()).digest()[0] / 256
    if draw < department.get("outages", 0):
        return UNAVAILABLE
    hr, minute = divmod(minutes(department, now), 60)
    return f"{hr} hr {minute} min"


def record(department: dict[str, Any], now: datetime, origin: str) -> Record:
    """One plain record of the feed, its twelve keys in the order of the real one."""
    shown = label(department, now)
    latitude, longitude = department["at"]
    maps = f"https://www.google.com/maps/search/?api=1&query={latitude:.4f},{longitude:.4f}"
    return {
        "Name": department["name"],
        "Category": "Urgent Care" if department["group"] == "Urgent" else "Emergency",
        "WaitTime": shown,
        "TimesUnavailable": str(shown == UNAVAILABLE),
        "SplitFacility": None,
        "SiteId": department["id"],
        "SiteClosingSoon": False,  # like SiteOpen: false on every record, whatever the hour
        "SiteOpen": False,
        "Note": department["note"],
        "Address": department["address"],
        "GoogleMapsLinkDirection": maps,
        "URL": origin + department["path"],
    }


def split_record(now: datetime, origin: str) -> Record:
    """The campus of two departments: values joined by "[;]" by day, one plain record else."""
    split = FACTS["split"]
    children, adults = (record(DEPARTMENTS[name], now, origin) for name in split["members"])
    if not time.fromisoformat(split["from"]) <= now.time() < time.fromisoformat(split["until"]):
        return adults | {"Name": split["plain"]}
    both: Record = {key: f"{children[key]}[;]{adults[key]}" for key in JOINED}
    return adults | both | {"SplitFacility": "[;]".join(split["labels"]), "SiteId": None}


def feed(now: datetime, origin: str = ORIGIN) -> dict[str, dict[str, list[Record]]]:
    """The whole feed at one instant: {region: {"Emergency": [...], "Urgent": [...]}}."""
    now = now.astimezone(TIMEZONE)
    answer: dict[str, dict[str, list[Record]]] = {}
    for key, region in FACTS["regions"].items():
        groups = ["Emergency"] if region["urgent"] == "missing" else ["Emergency", "Urgent"]
        answer[key] = {group: [] for group in groups}
    children, adults = FACTS["split"]["members"]
    for name, department in DEPARTMENTS.items():
        if name == children:
            continue
        row = split_record(now, origin) if name == adults else record(department, now, origin)
        answer[department["region"]][department["group"]].append(row)
    return answer


class Handler(BaseHTTPRequestHandler):
    """GET and HEAD of the feed and of the static folder."""

    server: "SampleServer"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path).replace("\0", "")
        if path == FEED:
            body = json.dumps(feed(self.server.clock(), self.server.origin), indent=1)
            self.reply(HTTPStatus.OK, body.encode(), "application/json; charset=utf-8")
        elif path in GONE:
            self.reply(HTTPStatus.GONE, self.load(SITE / "410.html"), TYPES[".html"])
        elif path in MOVED:
            self.move(MOVED[path])
        else:
            self.static(path)

    do_HEAD = do_GET

    def static(self, path: str) -> None:
        """Answer with a file of the site, a redirect to its right address, or the 404 page."""
        file = (SITE / path.lstrip("/")).resolve()
        if file.is_dir() and not path.endswith("/"):
            return self.move(path + "/")
        file = file / "index.html" if path.endswith("/") else file
        if SITE.resolve() in file.parents and file.is_file():
            return self.send_file(file)
        lower = SITE / path.lower().lstrip("/")
        if path != path.lower() and ".." not in path and lower.is_file():
            return self.move(path.lower())
        return self.reply(HTTPStatus.NOT_FOUND, self.load(SITE / "404.html"), TYPES[".html"])

    def send_file(self, file: Path) -> None:
        """Answer 200 with validators, or 304 when the client's copy is the same."""
        body = self.load(file)
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        modified = int(file.stat().st_mtime)
        headers = {"ETag": etag, "Last-Modified": formatdate(modified, usegmt=True)}
        if self.is_fresh(etag, modified):
            self.reply(HTTPStatus.NOT_MODIFIED, b"", None, headers)
        else:
            kind = TYPES.get(file.suffix, "application/octet-stream")
            self.reply(HTTPStatus.OK, body, kind, headers)

    def is_fresh(self, etag: str, modified: int) -> bool:
        """Whether the request's validators match; the entity tag counts before the date."""
        if tags := self.headers.get("If-None-Match"):
            return etag in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        try:
            since = parsedate_to_datetime(self.headers["If-Modified-Since"] or "")
        except ValueError:
            return False
        return modified <= since.timestamp()

    def load(self, file: Path) -> bytes:
        """Read a file; its links get the origin that this server listens on."""
        old, new = ORIGIN.encode(), self.server.origin.encode()
        return file.read_bytes().replace(old, new) if file.suffix in TEXT else file.read_bytes()

    def move(self, path: str) -> None:
        self.reply(HTTPStatus.MOVED_PERMANENTLY, b"", None, {"Location": self.server.origin + path})

    def reply(
        self, status: int, body: bytes, kind: str | None, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: whoever starts the server reads its own output."""


class SampleServer(ThreadingHTTPServer):
    """A server that knows its clock and the origin it answers for."""

    daemon_threads = True

    def __init__(self, port: int, clock: Clock) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.clock = clock
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"


def make_server(port: int = 0, clock: Clock = lambda: datetime.now(TIMEZONE)) -> SampleServer:
    """A server ready for `serve_forever()`; port 0 takes a free one, told by its `origin`."""
    return SampleServer(port, clock)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the sample organisation on loopback.")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--now", type=datetime.fromisoformat, help="start the clock at this time")
    options = parser.parse_args()
    ahead = timedelta(0)
    if options.now:
        start = options.now if options.now.tzinfo else options.now.replace(tzinfo=TIMEZONE)
        ahead = start - datetime.now(TIMEZONE)
    try:
        served = make_server(options.port, lambda: datetime.now(TIMEZONE) + ahead)
    except OSError as error:
        parser.exit(1, f"serve: port {options.port}: {error.strerror}; choose another: --port\n")
    with served as server:
        print(f"Kestrel Valley Health on {server.origin}", flush=True)
        with suppress(KeyboardInterrupt):
            server.serve_forever()


if __name__ == "__main__":
    main()
