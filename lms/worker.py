"""The worker: Huey runs the sweeps every minute, from a SQLite file or, by setting, from Redis."""

from __future__ import annotations

import importlib
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask

from lms import files, mail
from lms.extensions import db, open_database, utcnow
from lms.memory import keep_little
from lms.notices.jobs import Sweep, beat, sweeps
from lms.projects import previews
from lms.settings import Settings, SettingsError, read

ROOT = Path(__file__).resolve().parent.parent
CANNOT_BOOT = 3


def make_app(settings: Settings) -> Flask:
    """An app with the database and the files and no page: what sweeps do knows no others."""
    app = Flask("lms", instance_path=str(settings.instance), static_folder=None)
    app.config.update(SECRET_KEY=settings.secret_key, LMS=settings)
    open_database(app, settings)
    files.configure(settings.storage_url, settings.instance / "uploads")
    return app


def run_sweep(app: Flask, name: str, sweep: Sweep) -> None:
    """Run one sweep in an app context and write down that it did."""
    with app.app_context():
        try:
            sweep(utcnow())
            beat(name, now=utcnow())
        finally:
            db.session.remove()


def load_huey(settings: Settings) -> Any:
    """The queue library. It loads the clients of all its storages where they are installed, used or not."""
    unused = {"redis": not settings.redis_url, "psycopg": settings.database_url.startswith("sqlite")}
    hidden = [name for name, hide in unused.items() if hide and name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # as if it was not installed
    try:
        return importlib.import_module("huey")
    finally:
        for name in hidden:
            del sys.modules[name]


def make_queue(huey: Any, settings: Settings) -> Any:
    """The queue that the periodic tasks are counted in."""
    if settings.redis_url:
        return huey.RedisHuey("lms", url=settings.redis_url)
    return huey.SqliteHuey("lms", filename=str(settings.instance / "queue.db"))


def run(app: Flask) -> None:
    """Run every sweep once, then each minute, until a signal ends the process."""
    settings: Settings = app.config["LMS"]
    huey = load_huey(settings)
    queue = make_queue(huey, settings)
    backend = mail.backend(settings.mail_url)
    pages = settings.instance / previews.FOLDER
    for name, sweep in sweeps(backend, settings.mail_from, pages, settings.clamav).items():
        run_sweep(app, name, sweep)
        queue.periodic_task(huey.crontab(), name=f"sweep-{name}")(partial(run_sweep, app, name, sweep))
    consumer = importlib.import_module("huey.consumer")
    consumer.Consumer(queue, workers=1, periodic=True, initial_delay=0.2, backoff=1.2, max_delay=5.0).run()


def main() -> None:
    """The process of ``python -m lms.worker`` and ``flask worker``."""
    try:
        settings = read(os.environ, ROOT)
    except SettingsError as error:
        print(f"Belajar ASN tidak dijalankan. {error}", file=sys.stderr)
        sys.exit(CANNOT_BOOT)
    keep_little()
    run(make_app(settings))


if __name__ == "__main__":
    main()
