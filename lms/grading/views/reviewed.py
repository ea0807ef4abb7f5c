"""What every page about the review of a version reads of it."""

from __future__ import annotations

from functools import cached_property

from lms.grading import models
from lms.grading.models import Setting
from lms.grading.views.words import who
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion
from lms.projects.source import Project
from lms.rubric import Rubric


class Reviewed:
    """A version with where it comes from and what it is judged by; each part is read once, when it is needed."""

    def __init__(self, version: SubmissionVersion) -> None:
        self.version = version
        self.project: Project = projects.project(version.work.item_id)

    @cached_property
    def setting(self) -> Setting:
        return models.setting_of(self.version.work_id)

    @cached_property
    def rubric(self) -> Rubric:
        return models.rubric_of(self.setting.version_id, self.project)

    @cached_property
    def who(self) -> str:
        """Whose work it is, as far as reviewers may know."""
        return who(self.setting.names, self.setting.masked, self.version.work_id)
