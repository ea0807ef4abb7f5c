"""The migrations make the schema that the models describe, on either database, down and up again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
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
