"""The worker: Huey runs the sweeps every minute, from a SQLite file or, by setting, from Redis."""

from __future__ import annotations

from functools import partial

from flask import Flask
from huey import Huey, RedisHuey, SqliteHuey, crontab
from huey.consumer import Consumer

from lms import mail
from lms.extensions import db, utcnow
from lms.notices.jobs import Sweep, beat, sweeps
from lms.settings import Settings


def run_sweep(app: Flask, name: str, sweep: Sweep) -> None:
    """Run one sweep in an app context and write down that it did."""
    with app.app_context():
        try:
            sweep(utcnow())
            beat(name, now=utcnow())
        finally:
            db.session.remove()


def make_huey(settings: Settings) -> Huey:
    """The queue that the periodic tasks are counted in."""
    if settings.redis_url:
        return RedisHuey("lms", url=settings.redis_url)
    return SqliteHuey("lms", filename=str(settings.instance / "queue.db"))


def run(app: Flask) -> None:
    """Run every sweep once, then each minute, until a signal ends the process."""
    settings: Settings = app.config["LMS"]
    huey = make_huey(settings)
    backend = mail.backend(settings.mail_url)
    for name, sweep in sweeps(backend, settings.mail_from, settings.clamav).items():
        run_sweep(app, name, sweep)
        huey.periodic_task(crontab(), name=f"sweep-{name}")(partial(run_sweep, app, name, sweep))
    Consumer(huey, workers=1, periodic=True, initial_delay=0.2, backoff=1.2, max_delay=5.0).run()
