"""Writes about people: accounts, passwords, sessions. Callers commit, and hash before they take the lock."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from lms import audit
from lms.extensions import db
from lms.people import identity, passwords
from lms.people.models import (
    ROLES,
    EndedSession,
    Organization,
    PasswordReset,
    Person,
    new_session_key,
    person_by_sign_in,
    token_hash,
)
from lms.refusals import Refused

RESET_HOURS = 1
WELCOME_DAYS = 7
ORGANIZATION_KINDS = ("agency", "university")


class RefusedField(Refused):
    """A refusal that belongs to one field of a form."""

    def __init__(self, message: str, *, field: str, **values: str | int) -> None:
        super().__init__(message, **values)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What an administrator writes about somebody, as stored: tidy texts, lower case email, bare digits."""

    name: str
    title_before: str = ""
    title_after: str = ""
    email: str | None = None
    nip: str | None = None
    kind: str = "other"
    rank: str = ""
    position: str = ""
    work_unit: str = ""
    organization_id: int | None = None
    roles: frozenset[str] = field(default_factory=frozenset)
    active: bool = True


# Accounts


def refuse_taken(email: str | None, nip: str | None, *, apart_from: int | None = None) -> None:
    """Raise RefusedField where somebody else has this email or number."""
    if email and _somebody_else(Person.email == email, apart_from):
        raise RefusedField("Surel ini sudah dipakai akun lain.", field="email")
    if nip and _somebody_else(Person.nip == nip, apart_from):
        raise RefusedField("NIP ini sudah dipakai akun lain.", field="nip")


def _somebody_else(condition: ColumnElement[bool], apart_from: int | None) -> bool:
    return db.session.scalar(select(Person.id).where(condition, Person.id != (apart_from or 0))) is not None


def create_person(
    *,
    name: str,
    email: str,
    nip: str = "",
    roles: frozenset[str] = frozenset(),
    kind: str = "",
    by: int | None,
    now: datetime,
) -> Person:
    """An account from what was typed: degrees in the name, a number however spaced. It has no password yet.

    Without ``kind`` the number tells it. Raises Refused for anything that cannot be read or is taken.
    """
    written = identity.split_degrees(name)
    if not written.name:
        raise RefusedField("Isi nama lengkap.", field="name")
    number = identity.parse(nip) if nip.strip() else None
    if not kind:
        kind = number.kind if number else ("lecturer" if "facilitator" in roles else "other")
    facts = Facts(
        name=written.name,
        title_before=written.before,
        title_after=written.after,
        email=identity.email(email),
        nip=number.digits if number else None,
        kind=kind,
        roles=roles,
    )
    return add_person(facts, by=by, now=now)


def add_person(facts: Facts, *, by: int | None, now: datetime) -> Person:
    """A new account without a password. Raises RefusedField where email or number are taken."""
    refuse_taken(facts.email, facts.nip)
    person = Person(created_at=now, sort_name="", name="", session_key=new_session_key())
    _write(person, facts)
    db.session.add(person)
    db.session.flush()
    audit.record("person added", f"person:{person.id}", by=by, now=now, detail=_role_detail(facts.roles))
    return person


_when_stopping: list[Callable[..., None]] = []


def when_facilitators_stop(act: Callable[..., None]) -> None:
    """Let another feature act, as ``act(person_id, by=, now=)``, when somebody is no active facilitator any more."""
    _when_stopping.append(act)


def change_person(person: Person, facts: Facts, *, by: int, now: datetime) -> None:
    """Write new facts about somebody. Raises RefusedField where they are taken or would lock ``by`` out."""
    if person.id == by and "administrator" not in facts.roles:
        raise RefusedField(
            "Anda tidak dapat mencabut peran administrator dari akun Anda sendiri. "
            "Mintalah administrator lain.",
            field="administrator",
        )
    if person.id == by and not facts.active:
        raise RefusedField(
            "Anda tidak dapat menonaktifkan akun Anda sendiri. Mintalah administrator lain.", field="active"
        )
    refuse_taken(facts.email, facts.nip, apart_from=person.id)
    roles, active, email = person.roles, person.active, person.email
    _write(person, facts)
    if email != person.email:
        _void_resets(person.id, now=now)  # a link in the old mailbox must not open the account
    if active and not facts.active:
        person.session_key = new_session_key()
    db.session.flush()
    thing = f"person:{person.id}"
    audit.record("person changed", thing, by=by, now=now)
    if roles != facts.roles:
        audit.record("roles changed", thing, by=by, now=now, detail=_role_detail(facts.roles))
    if active != facts.active:
        audit.record("person activated" if facts.active else "person deactivated", thing, by=by, now=now)
    if active and "facilitator" in roles and not (facts.active and "facilitator" in facts.roles):
        for act in _when_stopping:
            act(person.id, by=by, now=now)


def _write(person: Person, facts: Facts) -> None:
    person.name = facts.name
    person.title_before = facts.title_before
    person.title_after = facts.title_after
    person.sort_name = identity.sort_name(facts.name)
    person.email = facts.email
    person.nip = facts.nip
    person.kind = facts.kind
    person.rank = facts.rank
    person.position = facts.position
    person.work_unit = facts.work_unit
    person.organization_id = facts.organization_id
    person.active = facts.active
    for role in ROLES:
        setattr(person, role, role in facts.roles)


def _role_detail(roles: frozenset[str]) -> dict[str, str | int | None]:
    return {role: int(role in roles) for role in ROLES}


def organization_named(name: str, kind: str, *, by: int, now: datetime) -> Organization:
    """The organization with this name, made where it does not exist yet. ``kind`` is agency or university."""
    if kind not in ORGANIZATION_KINDS:
        raise RefusedField("Pilih jenis instansi.", field="new_organization_kind")
    found = db.session.scalar(select(Organization).where(Organization.name == name))
    if found is None:
        found = Organization(name=name, kind=kind, created_at=now)
        db.session.add(found)
        db.session.flush()
        audit.record("organization added", f"organization:{found.id}", by=by, now=now)
    return found


def choose_language(person_id: int, language: str) -> None:
    """Remember the language somebody reads in ("id" or "en")."""
    db.session.execute(update(Person).where(Person.id == person_id).values(language=language))


# Sessions and passwords


def begin_session(person_id: int, *, stored: str, new_hash: str | None, now: datetime) -> Person | None:
    """Write down a sign-in that was verified against ``stored``; ``new_hash`` replaces an old-fashioned one.

    None when the password was changed or the account closed in between.
    """
    person = db.session.scalar(select(Person).where(Person.id == person_id).with_for_update())
    if person is None or not person.active or person.password_hash != stored:
        return None
    if new_hash:
        person.password_hash = new_hash
    audit.record("signed in", f"person:{person.id}", by=person.id, now=now)
    return person


def end_session(session_id: str, *, until: datetime, now: datetime) -> None:
    """Let one session end before its cookie does at ``until``; ended ones whose cookie is too old are forgotten."""
    db.session.execute(delete(EndedSession).where(EndedSession.until < now))
    kind = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    # two presses at once end it once
    db.session.execute(kind.insert(EndedSession).values(id=session_id, until=until).on_conflict_do_nothing())


def end_sessions(person_id: int, *, by: int, now: datetime) -> None:
    """End every session of a person, on every device."""
    person = db.session.scalar(select(Person).where(Person.id == person_id).with_for_update())
    if person is not None:
        person.session_key = new_session_key()
        audit.record("signed out everywhere", f"person:{person_id}", by=by, now=now)


def change_password(person_id: int, *, stored: str, new_hash: str, by: int, now: datetime) -> Person:
    """Replace the password that was verified against ``stored``; ends every session and every mailed link.

    Raises Refused when the password was changed somewhere else in between.
    """
    person = db.session.scalar(select(Person).where(Person.id == person_id).with_for_update())
    if person is None or person.password_hash != stored:
        raise Refused("Kata sandi baru saja diganti di tempat lain. Masuk kembali, lalu coba lagi.")
    _replace_password(person, new_hash, deed="password changed", by=by, now=now)
    return person


def use_reset(reset_id: int, *, new_hash: str, now: datetime) -> Person:
    """Set the password of whoever a mailed link belongs to. Raises Refused when the link is used up."""
    used = db.session.execute(
        update(PasswordReset)
        .where(PasswordReset.id == reset_id, PasswordReset.used_at.is_(None), PasswordReset.expires_at > now)
        .values(used_at=now)
        .returning(PasswordReset.person_id)
    ).scalar()
    person = db.session.scalar(select(Person).where(Person.id == used, Person.active).with_for_update())
    if person is None:
        raise Refused("Tautan ini sudah dipakai atau tidak berlaku lagi.")
    _replace_password(person, new_hash, deed="password reset", by=person.id, now=now)
    return person


def set_password_of(email: str, password: str, *, now: datetime) -> Person:
    """Set a password from the command line. Raises Refused for an unknown email or an unfit password."""
    new_hash = passwords.hash_password(password)
    person = person_by_sign_in(identity.email(email), None)
    if person is None:
        raise Refused("Tidak ada akun dengan surel itu.")
    passwords.check(password, name=person.name, nip=person.nip, email=person.email)
    _replace_password(person, new_hash, deed="password set", by=None, now=now)
    return person


def _replace_password(person: Person, new_hash: str, *, deed: str, by: int | None, now: datetime) -> None:
    person.password_hash = new_hash
    person.session_key = new_session_key()
    _void_resets(person.id, now=now)
    audit.record(deed, f"person:{person.id}", by=by, now=now)


def _void_resets(person_id: int, *, now: datetime) -> None:
    db.session.execute(
        update(PasswordReset)
        .where(PasswordReset.person_id == person_id, PasswordReset.used_at.is_(None))
        .values(used_at=now)
    )


def new_reset(person: Person, *, lasts: timedelta, by: int | None, now: datetime) -> str:
    """A fresh secret for a mailed link that sets a password: 32 random bytes, of which a hash is stored."""
    token = secrets.token_urlsafe(32)
    db.session.add(PasswordReset(person_id=person.id, token_hash=token_hash(token), expires_at=now + lasts))
    db.session.flush()
    audit.record("password link made", f"person:{person.id}", by=by, now=now)
    return token
