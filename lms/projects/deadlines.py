"""Until when a project may be handed in: the cohort's schedule, and what was granted beyond it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.extensions import Base, Key


class Extension(Base):
    """More time for a project, granted once and never changed: the latest ``until`` that applies counts.

    ``enrolment_id`` names the learner, whose whole team it then holds for; None is everybody in the cohort (an
    outage). Work handed in until then is not late.
    """

    __tablename__ = "extension"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"))
    until: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(300))
    granted_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_extension_project", "cohort_id", "stable_id", "enrolment_id"),
        Index("ix_extension_enrolment_id", "enrolment_id"),
        Index("ix_extension_granted_by", "granted_by"),
    )


class Due(NamedTuple):
    """When a project is due: ``at`` is what counts (None: never), ``extended`` whether more time made it that."""

    at: datetime | None
    extended: bool = False


def due(scheduled: datetime | None, *untils: datetime | None) -> Due:
    """The latest of the scheduled deadline and of what was granted beyond it; without a schedule there is none."""
    granted = max((until for until in untils if until is not None), default=None)
    if scheduled is None or granted is None or granted <= scheduled:
        return Due(scheduled)
    return Due(granted, True)


def late_seconds(submitted_at: datetime, recorded: int, *untils: datetime | None) -> int:
    """How late a version is, in seconds, after what was granted since: never later than its receipt says."""
    granted = max((until for until in untils if until is not None), default=None)
    if not recorded or granted is None:
        return recorded
    return min(recorded, max(0, int((submitted_at - granted).total_seconds())))
