"""What was handed in: the receipt, and the version as it was."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from lms import markup
from lms.access import Deed
from lms.guard import allowed, can
from lms.projects import content, models
from lms.projects.models import SubmissionVersion
from lms.projects.views import blueprint
from lms.projects.views.loading import is_masked


@blueprint.get("/proyek/bukti/<int:submission_id>")
@allowed(Deed.SEE_OWN, models.submission)
def receipt(version: SubmissionVersion) -> ResponseReturnValue:
    """The receipt of a handed-in version: what, when, who, and the hash of every part."""
    work = models.workspace(version.work_id)
    assert work is not None  # a version's work is never deleted
    titles = {section.id: section.title for section in work.project.sections}
    return render_template(
        "projects/receipt.html",
        version=version,
        work=work,
        project=work.project,
        titles=titles,
        words=sum(part.words for part in version.parts),
        names=models.member_names({*version.member_ids, version.submitted_by}),
    )


@blueprint.get("/proyek/versi/<int:submission_id>")
@allowed(Deed.SEE_SUBMISSION, models.submission)
def version(version: SubmissionVersion) -> ResponseReturnValue:
    """A handed-in version, to read: for its authors and for whoever reviews in their cohort."""
    project = models.project(version.work.item_id)
    parts = {part.section_id: part for part in version.parts}
    held = {section_id: content.decode(part.content) for section_id, part in parts.items()}
    rendered = {
        section_id: markup.to_html(text, "people")
        for section_id, text in held.items()
        if isinstance(text, str)
    }
    work = models.workspace(version.work_id)
    links = models.attachment_ids(version.work_id)
    return render_template(
        "projects/version.html",
        version=version,
        work=work,
        project=project,
        sections=[section for section in project.sections if section.id in parts],
        parts=parts,
        held=held,
        rendered=rendered,
        links=links,
        names=models.neutral_names(links) if is_masked(version.work) else None,
        own=can("see own", version),
    )
