"""Have a vision model say what the images of a page show, through an OpenAI-compatible server.

Its words are not the site's: they are embedded, so that a question finds the passage that the
image belongs to, and never shown or quoted. What holds a digit or an address is dropped.
"""

import base64
import re
import threading
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import httpx

from frontdesk.db.errors import FetchError
from frontdesk.db.ingest.client import GuardedClient
from frontdesk.db.ingest.document import Block, Document, Image
from frontdesk.db.ingest.sentences import sentences

_ASKED = "Say in one or two plain sentences what this image shows. Do not read out numbers."
_MOST_IMAGES = 6  # of one page
_MOST_BYTES = 5 * 1024 * 1024
_FEWEST_BYTES = 2048  # an icon
_TIMEOUT = 60.0
_LITERAL = re.compile(r"\d|@|://|www\.")
_KINDS = ("image/png", "image/jpeg", "image/webp", "image/gif")


class ImageDescriber:
    """Describes images, each once a run. Thread safe."""

    def __init__(self, client: GuardedClient, url: str, model: str, key: str = "") -> None:
        self._client = client
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._model = model
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(headers=headers, timeout=_TIMEOUT, trust_env=False)
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()

    def describe(self, document: Document) -> Document:
        """Return the document with a description after each image that says something.

        What cannot be described is a warning, and stays known by its words alone.
        """
        blocks = list(document.blocks)
        warnings = list(document.warnings)
        for image in reversed(document.images[:_MOST_IMAGES]):
            try:
                text = self._described(image)
            except FetchError as error:
                warnings.append(f"the image {image.url} is not described ({error.reason})")
                continue
            if text:
                blocks.insert(image.at, Block("description", text))
        return replace(document, blocks=blocks, warnings=tuple(warnings))

    def _described(self, image: Image) -> str:
        with self._lock:
            if image.url not in self._known:
                self._known[image.url] = self._ask(image)
            return self._known[image.url]

    def _ask(self, image: Image) -> str:
        fetched = self._client.get(image.url, max_bytes=_MOST_BYTES)
        if not fetched.ok:
            raise FetchError(image.url, f"the server answers {fetched.status}")
        if fetched.content_type not in _KINDS or len(fetched.body) < _FEWEST_BYTES:
            return ""
        data = base64.b64encode(fetched.body).decode("ascii")
        shown = {"url": f"data:{fetched.content_type};base64,{data}"}
        asked: list[dict[str, Any]] = [
            {"type": "text", "text": _ASKED},
            {"type": "image_url", "image_url": shown},
        ]
        return plain_words(self._answer(image.url, asked))

    def _answer(self, url: str, asked: list[dict[str, Any]]) -> str:
        request = {
            "model": self._model,
            "max_tokens": 120,
            "temperature": 0,
            "messages": [{"role": "user", "content": asked}],
        }
        try:
            answer = self._http.post(self._url, json=request).raise_for_status().json()
            return str(answer["choices"][0]["message"]["content"] or "")
        except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
            reason = str(error) or type(error).__name__
            raise FetchError(url, f"the vision model does not answer: {reason[:200]}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()


def plain_words(text: str) -> str:
    """Keep the sentences of a description that state nothing which could be taken for a fact."""
    said = sentences(" ".join(text.split()))
    return " ".join(sentence for sentence in said if not _LITERAL.search(sentence))[:600]
