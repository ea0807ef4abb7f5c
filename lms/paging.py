"""Lists by key: a page is what comes after the last row seen, so page 1,000 costs what page 1 does."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

from lms.extensions import db

T = TypeVar("T")
Column = ColumnElement[Any] | InstrumentedAttribute[Any]
PER_PAGE = 50


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows of one page; ``next`` is the token of the following one or None, ``after`` the token this one came by."""

    rows: Sequence[T]
    next: str | None
    after: str | None


def token(values: Sequence[Any]) -> str:
    """The address form of a key."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(msgspec.json.encode(plain)).decode().rstrip("=")


def read_token(text: str | None, kinds: Sequence[type]) -> list[Any] | None:
    """The key a token holds, or None when it is missing or not one of ours (the list then begins at its start)."""
    if not text or len(text) > 1000:
        return None
    try:
        values = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds):
            return None
        return [
            datetime.fromisoformat(value) if kind is datetime else _exactly(value, kind)
            for value, kind in zip(values, kinds, strict=True)
        ]
    except (binascii.Error, msgspec.DecodeError, ValueError, TypeError, UnicodeError):
        return None


def _exactly(value: Any, kind: type) -> Any:
    if type(value) is not kind or (isinstance(value, int) and abs(value) >= 2**63):
        raise TypeError("a foreign token")
    if isinstance(value, str) and "\0" in value:
        raise ValueError("a foreign token")
    return value


def by_key(
    query: Select[Any],
    columns: Sequence[Column],
    after: str | None,
    *,
    per_page: int = PER_PAGE,
    descending: bool = False,
    scalars: bool = True,
) -> Page[Any]:
    """One page of ``query`` ordered by ``columns`` (the last one unique), all in one direction, in one statement.

    With ``scalars`` rows are entities that have the columns as attributes, else Row objects that have them by name.
    """
    key = read_token(after, [column.type.python_type for column in columns])
    if key is not None:
        query = query.where(past(columns, key, descending=descending))
    ordered = query.order_by(*(column.desc() if descending else column.asc() for column in columns))
    result = db.session.execute(ordered.limit(per_page + 1))
    rows = list(result.scalars() if scalars else result)
    following = None
    if len(rows) > per_page:
        rows = rows[:per_page]
        following = token([getattr(rows[-1], str(column.key)) for column in columns])
    return Page(rows, following, after if key is not None else None)


def past(columns: Sequence[Any], key: Sequence[Any], *, descending: bool = False) -> ColumnElement[bool]:
    """Whether a row comes after the key, in the order of these columns."""
    # (a, b) > (x, y) spelled out: row values do not bind typed parameters on every database
    alternatives = []
    for at, column in enumerate(columns):
        equal = [other == value for other, value in zip(columns[:at], key[:at], strict=True)]
        beyond = column < key[at] if descending else column > key[at]
        alternatives.append(and_(*equal, beyond))
    return or_(*alternatives)
