"""An invented town's website on loopback, in a process of its own, with validators.

    python tests/bench/town_site.py 1000      prints its address, serves until it is ended

Page n is the same whenever it is asked for. Each has a menu, a footer, three sections, a table and
links to the next pages; it answers 304 to its ETag.
"""

import hashlib
import random
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PLACES = "library pool rink museum arena garden clinic depot hall market school station".split()
_DOES = "opens closes lends repairs welcomes offers collects teaches delivers stores".split()
_WHAT = "skis tickets permits seeds maps tools lessons parcels records keys boats lamps".split()
_WHO = "families visitors students neighbours drivers members children volunteers".split()
_WHEN = "in winter,on weekdays,before noon,after six,every Monday,by appointment".split(",")


def sentence(words: random.Random) -> str:
    """One sentence that reads like a town's."""
    place, what, who = words.choice(_PLACES), words.choice(_WHAT), words.choice(_WHO)
    return (
        f"The {place} on street {words.randrange(1, 900)} {words.choice(_DOES)} {what} for {who}"
        f" {words.choice(_WHEN)}."
    )


def page(number: int, pages: int) -> bytes:
    """The HTML of one page."""
    words = random.Random(number)
    links = "".join(
        f'<li><a href="/page/{(number * 7 + step) % pages}">Page {(number * 7 + step) % pages}</a>'
        for step in range(1, 9)
    )
    sections = "".join(
        f"<h2>{words.choice(_WHAT).title()} and {words.choice(_WHAT)}</h2>"
        f"<p>{' '.join(sentence(words) for _ in range(4))}</p>"
        for _ in range(3)
    )
    rows = "".join(
        f"<tr><td>{day}</td><td>{words.randrange(6, 11)} am</td></tr>"
        for day in ("Monday", "Friday")
    )
    return (
        f"<!doctype html><html lang=en><head><title>Page {number} | Town</title></head><body>"
        f"<header><nav><ul>{links}</ul></nav></header><main><h1>Page {number}</h1>{sections}"
        f"<table><tr><th>Day</th><th>From</th></tr>{rows}</table></main>"
        "<footer><p>Copyright of the town.</p></footer></body></html>"
    ).encode()


def make_server(pages: int) -> ThreadingHTTPServer:
    """The website on a free port of loopback."""
    bodies = {f"/page/{n}": page(n, pages) for n in range(pages)}
    bodies["/"] = page(0, pages)
    tags = {path: f'"{hashlib.sha256(body).hexdigest()[:16]}"' for path, body in bodies.items()}
    locations = "".join(f"<url><loc>http://HOST/page/{n}</loc></url>" for n in range(pages))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = bodies.get(self.path, b"")
            if self.path == "/sitemap.xml":
                body = locations.replace("HOST", str(self.headers["Host"])).encode()
            same = body and self.headers.get("If-None-Match") == tags.get(self.path)
            self.send_response(304 if same else 200 if body else 404)
            if self.path in tags:
                self.send_header("ETag", tags[self.path])
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", "0" if same else str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if same else body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing of each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    return server


if __name__ == "__main__":
    site = make_server(int(sys.argv[1]))
    print(f"127.0.0.1:{site.server_address[1]}", flush=True)
    site.serve_forever()
