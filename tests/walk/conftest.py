"""Whole stories in Chromium, against the production server on a migrated database with the real course."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import create_engine, text
from werkzeug.serving import make_server

from tests.cast import Cast

ROOT = Path(__file__).parent.parent.parent
WIDTHS = {"phone": 360, "desktop": 1280}
OWN_LEARNER = "peserta3@contoh.id"
"""A learner whom only the stories have: they have begun nothing, in the seat of the demo's one who handed in."""
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(pytest.mark.walk)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="needs Chromium: apt-get install chromium"))


ENROL = f"""
from lms import demo
from lms.courses import actions as courses
from lms.courses.models import Cohort, Enrolment
from lms.extensions import db, utcnow
from lms.people import actions, passwords
from lms.people.models import Person
from wsgi import app
with app.app_context():
    person = actions.create_person(
        name="Peserta Ketiga Contoh", email="{OWN_LEARNER}", roles=frozenset({{"learner"}}), by=None, now=utcnow()
    )
    person.password_hash = passwords.hash_password(demo.PASSWORD)
    cohort = db.session.query(Cohort).one()
    seat = db.session.query(Enrolment).join(Person).filter(Person.email == "peserta2@contoh.id").one()
    courses.remove(seat, by=person.id, now=utcnow())
    db.session.add(Enrolment(cohort_id=cohort.id, person_id=person.id, enrolled_at=cohort.starts_at))
    db.session.commit()
"""


@dataclass(frozen=True)
class Server:
    """A running platform."""

    address: str
    instance: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def walk_database_url() -> Iterator[str]:
    """A database of its own for the stories, of the kind that the run asks for."""
    url = os.environ.get("LMS_TEST_DATABASE_URL", "")
    if not url:
        yield ""
        return
    admin = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT"
    )
    name = f"lms_walk_{uuid.uuid4().hex[:12]}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    yield admin.url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, walk_database_url: str) -> Iterator[Server]:
    instance = tmp_path_factory.mktemp("walk")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    env = {
        **os.environ,
        "LMS_ENV": "development",
        "LMS_INSTANCE": str(instance),
        "LMS_DATABASE_URL": walk_database_url,
        "LMS_PUBLIC_URL": address,
    }
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    for command in (["db", "upgrade"], ["content", "publish", "content"], ["demo", "create"]):
        subprocess.run([*flask, *command], env=env, cwd=ROOT, check=True, capture_output=True, timeout=120)
    subprocess.run([sys.executable, "-c", ENROL], env=env, cwd=ROOT, check=True, timeout=120)
    log = (instance / "web.log").open("wb")
    web = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "wsgi:app",
            "--workers",
            "1",
            "--threads",
            "4",
            "--bind",
            f"127.0.0.1:{port}",
        ],
        env=env,
        cwd=ROOT,
        stdout=log,
        stderr=log,
    )
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{address}/sehat", timeout=2).close()
                break
            except OSError:
                time.sleep(0.2)
        yield Server(address, instance)
    finally:
        web.terminate()
        web.wait(20)
        log.close()


@pytest.fixture
def here(app: Flask, cast: Cast, tmp_path: Path) -> Iterator[Server]:
    """The app of the tests behind a real socket, with the cast in its database."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield Server(f"http://127.0.0.1:{server.server_port}", tmp_path)
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
            ],
        )
        yield browser
        browser.close()


class Visitor:
    """A person at a browser of a given width: what they click is checked for errors, width and accessibility."""

    def __init__(self, browser: Browser, server: Server, width: int, **options: Any) -> None:
        self.server = server
        self.context: BrowserContext = browser.new_context(
            base_url=server.address,
            viewport={"width": width, "height": 800},
            locale="id-ID",
            reduced_motion="reduce",
            **options,
        )
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.seen: set[str] = set()
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.page.on(
            "console",
            lambda said: (
                self.complaints.append(f"{self.page.url}: {said.text}")
                if said.type == "error" and "401" not in said.text and "409" not in said.text
                else None
            ),
        )

    def sign_in(self, who: str, password: str = "belajar-asn-2026") -> None:
        self.page.goto("/masuk")
        self.look()
        self.page.get_by_label("NIP atau surel").fill(who)
        self.page.get_by_label("Kata sandi", exact=True).fill(password)
        self.page.get_by_role("button", name="Masuk").click()
        self.page.wait_for_url("**/")

    def look(self) -> None:
        """Check the page that is open: nothing scrolls sideways, axe finds nothing."""
        self.page.wait_for_load_state("load")
        over = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0, f"{self.page.url} scrolls sideways by {over} px"
        found = Axe().run(self.page)
        assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"
        self.seen.add(self.page.url)

    def leave(self) -> None:
        self.context.close()
        assert not self.complaints, "\n".join(self.complaints)


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest) -> int:
    return WIDTHS[request.param]


@pytest.fixture
def visit(chromium: Browser, server: Server) -> Iterator[Any]:
    """``visit(width)`` opens a browser; all are closed and their complaints asserted at the end."""
    open_ones: list[Visitor] = []

    def open_one(width: int, **options: Any) -> Visitor:
        visitor = Visitor(chromium, server, width, **options)
        open_ones.append(visitor)
        return visitor

    yield open_one
    for visitor in open_ones:
        visitor.leave()
