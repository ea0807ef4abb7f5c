"""A file that is looked into once and kept nowhere: what it would bring into a section is shown before it counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lms import files
from lms.projects.models import Workspace
from lms.projects.source import Section
from lms.projects.views.workspace import show
from lms.refusals import Refused

AT_MOST = 3 * 1024 * 1024


@contextmanager
def received(kind: str, missing: str) -> Iterator[files.Upload]:
    """The uploaded file, of this kind, until the block ends. Raises Refused; ``missing`` says that none was chosen."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Refused(missing)
    upload = files.receive(
        sent.stream,  # type: ignore[arg-type]  # Werkzeug says IO[bytes]
        sent.filename,
        accept=(kind,),
        max_bytes=AT_MOST,
    )
    try:
        yield upload
    finally:
        upload.path.unlink(missing_ok=True)


def locked(work: Workspace, section: Section) -> ResponseReturnValue:
    """The section's page, because nothing can be brought into it now."""
    problem = _("Bagian ini sedang dikunci, jadi tidak dapat diisi dari berkas.")
    return show(work, section, problem=problem), 409
