"""Read the words of a scan or a photograph: RapidOCR, which brings its models with it.

An optional extra, `pip install "frontdesk[ocr]"`. It runs on the CPU, offline, some seconds a page.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from frontdesk.db.errors import ExtractError
from frontdesk.db.ingest.dates import stated_date
from frontdesk.db.ingest.document import Block, Document
from frontdesk.db.ingest.language import detect

MISSING = 'install "frontdesk[ocr]" to read it'
LONGEST_SIDE = 1800  # pixels: 150 dots an inch on a page, what ten-point type needs
_MOST_PIXELS = 80_000_000
_SURE = 0.6  # below this a line is a guess


@dataclass(frozen=True)
class Line:
    """One line of text where it stands: pixels from the top left corner."""

    text: str
    left: float
    top: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top


def is_installed() -> bool:
    """Whether the extra is there."""
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


def read_image(body: bytes, name: str) -> Document:
    """Read a picture file. Raises `ExtractError` for one that is broken or shows no words."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    try:
        with Image.open(io.BytesIO(body)) as image:
            image.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
            picture = image.convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ExtractError(f"the image cannot be read ({error})") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise ExtractError("the image is broken") from error
    blocks = paragraphs(recognise(picture))
    if not blocks:
        raise ExtractError("an image without words")
    text = " ".join(block.text for block in blocks)
    return Document(name, blocks, language=detect(text), published_on=stated_date(text))


def recognise(picture: Any) -> list[Line]:
    """Return the lines of a PIL picture, from top to bottom."""
    import numpy as np

    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    found = _engine()(np.asarray(picture))
    if found.boxes is None:
        return []
    lines = [
        Line(text.strip(), float(min(x for x, _ in box)), float(min(y for _, y in box)), _low(box))
        for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        if score >= _SURE and text.strip()
    ]
    return sorted(lines, key=lambda line: (line.top, line.left))


def paragraphs(lines: Sequence[Line]) -> list[Block]:
    """Put lines of like size that stand close together into paragraphs."""
    blocks: list[Block] = []
    before: Line | None = None
    for line in lines:
        if before is not None and _continues(before, line):
            blocks[-1] = Block("paragraph", f"{blocks[-1].text} {line.text}")
        else:
            blocks.append(Block("paragraph", line.text))
        before = line
    return blocks


def _continues(before: Line, line: Line) -> bool:
    like = 0.75 < line.height / max(before.height, 1.0) < 1.33
    near = line.top - before.bottom < 0.6 * before.height
    below = line.top > before.top + 0.5 * before.height
    return like and near and below and abs(line.left - before.left) < 2 * before.height


def _low(box: Any) -> float:
    return float(max(y for _, y in box))


@lru_cache(maxsize=1)
def _engine() -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise ExtractError(f"a picture of text; {MISSING}") from error
    return RapidOCR(params={"Global.log_level": "error", "Global.use_cls": False})
