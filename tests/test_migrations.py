"""The migrations make the schema that the models describe, on either database, down and up again."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, inspect, text

from lms.app import create_app
from lms.extensions import Base, db
from lms.settings import Settings, read

ROOT = Path(__file__).parent.parent


@pytest.fixture
def empty_app(settings: Settings, tmp_path: Path) -> Iterator[Flask]:
    """An app on an empty database of the same kind as the run's."""
    admin = None
    name = f"lms_migrations_{uuid.uuid4().hex[:12]}"
    url = ""
    if settings.database_url.startswith("postgresql"):
        admin = create_engine(settings.database_url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        url = admin.url.set(database=name).render_as_string(hide_password=False)
        url = url.replace("postgresql+psycopg://", "postgresql://")
    env = {
        "LMS_ENV": "test",
        "LMS_SECRET_KEY": "a secret of the tests that is long enough",
        "LMS_INSTANCE": str(tmp_path),
        "LMS_DATABASE_URL": url,
    }
    app = create_app(read(env, ROOT))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    if admin is not None:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def test_migrated_schema_equals_the_models(empty_app: Flask) -> None:
    with empty_app.app_context():
        upgrade()
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            differences = compare_metadata(context, Base.metadata)
        assert differences == []


def test_down_and_up_again(empty_app: Flask) -> None:
    with empty_app.app_context():
        upgrade()
        first = set(inspect(db.engine).get_table_names())
        downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        upgrade()
        assert set(inspect(db.engine).get_table_names()) == first


def test_every_foreign_key_has_an_index() -> None:
    for table in Base.metadata.tables.values():
        leading = {tuple(index.columns)[0].name for index in table.indexes}
        leading |= {
            next(iter(c.columns)).name
            for c in table.constraints
            if getattr(c, "columns", None) and len(c.columns)
        }
        for column in table.columns:
            if column.foreign_keys:
                assert column.name in leading, f"{table.name}.{column.name} is a foreign key without an index"


def test_published_rows_cannot_be_changed_by_sql_either(empty_app: Flask) -> None:
    """The database itself refuses an update of what is immutable, whoever writes it."""
    with empty_app.app_context():
        upgrade()
        with db.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO audit_entry (id, at, deed, thing, detail, previous, digest) "
                    "VALUES (1, '2026-11-24 00:00:00', 'x', 'y:1', '{}', '', 'd')"
                )
            )
        for statement in ("UPDATE audit_entry SET deed = 'z'", "DELETE FROM audit_entry"):
            with pytest.raises(Exception, match="immutable"), db.engine.begin() as connection:
                connection.execute(text(statement))


def insert_loose(rows: list[str]) -> None:
    """Insert rows without what they belong to."""
    if db.engine.dialect.name == "postgresql":
        with db.engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for row in rows:
                connection.exec_driver_sql(row)
    else:
        with closing(sqlite3.connect(str(db.engine.url.database))) as loose, loose:
            for row in rows:
                loose.execute(row)


def test_notes_from_before_there_were_kinds_are_musts_and_suggestions(empty_app: Flask) -> None:
    """Old notes keep every word; what was no must is a suggestion, and the database still guards both ways."""
    with empty_app.app_context():
        upgrade(revision="0014")
        rows = [
            "INSERT INTO improvement_note (id, work_id, version, section_id, author_id, must, text, created_at, reply) "
            f"VALUES ({number}, 1, 1, 'isu', 1, {must}, 'Rinci.', '2026-11-24 00:00:00', 'Sudah.')"
            for number, must in ((1, "true"), (2, "false"))
        ]
        insert_loose(rows)
        upgrade()
        told = text("SELECT kind, anchor, reply_kind, text, reply FROM improvement_note ORDER BY id")
        with db.engine.connect() as connection:
            assert [tuple(row) for row in connection.execute(told)] == [
                ("must", "", "", "Rinci.", "Sudah."),
                ("suggestion", "", "", "Rinci.", "Sudah."),
            ]
        for column in ("kind", "anchor", "text"):
            with pytest.raises(Exception, match="immutable"), db.engine.begin() as connection:
                connection.execute(text(f"UPDATE improvement_note SET {column} = 'x'"))
        downgrade(revision="0014")
        with pytest.raises(Exception, match="immutable"), db.engine.begin() as connection:
            connection.execute(text("UPDATE improvement_note SET text = 'x'"))


def test_versions_from_before_rounds_were_counted_count_what_was_handed_in(empty_app: Flask) -> None:
    """Version 2 answers a return, version 3 is version 2 once more by another rubric, version 4 answers a return."""
    with empty_app.app_context():
        upgrade(revision="0019")
        at = "'2026-11-24 00:00:00'"
        rows = [
            "INSERT INTO submission_version (id, work_id, cohort_id, number, submitted_at, submitted_by, late_seconds, "
            f"reasons, sha256, receipt, settled_at) VALUES ({n}, 1, 1, {n}, {at}, 1, 0, '{{}}', '{sha}', 'r{n}', {settled})"
            for n, sha, settled in ((1, "a", at), (2, "b", at), (3, "b", at), (4, "c", "NULL"))
        ] + [
            "INSERT INTO review (id, submission_id, reviewer_id, number, outcome, content, sent_at) "
            f"VALUES ({n}, {n}, 1, 1, '{outcome}', '{{}}', {at})"
            for n, outcome in ((1, "returned"), (2, "accepted"), (3, "returned"))
        ]
        insert_loose(rows)
        upgrade()
        told = text("SELECT number, round_number FROM submission_version ORDER BY id")
        with db.engine.connect() as connection:
            assert [tuple(row) for row in connection.execute(told)] == [(1, 1), (2, 2), (3, 2), (4, 3)]
        for column in ("round_number = 9", "sha256 = 'x'"):
            with pytest.raises(Exception, match="immutable"), db.engine.begin() as connection:
                connection.execute(text(f"UPDATE submission_version SET {column}"))
        downgrade(revision="0019")
        with pytest.raises(Exception, match="immutable"), db.engine.begin() as connection:
            connection.execute(text("UPDATE submission_version SET sha256 = 'x'"))
