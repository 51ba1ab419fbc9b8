"""Undo a response's compression without ever holding more than the limit.

A zip bomb is a few kilobytes that unpack to gigabytes, so the unpacked size is counted as it
grows, and layers of encodings are refused.
"""

import zlib

_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_STEP = 256 * 1024


class TooLarge(Exception):
    """The body is larger than the limit; the message says which."""


class UnknownEncoding(Exception):
    """The server used an encoding that was not asked for, or broke the one it named."""


class BoundedDecoder:
    """Collects a body of at most `max_bytes`, packed and unpacked alike."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        name = encoding.strip().lower()
        if name not in _WINDOW and name not in ("", "identity"):
            raise UnknownEncoding(f"content encoding {encoding!r} was not asked for")
        self._encoding = name
        self._max_bytes = max_bytes
        self._body = bytearray()
        self._received = 0
        self._unpack = zlib.decompressobj(_WINDOW[name]) if name in _WINDOW else None

    def feed(self, data: bytes) -> None:
        """Take the next bytes as they came. Raises `TooLarge`, `UnknownEncoding`."""
        self._received += len(data)
        if self._received > self._max_bytes:
            raise TooLarge(f"larger than the limit of {self._max_bytes} bytes")
        if self._unpack is None:
            self._body += data
            return
        first = self._received == len(data)
        if first and self._encoding == "deflate" and data and data[0] & 0x0F != 8:
            self._unpack = zlib.decompressobj(-zlib.MAX_WBITS)  # deflate without zlib's header
        while data:
            try:
                self._body += self._unpack.decompress(data, _STEP)
            except zlib.error as error:
                raise UnknownEncoding(f"broken {self._encoding} data") from error
            if len(self._body) > self._max_bytes:
                raise TooLarge(f"unpacks to more than the limit of {self._max_bytes} bytes")
            data = self._unpack.unconsumed_tail

    def body(self) -> bytes:
        """Return what was collected. Raises `UnknownEncoding` when the stream was cut short."""
        if self._unpack is not None and self._received:
            self._body += self._unpack.flush()
            if not self._unpack.eof:
                raise UnknownEncoding(f"the {self._encoding} data ends too early")
        return bytes(self._body)
