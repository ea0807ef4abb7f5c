"""What a facilitator fills in to grant a learner more than a quiz's rules give."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from lms.quizzes.actions import ATTEMPTS_AT_MOST, MINUTES_AT_MOST, REASON_AT_MOST


class WholeField(IntegerField):
    """A whole number; what is no number says so in our words."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = (valuelist[0] if valuelist else "").strip()
        if not text:
            self.data = 0
        elif text.isascii() and text.isdecimal() and len(text) < 7:
            self.data = int(text)
        else:
            raise ValueError(_l("Isi dengan bilangan bulat, misalnya 15."))


class AllowanceForm(FlaskForm):
    """Extra minutes and attempts, and why; both 0 take back what was granted."""

    minutes = WholeField(
        _l("Tambahan waktu (menit)"),
        validators=[
            NumberRange(0, MINUTES_AT_MOST, message=_l("Tambahan waktu paling banyak 1.440 menit (24 jam)."))
        ],
    )
    attempts = WholeField(
        _l("Tambahan percobaan"),
        validators=[
            NumberRange(0, ATTEMPTS_AT_MOST, message=_l("Tambahan percobaan paling banyak 20 kali."))
        ],
    )
    reason = StringField(
        _l("Alasan"),
        filters=[lambda text: " ".join((text or "").split())],
        validators=[
            InputRequired(_l("Tulis alasan kelonggaran ini.")),
            Length(max=REASON_AT_MOST, message=_l("Alasan paling panjang 300 karakter.")),
        ],
    )
