"""A server that is killed at any moment of handing in, of an upload and of a restore: everything is there, or nothing.

The server is a process of its own, forked from this one, and it is really killed: nothing of it runs afterwards, no
``finally``, no rollback. Where it dies is counted in steps: before each statement, before and after each COMMIT, before
each file is made to last, renamed or removed. For one step after the other, until the request gets through, the test
asks what is in the database and in the store, sends the same request again, lets the sweeps run, and puts the rows back.
"""

from __future__ import annotations

import contextvars
import hashlib
import io
import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lms import audit, files
from lms.courses.models import CourseFile
from lms.extensions import Base, begin_writing, db, utcnow
from lms.files import Blob
from lms.mail import Mail
from lms.notices import jobs as sweeps
from lms.projects import jobs
from lms.projects.models import Attachment, Draft, Snapshot, SubmissionPart, SubmissionVersion, Workspace
from lms.projects.uploads import PartialUpload
from tests.cast import Cast
from tests.page_checks import form_fields
from tests.projects.work import PDF, begin, fill, save

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore:This process:DeprecationWarning"
    ),  # of fork beside threads: none is used here
    pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is forked to be killed"),
]

STEPS_AT_MOST = 120
Request = Callable[[], TestResponse]
Breakage = Callable[[], None]


# The process that is killed


def kill_at(app: Flask, step: int) -> None:
    """From here on this process dies at its ``step``-th step."""
    left = [step]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", count)
        event.listen(db.engine, "commit", count)
    event.listen(Session, "after_commit", count)
    for place, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink")):
        setattr(place, name, counted(getattr(place, name), count))


def counted(function: Callable[..., Any], count: Callable[[], None]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        count()
        return function(*args, **kwargs)

    return call


def serve(app: Flask, request: Request, step: int, broken: Breakage | None) -> bool:
    """Answer a request in a process that dies at a step; whether it came to the answer. Raises AssertionError."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()  # no connection may live in two processes
    pid = os.fork()
    if pid == 0:
        status = 3
        try:
            if broken is not None:
                broken()
            kill_at(app, step)
            status = 0 if contextvars.Context().run(request).status_code < 400 else 2
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(status)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, -signal.SIGKILL), f"step {step}: the process ended with {code}"
    return code == 0


# What there is


Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class State:
    """All rows by table, in the order of their keys."""

    rows: Rows

    def shape(self) -> dict[str, Any]:
        """What is left when random values and times are taken away."""
        shape: dict[str, Any] = {name: len(rows) for name, rows in self.rows.items()}
        for name, columns in STANDING.items():
            table = Base.metadata.tables[name]
            places = [list(table.c.keys()).index(column) for column in columns]
            shape[name] = [tuple(row[at] for at in places) for row in self.rows[name]]
        return shape


STANDING = {
    "draft": ("section_id", "content", "revision", "findings", "submitted_in", "submitted_revision"),
    "submission_version": ("work_id", "number", "sha256"),
    "attachment": ("section_id", "sha256", "name", "handed_in"),
    "partial_upload": ("section_id", "name", "received"),
    "audit_entry": ("deed",),
    "mail": ("address",),
}


def look() -> State:
    rows: Rows = {}
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            found = connection.execute(select(table).order_by(*table.primary_key.columns))
            rows[table.name] = [tuple(row) for row in found]
    return State(rows)


def put_back(before: State) -> None:
    """Make the rows what they were."""
    now = look()
    tables = Base.metadata.sorted_tables
    changed = [table for table in tables if now.rows[table.name] != before.rows[table.name]]
    with db.engine.begin() as connection:
        for table in reversed(changed):
            keys = [list(table.c).index(column) for column in table.primary_key.columns]
            kept = set(before.rows[table.name])
            for row in now.rows[table.name]:
                if row not in kept:
                    where = [list(table.c)[at] == row[at] for at in keys]
                    connection.execute(table.delete().where(*where))
        for table in changed:
            there = set(now.rows[table.name])
            gone = [row for row in before.rows[table.name] if row not in there]
            if gone:
                connection.execute(
                    insert(table), [dict(zip(table.c.keys(), row, strict=True)) for row in gone]
                )
    assert look() == before


def check_rows() -> None:
    """What must hold at any moment, whatever was killed."""
    versions = db.session.scalars(select(SubmissionVersion)).all()
    numbers = Counter((version.work_id, version.number) for version in versions)
    assert all(count == 1 for count in numbers.values()), "one version per number"
    for draft in db.session.scalars(select(Draft)):
        if draft.submitted_in is not None:
            assert (draft.work_id, draft.submitted_in) in numbers, "a draft is locked without its version"
    for version in versions:
        parts = db.session.scalars(
            select(SubmissionPart.section_id).where(SubmissionPart.submission_id == version.id)
        ).all()
        drafts = db.session.scalars(select(Draft.section_id).where(Draft.work_id == version.work_id)).all()
        assert sorted(parts) == sorted(drafts), "a version without all of its sections"
    told = set(db.session.scalars(select(audit.AuditEntry.thing).where(audit.AuditEntry.deed == "hand in")))
    assert told == {f"submission:{version.id}" for version in versions}, "a version and its entry in the log"
    assert audit.first_broken() is None
    mails = Counter(key.split(":")[1] for key in db.session.scalars(select(Mail.key)) if "receipt" in key)
    assert mails == {version.receipt: 1 for version in versions}, "a version and the mail of its receipt"


def check_bytes() -> None:
    """No row without its bytes."""
    for sha256 in db.session.scalars(select(Blob.sha256)):
        with files.store().open(sha256) as stream:
            assert hashlib.sha256(stream.read()).hexdigest() == sha256, "other bytes than the row says"
    for part in db.session.scalars(select(PartialUpload)):
        if part.received < part.size:
            assert files.part_size(part.code) >= part.received, "a part was confirmed that is not there"


@dataclass
class Place:
    """The store and the folder of parts that this test alone uses."""

    store: Path
    parts: Path

    def files(self) -> dict[Path, bytes]:
        found = (path for folder in (self.store, self.parts) for path in folder.rglob("*"))
        return {path: path.read_bytes() for path in found if path.is_file()}

    def put_back(self, before: dict[Path, bytes]) -> None:
        """Make the files what they were."""
        for path in self.files().keys() - before:
            path.unlink()
        for path, content in before.items():
            path.write_bytes(content)

    def sweep(self) -> None:
        """Days later every sweep has been everywhere: what is left is what rows name, and all of that."""
        later = utcnow() + timedelta(days=4)
        begin_writing()
        jobs.forget_partial_uploads(now=later)
        sweeps.delete_orphan_files(now=later)
        sweeps.delete_unnamed_bytes(now=later, places=files.PLACES)
        named = set(db.session.scalars(select(Attachment.sha256)))
        named |= set(db.session.scalars(select(CourseFile.sha256)))
        rows = set(db.session.scalars(select(Blob.sha256)))
        db.session.remove()
        assert {path.name for path in self.files()} == named, (
            "files that nobody names, or names without a file"
        )
        assert rows == named


@pytest.fixture
def place(app: Flask, tmp_path: Path) -> Iterator[Place]:
    """A store that nobody else put anything into; made before the cast, whose course has pictures."""
    before = files._store, files._parts
    made = Place(tmp_path / "store", tmp_path / "parts")
    files.configure(f"file://{made.store}", made.parts)
    yield made
    files._store, files._parts = before


@pytest.fixture
def work(place: Place, cast: Cast, session: Any) -> Workspace:
    found = begin(cast)
    fill(found, cast.people["sari"])
    db.session.commit()
    return found


@dataclass
class Trial:
    """Kills one request at every step."""

    app: Flask
    place: Place
    broken: Breakage | None = None

    def run(self, request: Request, *, at_least: int, again: tuple[int, ...] = (200, 303)) -> None:
        """Raises AssertionError; ``again`` are the answers that may be had for the same request once more."""
        before, held = look(), self.place.files()
        whole = self.undisturbed(request)
        put_back(before)
        self.place.put_back(held)
        steps = 0
        nothing = everything = 0
        for step in range(1, STEPS_AT_MOST):
            if serve(self.app, request, step, self.broken):
                break
            steps += 1
            if (state := look()) == before:
                nothing += 1
            else:
                everything += 1
                assert state.shape() == whole, f"step {step}: half of it was done"
            self.check()
            answer = contextvars.Context().run(request)
            assert answer.status_code in again, f"step {step}, again: {answer.get_data(as_text=True)[:400]}"
            assert look().shape() == whole, f"step {step}: sent again, it is not as if it had been sent once"
            self.check()
            self.place.sweep()
            put_back(before)
            self.place.put_back(held)
        else:
            raise AssertionError("the request never gets through")
        assert look().shape() == whole
        assert steps >= at_least, f"killed at {steps} steps"
        assert nothing
        assert everything, "it was never killed after its COMMIT"

    def undisturbed(self, request: Request) -> dict[str, Any]:
        answer = contextvars.Context().run(request)
        assert answer.status_code < 400, answer.get_data(as_text=True)
        self.check()
        return look().shape()

    def check(self) -> None:
        try:
            check_rows()
            check_bytes()
        finally:
            db.session.remove()


@pytest.fixture
def trial(app: Flask, place: Place) -> Trial:
    return Trial(app, place)


# The requests


Send = Callable[..., Request]


@pytest.fixture
def sending(as_person: Any) -> Send:
    """Requests of sari's browser; what they send is put together before the process that dies begins."""
    browser = as_person("sari")
    token = browser.csrf_token()

    def make(address: str, **kwargs: Any) -> Request:
        headers = {"Sec-Fetch-Site": "same-origin", "X-CSRFToken": token, **kwargs.pop("headers", {})}
        return lambda: browser.client.post(
            address,
            headers=headers,
            **{name: value() if callable(value) else value for name, value in kwargs.items()},
        )

    return make


def hand_in_request(work: Workspace, as_person: Any, sending: Send) -> Request:
    address = f"/proyek/kerja/{work.id}/kumpulkan"
    fields = form_fields(as_person("sari").get(address), address)
    return sending(address, data={**fields, "integrity": "1"})


def upload_request(work: Workspace, sending: Send, data: bytes = PDF) -> Request:
    address = f"/proyek/kerja/{work.id}/lampiran/berkas"
    return sending(address, data=lambda: {"file": (io.BytesIO(data), "peta.pdf")})


def test_handing_in(trial: Trial, work: Workspace, as_person: Any, sending: Send) -> None:
    assert contextvars.Context().run(upload_request(work, sending)).status_code == 303
    trial.run(hand_in_request(work, as_person, sending), at_least=15)


def test_an_upload(trial: Trial, work: Workspace, sending: Send) -> None:
    trial.run(upload_request(work, sending), at_least=15)


BODY = PDF + b"% " + b"x" * 3000
JSON = {"Accept": "application/json"}


def start_request(work: Workspace, sending: Send) -> Request:
    address = f"/proyek/kerja/{work.id}/lampiran/berkas/bagian"
    return sending(address, data={"name": "peta.pdf", "size": str(len(BODY))}, headers=JSON)


def part_request(work: Workspace, sending: Send, code: str, at: int, end: int) -> Request:
    address = f"/proyek/kerja/{work.id}/lampiran/berkas/bagian/{code}?dari={at}"
    return sending(address, data=BODY[at:end], content_type="application/octet-stream", headers=JSON)


def test_beginning_an_upload_in_parts(trial: Trial, work: Workspace, sending: Send) -> None:
    trial.run(start_request(work, sending), at_least=5)


def test_each_part_of_an_upload(trial: Trial, work: Workspace, sending: Send) -> None:
    code = contextvars.Context().run(start_request(work, sending)).get_json()["code"]
    first = part_request(work, sending, code, 0, 1000)
    trial.run(first, at_least=5, again=(200, 409))  # 409 says from where to go on
    trial.run(part_request(work, sending, code, 1000, len(BODY)), at_least=20)


def test_restoring_from_history(trial: Trial, work: Workspace, cast: Cast, sending: Send) -> None:
    sari = cast.people["sari"]
    save(work, "isu", "Tulisan lain yang pendek.", by=sari, now=utcnow())
    db.session.commit()
    snapshot = db.session.scalars(select(Snapshot).order_by(Snapshot.id)).first()
    revision = db.session.scalar(select(Draft.revision).where(Draft.section_id == "isu"))
    assert snapshot is not None
    db.session.remove()
    address = f"/proyek/kerja/{work.id}/isu/riwayat/{snapshot.id}"
    trial.run(sending(address, data={"revision": str(revision)}), at_least=6)


# These tests can fail


def committing(owner: Any, name: str) -> Breakage:
    """A mistake that somebody could make: to commit before ``name`` is done."""

    def break_it() -> None:
        whole = getattr(owner, name)

        def half(*args: Any, **kwargs: Any) -> Any:
            db.session.commit()
            return whole(*args, **kwargs)

        setattr(owner, name, half)

    return break_it


def test_a_commit_in_the_middle_of_handing_in_is_found(
    trial: Trial, work: Workspace, as_person: Any, sending: Send
) -> None:
    trial.broken = committing(audit, "record")
    with pytest.raises(AssertionError, match="half of it was done"):
        trial.run(hand_in_request(work, as_person, sending), at_least=1)


def test_a_row_before_its_bytes_is_found(trial: Trial, work: Workspace, sending: Send) -> None:
    def put(self: files.FolderStore, path: Path, sha256: str, media_type: str) -> None:
        """Store the bytes when the row is there for good."""
        event.listen(db.session, "after_commit", lambda _: whole(self, path, sha256, media_type), once=True)

    whole = files.FolderStore.put
    trial.broken = lambda: setattr(files.FolderStore, "put", put)
    with pytest.raises(FileNotFoundError):
        trial.run(upload_request(work, sending), at_least=1)


def test_bytes_that_no_sweep_finds_are_found(
    trial: Trial, work: Workspace, sending: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "delete_unnamed_bytes", lambda **_: 0)
    with pytest.raises(AssertionError, match="files that nobody names"):
        trial.run(upload_request(work, sending), at_least=1)
