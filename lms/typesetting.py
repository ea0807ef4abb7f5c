"""PDFs set by Typst from a template of ours and data alone."""

import importlib
from pathlib import Path
from typing import Any

import msgspec


def typeset(template: Path, data: Any) -> bytes:
    """The PDF's bytes; the template finds ``data`` as JSON in its input of that name.

    Nothing else is read: no packages, no files, no system fonts, no clock.
    """
    # loaded when the first document is asked for: the typesetter is large
    typst = importlib.import_module("typst")
    made: bytes = typst.compile(
        str(template),
        root=str(template.parent),
        ignore_system_fonts=True,
        timestamp=0,
        sys_inputs={"data": msgspec.json.encode(data).decode()},
    )
    return made
