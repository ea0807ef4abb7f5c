"""People, organizations and what signing in needs."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, String, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms import access
from lms.extensions import Base, Key, db
from lms.people import identity
from lms.people.identity import digits_of

ROLES = ("learner", "facilitator", "administrator")
SEARCH_AT_MOST = 100  # characters of a search that are looked at


def new_session_key() -> str:
    """A random value that a session must know; changing it ends every session of the person."""
    return secrets.token_hex(8)


class Organization(Base):
    """An agency (perangkat daerah) or a partner university."""

    __tablename__ = "organization"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("kind in ('agency', 'university')", name="kind"),)


class Person(Base):
    """Somebody with an account. ``nip`` and ``email`` are attributes that may change, never keys."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    title_before: Mapped[str] = mapped_column(String(60), default="")
    title_after: Mapped[str] = mapped_column(String(100), default="")
    sort_name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    nip: Mapped[str | None] = mapped_column(String(18), unique=True)
    kind: Mapped[str] = mapped_column(String(20), default="pns")
    rank: Mapped[str] = mapped_column(String(40), default="")
    position: Mapped[str] = mapped_column(String(200), default="")
    work_unit: Mapped[str] = mapped_column(String(200), default="")
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    session_key: Mapped[str] = mapped_column(String(32), default=new_session_key)
    learner: Mapped[bool] = mapped_column(default=False)
    facilitator: Mapped[bool] = mapped_column(default=False)
    administrator: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    demo: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(String(2), default="id")
    timezone: Mapped[str] = mapped_column(String(40), default="Asia/Jakarta")
    created_at: Mapped[datetime]

    organization: Mapped[Organization | None] = relationship()

    __table_args__ = (
        CheckConstraint("kind in ('pns', 'pppk', 'lecturer', 'other')", name="kind"),
        CheckConstraint("language in ('id', 'en')", name="language"),
        Index("ix_person_sort", "sort_name", "id"),
        Index("ix_person_organization_id", "organization_id"),
        Index("ix_person_demo", "demo"),
    )

    @property
    def full_name(self) -> str:
        """The name between its degrees (see ``identity.full_name``)."""
        return identity.full_name(self.title_before, self.name, self.title_after)

    @property
    def roles(self) -> frozenset[str]:
        """The names of the roles the person has; they can be combined."""
        return frozenset(role for role in ROLES if getattr(self, role))


class PasswordReset(Base):
    """A mailed link's secret, kept as a hash; used once, for an hour."""

    __tablename__ = "password_reset"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_password_reset_person_id", "person_id"),
        Index("ix_password_reset_expiry", "expires_at"),
    )


class EndedSession(Base):
    """A session that was signed out of before its time: a copy of its cookie must not open it again.

    ``until`` is when the cookie itself is too old; rows past that are deleted with the next sign-out.
    """

    __tablename__ = "ended_session"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    until: Mapped[datetime]

    __table_args__ = (Index("ix_ended_session_until", "until"),)


@dataclass(frozen=True, slots=True)
class Account:
    """The signed-in person as Flask-Login knows them: a snapshot read in one statement, not a live row.

    ``session_id`` tells this session from the person's others; '' in cookies from before there was one.
    """

    person: access.Person
    session_key: str
    email: str | None
    language: str
    timezone: str
    organization: str
    kind: str = "pns"
    session_id: str = ""
    is_active: bool = True
    is_authenticated: bool = True
    is_anonymous: bool = False

    @property
    def id(self) -> int:
        return self.person.id

    @property
    def name(self) -> str:
        return self.person.name

    @property
    def initials(self) -> str:
        """At most two letters for the round badge."""
        words = [word for word in self.person.name.split() if word[0].isalpha()]
        return "".join(word[0] for word in words[:2]).upper() or "?"

    def get_id(self) -> str:
        """What the session cookie holds: the id, the key that a sign-out everywhere changes, the session's own."""
        return f"{self.person.id}.{self.session_key}.{self.session_id}"


def account_of(person: Person) -> Account:
    """The account of somebody who signs in just now; the cohorts follow with the next request."""
    return Account(
        person=access.Person(
            id=person.id,
            name=person.name,
            learner=person.learner,
            facilitator=person.facilitator,
            administrator=person.administrator,
        ),
        session_key=person.session_key,
        email=person.email,
        language=person.language,
        timezone=person.timezone,
        organization="",
        session_id=secrets.token_hex(8),
    )


def people_visible_to(_person: access.Person, text: str = "") -> Select[Any]:
    """Administrators' list: a select of Person, narrowed by name, email or the beginning of a NIP."""
    query = select(Person)
    words = " ".join(text[:SEARCH_AT_MOST].split())
    if words:
        conditions = [
            Person.name.icontains(words, autoescape=True),
            Person.email.icontains(words, autoescape=True),
        ]
        digits = digits_of(words)
        if digits.isascii() and digits.isdecimal():
            conditions.append(Person.nip.startswith(digits))
        query = query.where(or_(*conditions))
    return query


def person_by_sign_in(email: str | None, nip: str | None) -> Person | None:
    """Whoever has this email or this NIP."""
    if email:
        return db.session.scalar(select(Person).where(Person.email == email))
    if nip:
        return db.session.scalar(select(Person).where(Person.nip == nip))
    return None


def token_hash(token: str) -> str:
    """What is stored of a mailed link's secret (hex); the secret itself is in the mail only."""
    return hashlib.sha256(token.encode()).hexdigest()


def reset_by_token(token: str, *, now: datetime) -> tuple[PasswordReset, Person] | None:
    """The unused, unexpired link with this secret and whose it is."""
    row = db.session.execute(
        select(PasswordReset, Person)
        .join(Person, Person.id == PasswordReset.person_id)
        .where(
            PasswordReset.token_hash == token_hash(token),
            PasswordReset.used_at.is_(None),
            PasswordReset.expires_at > now,
            Person.active,
        )
    ).first()
    return (row[0], row[1]) if row else None


def organizations() -> list[Organization]:
    """Every agency and university, by name."""
    return list(db.session.scalars(select(Organization).order_by(Organization.name)))
