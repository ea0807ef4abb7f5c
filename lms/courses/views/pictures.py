"""Sending a course's pictures and downloads, after a view has decided that they may be seen."""

from __future__ import annotations

from flask import Response, abort, current_app, request, send_file

from lms import files
from lms.courses.models import course_file
from lms.web import SANDBOX

SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/svg+xml"})
"""What browsers may show in the page; everything else is saved as a file."""

YEAR, DAY = 365 * 24 * 3600, 24 * 3600


def send(version_id: int, name: str, *, shared: bool = False) -> Response:
    """One file of a version; ``shared`` lets proxies keep what anybody may see. 404 when there is none.

    Lessons ask for ``?v=<version id>``, which never changes and is kept for a year. A bare address has other
    bytes once a cohort moves to a newer version: it is asked again after a day, by its hash. An SVG can hold
    scripts: opened by itself it runs in a sandbox.
    """
    found = course_file(version_id, name)
    if found is None:
        abort(404)
    sha256, media_type = found
    if sha256 in request.if_none_match:
        response = Response(status=304)
        response.set_etag(sha256)
    else:
        try:
            stream = files.store().open(sha256)
        except FileNotFoundError:
            current_app.logger.error("the bytes of course file %s are missing", sha256)
            abort(404)
        response = send_file(
            stream,
            mimetype=media_type,
            as_attachment=media_type not in SHOWN,
            download_name=name,
            etag=sha256,
        )
    kept = f"max-age={YEAR}, immutable" if request.args.get("v") == str(version_id) else f"max-age={DAY}"
    response.headers["Cache-Control"] = f"{'public' if shared else 'private'}, {kept}"
    response.headers["Content-Security-Policy"] = SANDBOX
    return response
