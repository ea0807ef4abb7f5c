"""Sari's work with two reviews that differ too far, and Hasan who may decide between them."""

from __future__ import annotations

from decimal import Decimal

from lms.courses.models import CohortFacilitator
from lms.extensions import db
from lms.grading import models
from lms.grading.moderation import actions
from lms.grading.moderation import models as moderation
from lms.grading.moderation.content import Choice, Ruling
from lms.grading.moderation.models import Case
from lms.people.models import Person
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion
from lms.projects.source import Reconcile
from tests.cast import NOW, Cast, password_hash
from tests.grading.reviews import ACCEPTED, HOUR, WORSE, handed_in, send
from tests.projects.work import change_project

REASON = "Kedua telaah dibaca ulang bersama hasil kerjanya."
OWN = Ruling(criteria={"isu": Choice(level=2), "sasaran": Choice(level=4)}, reason=REASON)
"""Seventy points."""


def second_grader(cast: Cast) -> int:
    """Rekan facilitates the cohort too, and can sign in."""
    person = Person(
        name="Rekan Penilai",
        sort_name="rekan penilai",
        email="rekan@uji.example",
        kind="lecturer",
        facilitator=True,
        password_hash=password_hash(),
        created_at=NOW,
    )
    db.session.add(person)
    db.session.flush()
    db.session.add(CohortFacilitator(cohort_id=cast.cohort_id, person_id=person.id, added_at=NOW))
    cast.people["rekan"], cast.emails["rekan"] = person.id, "rekan@uji.example"
    db.session.flush()
    return person.id


def moderator(cast: Cast) -> int:
    """Hasan, of the cohort too from now on. Ratna, who runs the platform, is not of Sari's agency."""
    db.session.get_one(Person, cast.people["ratna"]).organization_id = None
    hasan = cast.people["hasan"]
    db.session.add(CohortFacilitator(cohort_id=cast.cohort_id, person_id=hasan, added_at=NOW))
    db.session.flush()
    return hasan


def disputed(cast: Cast, *, blind: str = "none") -> SubmissionVersion:
    """Dewi gave 85, Rekan 55, ten are allowed; flushed, not committed."""
    change_project(graders=2, blind=blind, reconcile=Reconcile(how="moderator", above=Decimal(10)))
    version = handed_in(cast)
    send(version, ACCEPTED, cast.people["dewi"])
    send(version, WORSE, second_grader(cast), now=NOW + 2 * HOUR)
    moderator(cast)
    return version


def case_of(version: SubmissionVersion) -> Case:
    found = moderation.case(version.id)
    assert found is not None
    return found


def ruled(cast: Cast, version: SubmissionVersion, said: Ruling = OWN) -> None:
    """Hasan decides; flushed, not committed."""
    project = projects.project(version.work.item_id)
    criteria = models.rubric_of(models.setting_of(version.work_id).version_id, project)
    actions.decide(
        case_of(version), project, criteria, said, revision=0, by=cast.people["hasan"], now=NOW + 5 * HOUR
    )
