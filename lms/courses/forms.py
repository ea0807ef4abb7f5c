"""What administrators fill in about a cohort."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    DateTimeLocalField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from lms import formats
from lms.courses.actions import CohortFacts
from lms.courses.cohort import CODE_AT_MOST, day_begins, day_ends
from lms.courses.models import REVIEW_DAYS, ItemLine

ZONE = formats.DEFAULT_ZONE
"""Days and deadlines are typed in the organiser's zone, whatever the zone of whoever types them."""

REVIEW_DAYS_AT_MOST = 60
APPEAL_DAYS_AT_MOST = 90

LIST_AT_MOST = 60_000
"""Characters of a pasted list of people."""

YEARS = (2000, 2199)
"""What a cohort's dates may hold: anything else is a slip of the keyboard."""


def _tidy(text: str | None) -> str:
    return " ".join((text or "").split())


class DayField(DateField):
    """A date within reason."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_l("Isi tanggal dengan pola tahun-bulan-hari, misalnya 2026-11-24.")) from None
        if isinstance(self.data, date) and not YEARS[0] <= self.data.year <= YEARS[1]:
            raise ValueError(_l("Periksa tahunnya."))


class MomentField(DateTimeLocalField):
    """A date and time within reason."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_l("Isi tanggal dan waktunya, misalnya 2026-11-28T23:59.")) from None
        if isinstance(self.data, datetime) and not YEARS[0] <= self.data.year <= YEARS[1]:
            raise ValueError(_l("Periksa tahunnya."))


def _row_id(text: object) -> int:
    """A row id, 0 for nonsense: no row has that."""
    digits = str(text)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else 0


class CheckList(SelectMultipleField):
    """Several of a list, each with a box of its own."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class CohortForm(FlaskForm):
    """A cohort's name, days and facilitators. Days are the organiser's (WIB): from 00.00 to 23.59.59."""

    name = StringField(
        _l("Nama angkatan"),
        filters=[_tidy],
        validators=[
            InputRequired(_l("Isi nama angkatan.")),
            Length(max=120, message=_l("Nama angkatan paling panjang 120 karakter.")),
        ],
    )
    starts = DayField(_l("Mulai"), validators=[InputRequired(_l("Isi tanggal mulai."))])
    ends = DayField(_l("Selesai"), validators=[InputRequired(_l("Isi tanggal selesai."))])
    review_days = IntegerField(
        _l("Janji waktu telaah (hari kerja)"),
        default=REVIEW_DAYS,
        validators=[
            Optional(),
            NumberRange(1, REVIEW_DAYS_AT_MOST, message=_l("Isi 1 sampai 60 hari kerja.")),
        ],
    )
    appeal_days = IntegerField(
        _l("Batas waktu banding (hari)"),
        validators=[
            Optional(),
            NumberRange(0, APPEAL_DAYS_AT_MOST, message=_l("Isi 0 sampai 90 hari.")),
        ],
    )
    facilitators = CheckList(_l("Fasilitator"), coerce=_row_id, validate_choice=False)
    leads = CheckList(_l("Memimpin angkatan"), coerce=_row_id, validate_choice=False)

    def facts(self) -> CohortFacts:
        """What a valid form holds."""
        assert self.name.data is not None
        assert self.starts.data is not None
        assert self.ends.data is not None
        return CohortFacts(
            name=self.name.data,
            starts_at=day_begins(self.starts.data, ZONE),
            ends_at=day_ends(self.ends.data, ZONE),
            review_days=REVIEW_DAYS if self.review_days.data is None else self.review_days.data,
            appeal_days=self.appeal_days.data,
        )


class NewCohortForm(CohortForm):
    """A cohort that does not exist yet: it also has a course version, and a code that stays for good."""

    version = SelectField(
        _l("Pelatihan dan versinya"),
        coerce=_row_id,
        validate_choice=False,
        validators=[InputRequired(_l("Pilih pelatihan."))],
    )
    code = StringField(
        _l("Kode (opsional)"),
        filters=[lambda text: (text or "").strip().lower()],
        validators=[
            Length(max=CODE_AT_MOST, message=_l("Kode paling panjang 60 karakter.")),
        ],
    )


class EnrolForm(FlaskForm):
    """People to enrol, one per line."""

    people = TextAreaField(
        _l("Surel atau NIP, satu per baris"),
        validators=[
            InputRequired(_l("Isi sedikitnya satu surel atau NIP.")),
            Length(
                max=LIST_AT_MOST, message=_l("Daftar ini terlalu panjang. Daftarkan paling banyak 500 baris.")
            ),
        ],
    )


class ConfirmForm(FlaskForm):
    """A deed without input."""


def schedule_form(lines: Iterable[ItemLine]) -> Any:
    """A form class with two moments for each item: ``opens_<n>`` and ``due_<n>``, n counting from 0."""
    fields: dict[str, Any] = {}
    for at, line in enumerate(lines):
        for name, label in (("opens", _l("Dibuka")), ("due", _l("Tenggat"))):
            fields[f"{name}_{at}"] = MomentField(
                label,
                format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
                validators=[Optional()],
                description=line.title,
            )
    return type("ScheduleForm", (FlaskForm,), fields)
