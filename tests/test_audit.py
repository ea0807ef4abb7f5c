"""The audit log: chained, in the same transaction, and a change to it shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from lms import audit

NOW = datetime(2026, 11, 24, 1, 2, 3, 456789, tzinfo=UTC)


@pytest.fixture
def chain(clean: None, session: Any) -> Any:
    for number in range(5):
        audit.record("publish", f"course:{number}", by=None, now=NOW, detail={"version": number})
    session.commit()
    return session


def test_a_chain_holds(chain: Any) -> None:
    assert audit.first_broken() is None
    rows = chain.scalars(select(audit.AuditEntry).order_by(audit.AuditEntry.id)).all()
    assert [row.previous for row in rows[1:]] == [row.digest for row in rows[:-1]]


@pytest.mark.parametrize("column", ["deed", "thing", "detail", "digest", "previous"])
def test_a_change_shows(chain: Any, column: str) -> None:
    third = chain.scalars(select(audit.AuditEntry.id).order_by(audit.AuditEntry.id)).all()[2]
    chain.execute(update(audit.AuditEntry).where(audit.AuditEntry.id == third).values({column: "changed"}))
    chain.commit()
    chain.expire_all()
    assert audit.first_broken() == third


def test_rolled_back_deeds_leave_no_entry(chain: Any) -> None:
    audit.record("retire", "course:9", by=None, now=NOW)
    chain.rollback()
    assert "course:9" not in chain.scalars(select(audit.AuditEntry.thing)).all()
    assert audit.first_broken() is None


def test_an_entry_refuses_to_change(chain: Any) -> None:
    entry = chain.scalar(select(audit.AuditEntry))
    entry.deed = "something else"
    with pytest.raises(RuntimeError, match="immutable"):
        chain.flush()
