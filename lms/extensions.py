"""The Flask extensions, the declarative base, and how SQLite is told to be durable."""

from __future__ import annotations

import importlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from flask import Flask
from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import BigInteger, DateTime, Dialect, Engine, Integer, MetaData, String, event, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from lms import lasting
from lms.settings import Settings

try:
    import fcntl
except ImportError:  # Windows: one process is enough there
    fcntl = None  # type: ignore[assignment]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime, the same on SQLite (which keeps no zone) and PostgreSQL; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    @property
    def python_type(self) -> type[datetime]:
        """What comes out: lists by key read their tokens by it."""
        return datetime


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal kept as its digits, so that SQLite (which has only floats) keeps it exact too."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


# SQLite counts rows up only in a plain INTEGER key; PostgreSQL deserves the wide one.
Key = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime, Decimal: ExactDecimal}


db = SQLAlchemy(metadata=Base.metadata, session_options={"autoflush": True, "expire_on_commit": False})


def open_database(app: Flask, settings: Settings) -> None:
    """Give an app the database of the settings."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = (
        {"pool_pre_ping": True, "pool_size": 5, "max_overflow": 5}
        if settings.database_url.startswith("postgresql")
        else {"pool_pre_ping": False}
    )
    db.init_app(app)


login = LoginManager()
# sessions are not tied to addresses (phones change theirs), so nobody needs this hash of address and browser
login._session_identifier_generator = lambda: ""
csrf = CSRFProtect()


class LateMigrate:
    """Flask-Migrate, loaded once a command asks for it: no web server needs Alembic, which is slow to load."""

    def __init__(self, app: Flask, directory: str) -> None:
        self._app = app
        self._directory = directory
        app.extensions["migrate"] = self

    def load(self) -> Any:
        """Put Flask-Migrate in this one's place; what it then knows of the app."""
        if self._app.extensions["migrate"] is self:
            module = importlib.import_module("flask_migrate")
            module.Migrate().init_app(self._app, db, directory=self._directory)
        return self._app.extensions["migrate"]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.load(), name)


babel = Babel()


class DecoratedLimits(Limiter):
    """Limits of decorated views; there are no others, so nothing looks for them before every request."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


# without its shared storage it counts in each process: signing in must not depend on Redis being up
limiter = DecoratedLimits(get_remote_address, headers_enabled=False, in_memory_fallback_enabled=True)


@event.listens_for(Session, "before_flush")
def _refuse_changes(session: Session, _context: object, _instances: object) -> None:
    """Rows of tables marked ``__immutable__`` are written once; ``__mutable__`` names the columns that may still move."""
    for row in session.dirty:
        if not getattr(row, "__immutable__", False) or not session.is_modified(row):
            continue
        changed = {a.key for a in inspect(row).attrs if a.history.has_changes()}
        if changed - set(getattr(row, "__mutable__", ())):
            raise RuntimeError(
                f"{type(row).__name__} is immutable: {', '.join(sorted(changed))} must not change"
            )
    for row in session.deleted:
        if getattr(row, "__immutable__", False):
            raise RuntimeError(f"{type(row).__name__} is immutable: it must not be deleted")


# True unless the request is known to only read: whatever may write takes SQLite's write lock at its beginning,
# because a read that is upgraded later fails at once when somebody else wrote in between.
_writes: ContextVar[bool] = ContextVar("writes", default=True)


@contextmanager
def read_only() -> Iterator[None]:
    """Let the transactions inside begin without the write lock (requests that only read)."""
    token = _writes.set(False)
    try:
        yield
    finally:
        _writes.reset(token)


def begin_reading() -> None:
    """Mark this context (one request) as one that only reads."""
    _writes.set(False)


def begin_writing() -> None:
    """Mark this context (one request) as one that may write."""
    _writes.set(True)


def write_from_here() -> None:
    """End what a request has only read; its next statement waits for the turn to write and begins anew."""
    if db.engine.dialect.name == "sqlite":
        db.session.rollback()
    begin_writing()


WAIT = 10.0  # seconds that a writer waits for those before it


class Turns:
    """Who may write to one SQLite file: the threads of this process one by one, and one process at a time.

    SQLite alone lets writers look again after ever longer pauses, so that under load the file lies idle while
    everybody sleeps and some sleep for half a second. Here the next one is woken. A process that dies gives its
    turn back; who waits too long goes on to SQLite's own lock and its error.
    """

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._file = Path(f"{path}-turn").open("ab")  # noqa: SIM115 (as long as the process lives)

    def take(self) -> bool:
        """Wait for the turn; False when it did not come in time."""
        if not self._lock.acquire(timeout=WAIT):
            return False
        if fcntl is not None:
            fcntl.flock(self._file, fcntl.LOCK_EX)
        return True

    def give_back(self) -> None:
        """Let the next one write."""
        if fcntl is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._lock.release()


@lru_cache(maxsize=8)
def _turns(path: str, _process: int) -> Turns:
    return Turns(path)


@lru_cache(maxsize=8)
def _log(path: str, _process: int) -> lasting.Log:
    return lasting.Log(path)


class WaitingConnection(sqlite3.Connection):
    """A connection that holds its turn from the beginning of a writing transaction to its end; a commit is over when
    it is on the disk.
    """

    path = ""
    turns: Turns | None = None
    logged = False
    writing = False
    changes = 0

    def begin(self, *, writing: bool) -> None:
        """Begin a transaction, after those of others when it may write."""
        self.writing, self.changes = writing, self.total_changes
        if not writing:
            self.execute("BEGIN")
            return
        if self.path:
            turns = _turns(self.path, os.getpid())
            self.turns = turns if turns.take() else None
        try:
            self.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._give_back()
            raise

    def commit(self) -> None:
        try:
            super().commit()
        finally:
            if not self.in_transaction:
                self._give_back()
        if self.logged and (self.writing or self.total_changes != self.changes):
            self.writing, self.changes = False, self.total_changes
            _log(self.path, os.getpid()).wait()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._give_back()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._give_back()

    def _give_back(self) -> None:
        turns, self.turns = self.turns, None
        if turns is not None:
            turns.give_back()


@event.listens_for(Engine, "do_connect")
def _waiting(dialect: Dialect, _entry: object, _arguments: list[Any], options: dict[str, Any]) -> None:
    if dialect.name == "sqlite":
        options["factory"] = WaitingConnection


@event.listens_for(Engine, "connect")
def _durable_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    if not isinstance(connection, WaitingConnection):
        return
    connection.path = connection.execute("PRAGMA database_list").fetchone()[2]
    connection.isolation_level = None  # the driver must not begin transactions behind our back
    (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    # where there is a log we sync it ourselves, after each commit (see lasting.py)
    connection.logged = mode == "wal"
    for pragma in (
        "foreign_keys=ON",
        "synchronous=NORMAL" if connection.logged else "synchronous=FULL",
        "busy_timeout=10000",
        "cache_size=-1000",  # kilobytes of each thread; the system's own cache is behind it
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        # straight to the driver: as a statement of SQLAlchemy's it would cost as much as a query
        driver = cast(WaitingConnection, connection.connection.driver_connection)
        try:
            driver.begin(writing=_writes.get())
        except sqlite3.OperationalError as error:
            raise OperationalError("BEGIN", None, error) from error


def utcnow() -> datetime:
    """The clock of the web floor; everything below takes ``now`` as an argument."""
    return datetime.now(UTC)
