"""Opens files of other people in a process that may die: ``python -m lms.projects.render``.

One request as JSON on standard input, {kind, path} and what the kind needs; one answer as JSON on standard output, ended by a
line feed, then the bytes of a picture where there is one. The process bounds its own time and memory, has no
database and knows no secret.
"""

import contextlib
import io
import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

CPU_SECONDS = 20
MEMORY = 1536 * 1024 * 1024
PIXELS_AT_MOST = 60_000_000
WIDE = 1400
"""Pixels across of a page's picture."""
PAGES_AT_MOST = 400
SPANS_AT_MOST = 3_000
SHEETS, ROWS, COLUMNS = 10, 300, 40
CELL = 500


def pdf(path: Path, page: int) -> tuple[dict[str, Any], bytes]:
    """One page (from 0) as PNG, with the lines of its text and where they stand in points of the page."""
    pdfium = import_module("pypdfium2")
    file = pdfium.PdfDocument(str(path))
    pages = len(file)
    at = min(max(page, 0), pages - 1)
    sheet = file[at]
    width, height = sheet.get_size()
    scale = min(WIDE / max(width, 1), 4.0, (PIXELS_AT_MOST / max(width * height, 1)) ** 0.5)
    picture = sheet.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    stream = io.BytesIO()
    picture.quantize(64).save(stream, "PNG", compress_level=6)
    text = sheet.get_textpage()
    spans = []
    for index in range(min(text.count_rects(), SPANS_AT_MOST)):
        left, bottom, right, top = text.get_rect(index)
        words = text.get_text_bounded(left, bottom, right, top).strip()
        if words:
            spans.append(
                [
                    round(left, 1),
                    round(height - bottom, 1),
                    round(right - left, 1),
                    round(top - bottom, 1),
                    words,
                ]
            )
    facts = {"pages": min(pages, PAGES_AT_MOST), "page": at, "width": width, "height": height, "spans": spans}
    return facts, stream.getvalue()


def picture(path: Path) -> tuple[dict[str, Any], bytes]:
    """A picture drawn anew: upright, no larger than a screen, without what else its file may carry."""
    image_module: Any = import_module("PIL.Image")
    ops: Any = import_module("PIL.ImageOps")
    image_module.MAX_IMAGE_PIXELS = PIXELS_AT_MOST
    with image_module.open(path) as opened:
        image = ops.exif_transpose(opened).convert("RGBA")
    image.thumbnail((1600, 1600))
    flat = image_module.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A"))
    stream = io.BytesIO()
    flat.save(stream, "PNG", compress_level=6)
    return {"pages": 1, "page": 0, "width": flat.width, "height": flat.height, "spans": []}, stream.getvalue()


def word(path: Path) -> dict[str, Any]:
    """The Markdown of a Word file and what was left out."""
    read = import_module("lms.projects.wordfile").read(path)
    return {"text": read.text, "lost": read.lost, "cut": read.cut}


def sheets(path: Path) -> dict[str, Any]:
    """The cells of a workbook as they are shown, sheet by sheet."""
    openpyxl = import_module("openpyxl")
    book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    found = []
    for sheet in book.worksheets[:SHEETS]:
        sheet.reset_dimensions()
        rows: list[list[str]] = []
        more = False
        for row in sheet.iter_rows(max_row=ROWS + 1, max_col=COLUMNS, values_only=True):
            if len(rows) == ROWS:
                more = True
                break
            rows.append(["" if value is None else str(value)[:CELL] for value in row])
        while rows and not any(rows[-1]):
            rows.pop()
        wide = max((at + 1 for row in rows for at, value in enumerate(row) if value), default=0)
        cells = [[*row[:wide], *[""] * (wide - len(row))] for row in rows]
        found.append({"title": str(sheet.title)[:80], "rows": cells, "more": more})
    return {"sheets": found, "more": len(book.worksheets) > SHEETS}


def table(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """What a workbook would bring to the table section of the request, or why it cannot be read ("bad")."""
    msgspec, workbook = import_module("msgspec"), import_module("lms.projects.workbook")
    section = msgspec.convert(request["section"], import_module("lms.projects.source").TableSection)
    try:
        found: dict[str, Any] = msgspec.to_builtins(
            workbook.read(path.read_bytes(), section, request["choices"])
        )
    except workbook.BadWorkbook as error:
        return {"bad": error.reason}
    return found


def answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """What a request asks for. Raises whatever the file makes a library raise."""
    path = Path(request["path"])
    match request["kind"]:
        case "pdf":
            return pdf(path, int(request.get("page", 0)))
        case "png" | "jpg":
            return picture(path)
        case "docx":
            return word(path), b""
        case "xlsx":
            return sheets(path), b""
        case "table":
            return table(path, request), b""
        case "bare-pdf":
            return {}, import_module("lms.projects.bare").pdf(str(path))
        case "bare-docx" | "bare-xlsx":
            return {}, import_module("lms.projects.bare").office(path.read_bytes())
    raise ValueError(request["kind"])


def _bound() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # where the system knows no limits
        resource = import_module("resource")
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(answer: Callable[[dict[str, Any]], tuple[dict[str, Any], bytes]]) -> None:
    """Answer the one request on standard input, within bounds."""
    _bound()
    out = sys.stdout.buffer
    try:
        facts, blob = answer(json.loads(sys.stdin.read()))
    except Exception as error:  # whatever it was, the file could not be shown
        facts, blob = {"error": type(error).__name__}, b""
    out.write(json.dumps(facts).encode() + b"\n" + blob)
    out.flush()


if __name__ == "__main__":
    serve(answer)
