"""Gzip put together from parts: what never changes is compressed once, what is new is compressed around it.

Compressing a lesson's text again for every reader took as long as its four SQL statements together.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_POLYNOMIAL = 0xEDB88320  # CRC-32's, bits reversed
_X_TO_0, _X_TO_1 = 1 << 31, 1 << 30


@dataclass(frozen=True, slots=True)
class Kept:
    """A part in compressed form: a piece of a DEFLATE stream that starts and ends on a byte and refers to nothing else.

    ``shift`` carries the checksum of whatever stands before across this part's ``size`` bytes.
    """

    deflated: bytes
    checksum: int
    shift: int
    size: int

    def plain(self) -> bytes:
        """The bytes that were compressed."""
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(self.deflated)


def keep(content: bytes, level: int = 9) -> Kept:
    """Compress a part, by default as well as can be: it is done once."""
    squeezer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = squeezer.compress(content) + squeezer.flush(zlib.Z_FULL_FLUSH)
    return Kept(deflated, zlib.crc32(content), _shift(len(content)), len(content))


def gzipped(parts: Iterable[bytes | Kept], level: int = 3) -> bytes:
    """One gzip file of all parts in order; ``level`` is for those that are not compressed yet."""
    squeezer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    stream = [_HEADER]
    checksum = size = 0
    for part in parts:
        if isinstance(part, Kept):
            # a full flush ends on a byte and forgets: nothing behind it reaches back across the part put in between
            stream += (squeezer.flush(zlib.Z_FULL_FLUSH), part.deflated)
            checksum = _times(part.shift, checksum) ^ part.checksum
            size += part.size
        else:
            stream.append(squeezer.compress(part))
            checksum = zlib.crc32(part, checksum)
            size += len(part)
    stream += (squeezer.flush(), struct.pack("<II", checksum, size & 0xFFFFFFFF))
    return b"".join(stream)


# The checksum of two texts in a row follows from those of each: CRC-32 is a remainder of polynomials over GF(2), so the
# first one is multiplied by x to the number of bits that follow, modulo the CRC's polynomial, and the second added.


def _times(a: int, b: int) -> int:
    product = 0
    while a:
        if a & _X_TO_0:
            product ^= b
        a = (a << 1) & 0xFFFFFFFF
        b = (b >> 1) ^ _POLYNOMIAL if b & 1 else b >> 1
    return product


def _shift(size: int) -> int:
    """x to the power of 8 · size."""
    result, power = _X_TO_0, _X_TO_1
    bits = 8 * size
    while bits:
        if bits & 1:
            result = _times(power, result)
        power = _times(power, power)
        bits >>= 1
    return result
