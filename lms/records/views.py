"""A learner's grades, and the public verification of receipts."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.guard import person, public, signed_in
from lms.projects.receipt import signing_key
from lms.records.models import receipt, records_of

blueprint = Blueprint("records", __name__)


@blueprint.get("/nilai")
@signed_in
def grades() -> ResponseReturnValue:
    """The signed-in learner's released grades, by cohort."""
    return render_template("records/grades.html", records=records_of(person().id))


def _tidy(code: str) -> str:
    return "".join(code.split()).upper()[:40]


@blueprint.get("/verifikasi")
@public
def verify_form() -> ResponseReturnValue:
    """Ask for a code."""
    code = _tidy(request.args.get("kode", ""))
    if code:
        return redirect(url_for("records.verify", code=code))
    return render_template("records/verify.html", code="", found=None)


@blueprint.get("/verifikasi/<code>")
@public
def verify(code: str) -> ResponseReturnValue:
    """Whether a receipt is genuine and its signature stands, without names and without the work itself."""
    keys = [signing_key(secret) for secret in current_app.config["LMS"].secret_keys]
    found = receipt(_tidy(code), keys)
    page = render_template("records/verify.html", code=_tidy(code), found=found)
    return page, 200 if found else 404
