"""How Alembic runs here: on the app's own engine, SQLite by batches, our column types by their plain names."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from flask import current_app

from lms.extensions import Base, ExactDecimal, UtcDateTime


def plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our decorated types as what the database holds, so that old migrations outlive the classes."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, ExactDecimal):
        return "sa.String(length=40)"
    return False


def drop_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """A revision that changes nothing is not written."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def run() -> None:
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            render_item=plain_types,
            process_revision_directives=drop_empty,
            compare_type=True,
            # on PostgreSQL all of an upgrade or nothing; SQLite's batches need a transaction each
            transaction_per_migration=connection.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()


run()
