"""SQL statements and time of each page, through the test client, in a process of its own per database.

``python -m tests.bench.inside`` reads a Plan as JSON from standard input, opens the database that the LMS_*
environment names, and writes one Figure per page to standard output.
"""

from __future__ import annotations

import contextvars
import gzip
import os
import statistics
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import msgspec
from flask import Flask
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from lms.app import create_app
from lms.extensions import db
from lms.settings import read
from lms.web import COMPRESSION
from tests.bench.cast import Cast
from tests.bench.databases import ROOT
from tests.bench.pages import Ask, Session, chosen_pages, sign_in_all
from tests.bench.wire import Broken, csrf_token

NOT_OF_A_PAGE = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SAVEPOINT", "RELEASE")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, how often each page is asked for, and which pages (all: empty)."""

    cast: Cast
    times: int = 40
    pages: tuple[str, ...] = ()


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """What a page costs: ``first`` counts the statements when nothing is cached, ``statements`` afterwards.

    ``milliseconds`` is the median of one request, ``size`` the bytes of the body before compression, ``packed``
    those of the same body after it.
    """

    first: int
    statements: int
    milliseconds: float
    size: int
    packed: int


class TestBrowser:
    """Flask's test client; each request runs in a context of its own, as it would on a server."""

    __test__ = False  # nothing for pytest to collect

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, path: str) -> str:
        """A page's text. Raises Broken unless the status is 200."""
        return self.ask(Ask(path)).get_data(as_text=True)

    def enter(self, who: str, password: str) -> None:
        """Sign in through the form. Raises Broken."""
        fields = {"csrf_token": csrf_token(self.get("/masuk")), "who": who, "password": password}
        response = contextvars.Context().run(self.client.post, "/masuk", data=fields)
        if response.status_code != 302:
            raise Broken(f"{who} could not sign in: {response.status_code}")

    def ask(self, ask: Ask) -> TestResponse:
        """One request. Raises Broken unless the status is 200."""
        run = contextvars.Context().run
        if ask.fields is None:
            response: TestResponse = run(self.client.get, ask.path)
        else:
            headers = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
            response = run(self.client.post, ask.path, data=ask.fields, headers=headers)
        if response.status_code != 200:
            raise Broken(
                f"{ask.path} answered {response.status_code}: {response.get_data(as_text=True)[:500]}"
            )
        return response


class Statements:
    """Counts what goes to the database."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.count += not statement.startswith(NOT_OF_A_PAGE)


@contextmanager
def counting() -> Iterator[Statements]:
    """Count the statements of the block, on whatever engine."""
    statements = Statements()
    event.listen(Engine, "before_cursor_execute", statements)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", statements)


def measure(app: Flask, plan: Plan) -> dict[str, Figure]:
    """Every page of the plan that somebody of its cast asks for."""
    wanted = chosen_pages(plan.pages)
    sessions = sign_in_all(plan.cast, wanted, lambda: TestBrowser(app))
    asked = {page.name: [(each, ask) for each in sessions for ask in page.asks(each)] for page in wanted}
    return {name: _figure(asks, plan.times) for name, asks in asked.items() if asks}


def _figure(asks: list[tuple[Session, Ask]], times: int) -> Figure:
    first = statements = 0
    largest = b""
    taken = []
    turns = 0
    with counting() as counted:
        for warm in (False, True):
            for turn in range(max(times, len(asks)) if warm else len(asks)):
                session, ask = asks[turn % len(asks)]
                turns += 1
                ready = filled(ask, session.values, turns)
                assert isinstance(session.browser, TestBrowser)
                counted.count = 0
                begun = perf_counter()
                response = session.browser.ask(ready)
                seconds = perf_counter() - begun
                session.values.update({name: str(response.get_json()[name]) for name in ask.carry})
                if warm:
                    statements = max(statements, counted.count)
                    taken.append(seconds)
                    largest = max(largest, response.get_data(), key=len)
                else:
                    first = max(first, counted.count)
    return Figure(
        first=first,
        statements=statements,
        milliseconds=statistics.median(taken) * 1000,
        size=len(largest),
        packed=len(gzip.compress(largest, COMPRESSION, mtime=0)),
    )


def filled(ask: Ask, values: Mapping[str, str], number: int) -> Ask:
    """The request with its markers replaced, as the load generator does it."""
    if ask.fields is None:
        return ask
    fields = {name: text.replace("@n@", str(number)) for name, text in ask.fields.items()}
    for name, value in values.items():
        fields = {key: text.replace(f"@{name}@", value) for key, text in fields.items()}
    return Ask(ask.path, fields, ask.carry)


def main() -> None:
    """One plan from standard input to standard output."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    app = create_app(read(os.environ, ROOT))
    figures = measure(app, plan)
    with app.app_context():
        db.engine.dispose()
    sys.stdout.buffer.write(msgspec.json.encode(figures))


if __name__ == "__main__":
    main()
