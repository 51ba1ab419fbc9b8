"""The optional readers of a run: for scans, for pages of JavaScript, for images."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from frontdesk.db.errors import ExtractError
from frontdesk.db.ingest import ocr
from frontdesk.db.ingest.client import GuardedClient
from frontdesk.db.ingest.document import Document
from frontdesk.db.ingest.fetched import Fetched
from frontdesk.db.ingest.render import MISSING, Renderer, RenderError, browser_path
from frontdesk.db.ingest.sources import SourceError
from frontdesk.db.ingest.vision import ImageDescriber
from frontdesk.db.settings import SiteSettings

_NEXT_TO_NOTHING = 25  # words; a page with fewer, and with scripts, is an empty shell


@dataclass(frozen=True)
class Aids:
    """What may help to read a document; by default, nothing does."""

    ocr: bool = False
    javascript: str = "never"
    renderer: Renderer | None = None
    describer: ImageDescriber | None = None

    def wants_rendering(self, fetched: Fetched, document: Document | None) -> bool:
        """Whether the page as it was served is not all that a person sees."""
        html = "html" in fetched.content_type or fetched.body[:200].lstrip()[:1] == b"<"
        if self.javascript == "never" or not html:
            return False
        if self.javascript == "always":
            return True
        return b"<script" in fetched.body.lower() and _words(document) < _NEXT_TO_NOTHING

    def rendered(self, fetched: Fetched) -> Fetched:
        """Return the page as its scripts leave it. Raises `ExtractError`."""
        if self.renderer is None:
            raise ExtractError(MISSING)
        try:
            html = self.renderer.render(fetched)
        except RenderError as error:
            raise ExtractError(f"it is filled in by JavaScript, and {error}") from error
        headers = {**fetched.headers, "content-type": "text/html; charset=utf-8"}
        return replace(fetched, body=html, headers=headers)

    def described(self, document: Document) -> Document:
        """Return the document with its images described, when a model for that is set."""
        return self.describer.describe(document) if self.describer else document


@contextmanager
def open_aids(settings: SiteSettings, client: GuardedClient) -> Iterator[Aids]:
    """Lend what is installed and wanted. Raises `SourceError` for what is wanted but missing."""
    with ExitStack() as stack:
        renderer = describer = None
        if settings.render_javascript != "never":
            executable = browser_path()
            if executable is not None:
                seconds, size = settings.timeout_seconds, settings.max_page_bytes
                renderer = stack.enter_context(
                    Renderer(client, executable, timeout=seconds, max_bytes=size)
                )
            elif settings.render_javascript == "always":
                raise SourceError(f'[site] render_javascript = "always": {MISSING}')
        if settings.ocr == "always" and not ocr.is_installed():
            raise SourceError(f'[site] ocr = "always": the extra is missing; {ocr.MISSING}')
        if settings.vision_url:
            key = settings.vision_key.get_secret_value()
            describer = stack.enter_context(
                ImageDescriber(client, settings.vision_url, settings.vision_model, key)
            )
        yield Aids(reads_scans(settings), settings.render_javascript, renderer, describer)


def reads_scans(settings: SiteSettings) -> bool:
    """Whether scanned pages and picture files are read."""
    return settings.ocr != "never" and ocr.is_installed()


def _words(document: Document | None) -> int:
    return sum(len(b.text.split()) for b in document.blocks) if document else 0
