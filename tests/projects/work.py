"""The sample project: contents that pass its checks, files of every kind, and a way to change its
definition.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select, update

from lms.courses import models as course_models
from lms.courses.models import Cohort, Item
from lms.extensions import db
from lms.projects import actions, models
from lms.projects.content import Content, Table
from lms.projects.models import Draft, ImprovementNote, SubmissionVersion, Workspace
from lms.projects.receipt import signing_key
from lms.projects.source import Project, Section, parse
from tests.cast import CODE, NOW, Cast

ITEM = "proyek-uji"
FRONT = f"/proyek/{CODE}/{ITEM}"
TEXT = "## Akar masalah\n\nLama tinggal wisatawan hanya 1,3 hari, karena paket perjalanan belum terpadu."
ROW = {"_id": "baris1", "sasaran": "Pengangguran menurun", "arah": "turun", "t0": "5,55", "t1": "5,20"}
TABLE = Table((ROW,))
KEY = signing_key("a secret of the tests that is long enough")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d4944415478da6364f8ffbf1e000585027fd5c7d6d50000000049454e44ae426082"
)

# A chain across sections: a list made of another table's values, and a check that looks there.
CHAIN = """---
kind: project
id: proyek-uji
title: Proyek berantai
minutes: 60
rubric: rubrik-uji.yml
sections:
  - id: sasaran
    title: Sasaran
    kind: table
    rows: 1..10
    columns:
      - {id: sasaran, label: Sasaran, type: text, required: true}
    checks:
      - {id: ada-program, rule: covered, column: sasaran, by: program.sasaran, level: warning}
  - id: program
    title: Program
    kind: table
    rows: 1..10
    columns:
      - {id: sasaran, label: Sasaran, type: ref, ref: sasaran.sasaran, required: true}
      - {id: pagu, label: Pagu, type: money, required: true}
---
Kerjakan.
"""


def change_project(text: str = "", **values: Any) -> Project:
    """Give the published sample project another definition (published items never change: only a test may
    do this).
    """
    item = db.session.execute(select(Item.id, Item.definition).where(Item.stable_id == ITEM)).one()
    if text:
        parsed, problems = parse(text, "uji.md")
        assert parsed is not None, problems
        project = parsed
    else:
        project = msgspec.json.decode(item.definition, type=Project)
    project = msgspec.structs.replace(project, **values)
    db.session.execute(
        update(Item)
        .where(Item.id == item.id)
        .values(definition=msgspec.json.encode(project).decode())
        .execution_options(synchronize_session=False)
    )
    course_models.forget_cached()
    return project


def begin(cast: Cast, who: str = "sari", *, now: datetime = NOW) -> Workspace:
    """A work that has begun; flushed, not committed."""
    version_id = db.session.scalar(select(Cohort.version_id).where(Cohort.id == cast.cohort_id))
    assert version_id is not None
    item_id = course_models.item_id(version_id, ITEM)
    assert item_id is not None
    work_id = actions.start(
        enrolment_id=cast.enrolments[who],
        cohort_id=cast.cohort_id,
        item_id=item_id,
        stable_id=ITEM,
        project=models.project(item_id),
        by=cast.people[who],
        now=now,
    )
    work = models.workspace(work_id)
    assert work is not None
    return work


def section_of(work: Workspace, section_id: str) -> Section:
    section = work.project.section(section_id)
    assert section is not None
    return section


def save(
    work: Workspace,
    section_id: str,
    content: Content,
    *,
    by: int,
    revision: int | None = None,
    now: datetime = NOW,
) -> actions.Saved:
    """Save a section, by default over whatever is there."""
    if revision is None:
        revision = models.drafts(work.id)[section_id].revision
    return actions.save_section(
        work, section_of(work, section_id), content, revision=revision, by=by, now=now
    )


def fill(work: Workspace, by: int, *, now: datetime = NOW) -> None:
    """Everything that the sample project asks for."""
    save(work, "isu", TEXT, by=by, now=now)
    save(work, "sasaran", TABLE, by=by, now=now)


def hand_in(
    work: Workspace, by: int, *, reasons: dict[str, str] | None = None, now: datetime = NOW
) -> SubmissionVersion:
    """The next version, from the drafts as they are."""
    ready = actions.readiness(work)
    version, made = actions.hand_in(
        work,
        expected=ready.number,
        seen=ready.seen,
        reasons=reasons or {each.key: "Alasan uji." for each in ready.questions},
        integrity=True,
        key=KEY,
        by=by,
        now=now,
    )
    assert made
    return version


def review(
    work_id: int,
    number: int,
    *,
    accepted: tuple[str, ...] = (),
    returned: tuple[str, ...] = (),
    notes: Any = (),
) -> list[int]:
    """What sending a review leaves in drafts and notes; ``notes`` are (section, author id, must, text)."""
    for name, sections in (("accepted_in", accepted), ("returned_in", returned)):
        db.session.execute(
            update(Draft)
            .where(Draft.work_id == work_id, Draft.section_id.in_(sections))
            .values({name: number})
            .execution_options(synchronize_session=False)
        )
    rows = [
        ImprovementNote(
            work_id=work_id,
            version=number,
            section_id=section_id,
            author_id=author_id,
            must=must,
            text=text,
            created_at=NOW,
        )
        for section_id, author_id, must, text in notes
    ]
    db.session.add_all(rows)
    db.session.flush()
    return [row.id for row in rows]


def zipped(fill: Callable[[zipfile.ZipFile], None]) -> bytes:
    """A ZIP in memory."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        fill(archive)
    return stream.getvalue()


def docx(body: bytes = b"<w:document/>", extra: str = "") -> bytes:
    """The least that is a Word document, with one more member if asked."""

    def members(archive: zipfile.ZipFile) -> None:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", body)
        if extra:
            archive.writestr(extra, b"\0" * 16)

    return zipped(members)
