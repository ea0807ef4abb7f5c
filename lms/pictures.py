"""Pictures without what their files carry along: where they were taken, by whom, with what; nothing behind their end.

JPEG: ITU-T T.81 Annex B (segments); of the application segments only colour profiles (APP2 ICC) and Adobe's colour
transform (APP14) stay. PNG: W3C PNG, third edition, chapter 11 (chunks); only those that say how to draw stay.
Pixels are not touched, except where a picture is only upright by the grace of its metadata.
"""

import importlib
import io
import struct
from collections.abc import Iterator
from typing import Any

PIXELS_AT_MOST = 80_000_000

_PNG = b"\x89PNG\r\n\x1a\n"
_DRAWN = frozenset(
    (
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"cHRM",
        b"gAMA",
        b"iCCP",
        b"sBIT",
        b"sRGB",
        b"cICP",
        b"bKGD",
        b"pHYs",
    )
)


class BadPicture(ValueError):
    """The file is no picture that can be taken apart."""


def cleaned(data: bytes, kind: str) -> bytes:
    """The same picture without its metadata; ``kind`` is "jpg" or "png". Raises BadPicture."""
    if kind == "png":
        return _png(data)
    turned = _orientation(data)
    return _upright(data) if turned not in (0, 1) else _jpeg(data)


def _png(data: bytes) -> bytes:
    parts = [_PNG]
    at = len(_PNG)
    if data[:at] != _PNG:
        raise BadPicture("no PNG")
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        name, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            raise BadPicture("cut off")
        if name in _DRAWN:
            parts.append(data[at:end])
        at = end
        if name == b"IEND":
            return b"".join(parts)
    raise BadPicture("no end")


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of what stands before the picture's lines; the last one is SOS (0xDA)."""
    if data[:2] != b"\xff\xd8":
        raise BadPicture("no JPEG")
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise BadPicture("no marker")
        marker = data[at + 1]
        if marker == 0xFF:  # fill
            at += 1
            continue
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise BadPicture("cut off")
        yield marker, at, end
        if marker == 0xDA:
            return
        at = end
    raise BadPicture("no lines")


def _jpeg(data: bytes) -> bytes:
    parts = [b"\xff\xd8"]
    for marker, start, end in _segments(data):
        body = data[start + 4 : end]
        if marker == 0xDA:
            parts.append(data[start : _end_of_lines(data, end)])
            break
        application = 0xE0 <= marker <= 0xEF
        kept = marker in (0xE0, 0xEE) or (marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"))
        if (not application or kept) and marker != 0xFE:
            parts.append(data[start:end])
    return b"".join(parts)


def _end_of_lines(data: bytes, at: int) -> int:
    """Behind the end-of-image marker: what follows it (a second picture, a program) is not the picture.

    Between the scans of a progressive picture stand segments, whose bytes may look like the end: they are skipped.
    """
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise BadPicture("no end")
        marker = data[at + 1]
        if marker == 0xD9:
            return at + 2
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD7:
            at += 1 if marker == 0xFF else 2
            continue
        if at + 4 > len(data):
            raise BadPicture("cut off")
        at += 2 + max(2, struct.unpack(">H", data[at + 2 : at + 4])[0])


def _orientation(data: bytes) -> int:
    """The EXIF orientation (1 upright), 0 where there is none or it cannot be read."""
    for marker, start, end in _segments(data):
        body = data[start + 4 : end]
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            return _tag(body[6:])
    return 0


def _tag(tiff: bytes) -> int:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        if order is None:
            return 0
        (at,) = struct.unpack(f"{order}I", tiff[4:8])
        (count,) = struct.unpack(f"{order}H", tiff[at : at + 2])
        for index in range(min(count, 200)):
            entry = tiff[at + 2 + 12 * index : at + 14 + 12 * index]
            tag, kind = struct.unpack(f"{order}HH", entry[:4])
            if (tag, kind) == (0x0112, 3):
                return int(struct.unpack(f"{order}H", entry[8:10])[0])
    except struct.error:
        return 0
    return 0


def _upright(data: bytes) -> bytes:
    """The picture turned as its metadata asks, drawn anew without them."""
    image_module: Any = importlib.import_module("PIL.Image")
    ops: Any = importlib.import_module("PIL.ImageOps")
    try:
        with image_module.open(io.BytesIO(data), formats=("JPEG",)) as opened:
            if opened.width * opened.height > PIXELS_AT_MOST:
                raise BadPicture("too many pixels")
            image = ops.exif_transpose(opened)
            profile = opened.info.get("icc_profile")
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=92, icc_profile=profile, exif=b"")
    except BadPicture:
        raise
    except Exception as error:  # a broken or hostile file fails anywhere in the library
        raise BadPicture(type(error).__name__) from error
    return stream.getvalue()
