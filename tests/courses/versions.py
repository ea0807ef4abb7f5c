"""A second version of the sample course, for tests of what changes and what stays."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from lms.extensions import db
from lms.publishing import actions
from tests.cast import NOW, Cast, sample


def publish_second(cast: Cast) -> int:
    """Publish a version where `lanjut` is longer, the quiz is gone, `tambahan` and (last) `penutup` are new.

    Returns the version's id.
    """
    draft = sample()
    opening = next(each for each in draft.items if each.id == "pembuka")
    items = []
    for item in draft.items:
        if item.id == "lanjut":
            item = msgspec.structs.replace(item, minutes=25, source=item.source + "\nKalimat baru.\n")
        if item.id == "kuis-uji":
            item = msgspec.structs.replace(
                opening, id="tambahan", title="Materi tambahan", position=item.position
            )
        items.append(item)
    last = max(item.position for item in items) + 1
    items.append(msgspec.structs.replace(opening, id="penutup", title="Penutup", module=2, position=last))
    changed = msgspec.structs.replace(draft, items=tuple(items), content_hash="2" * 64)
    outcome = actions.publish(changed, by=cast.people["ratna"], now=NOW + timedelta(days=1))
    db.session.commit()
    return outcome.version_id
