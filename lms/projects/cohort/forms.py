"""What facilitators fill in to give more time."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than the stubs
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from lms.courses.cohort import moment_in
from lms.courses.forms import ZONE, MomentField
from lms.projects.cohort.actions import REASON_AT_MOST
from lms.quizzes.attempts.forms import WholeField


def _tidy(text: str | None) -> str:
    return " ".join((text or "").split())


def _reason() -> StringField:
    return StringField(
        _l("Alasan"),
        filters=[_tidy],
        validators=[
            DataRequired(_l("Tulis alasan perpanjangan ini.")),
            Length(max=REASON_AT_MOST, message=_l("Alasan paling panjang 300 karakter.")),
        ],
    )


class ExtensionForm(FlaskForm):
    """More time for one learner or team."""

    until = MomentField(
        _l("Tenggat baru"),
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        validators=[InputRequired(_l("Isi tenggat yang baru."))],
    )
    reason = _reason()

    def moment(self) -> datetime:
        """When it ends, in UTC: typed in the organiser's zone."""
        assert self.until.data is not None
        return moment_in(self.until.data, ZONE)


class OutageForm(FlaskForm):
    """More time for everybody in a cohort, in all its open projects."""

    amount = WholeField(
        _l("Lama perpanjangan"),
        default=24,
        validators=[NumberRange(1, 720, message=_l("Isi dengan bilangan bulat, misalnya 24."))],
    )
    unit = SelectField(
        _l("Satuan"),
        choices=[SelectChoice("jam", _l("jam")), SelectChoice("hari", _l("hari"))],
        default="jam",
    )
    reason = _reason()

    def hours(self) -> int:
        """The time that is added, in hours."""
        amount = int(self.amount.data or 0)
        return amount * 24 if self.unit.data == "hari" else amount
