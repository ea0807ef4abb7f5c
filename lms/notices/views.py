"""The health page, for monitors."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from lms import files
from lms.extensions import db, utcnow
from lms.guard import public
from lms.notices.models import Heartbeat

blueprint = Blueprint("notices", __name__)
WORKER_SILENT = timedelta(minutes=5)


@blueprint.get("/sehat")
@public
def health() -> ResponseReturnValue:
    """Whether database, storage and worker answer: 200 when people can work, 503 when they cannot.

    A silent worker delays mail but stops nobody, so it is reported without failing the page.
    """
    state = {"database": _database(), "storage": _storage(), "worker": "unknown"}
    if state["database"] == "ok":
        last = db.session.scalar(select(Heartbeat.at).where(Heartbeat.name == "mail"))
        alive = last is not None and utcnow() - last < WORKER_SILENT
        state["worker"] = "ok" if alive else "silent"
    state["version"] = current_app.config["LMS"].version
    works = state["database"] == "ok" and state["storage"] == "ok"
    return jsonify(state), 200 if works else 503


def _database() -> str:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        db.session.rollback()
        return "down"
    return "ok"


def _storage() -> str:
    try:
        return "ok" if files.store().healthy() else "down"
    except Exception:  # whatever the storage client raises means the same to a monitor
        return "down"
