"""The forms of publishing: a course folder, a quiz of another platform."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, IntegerField, SelectField, SubmitField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import NumberRange, Optional

from lms.quizzes.exchange import registry


class UploadForm(FlaskForm):
    """A ZIP of one course folder; ``publish`` says that it shall be published where nothing is wrong."""

    archive = FileField(_l("Folder pelatihan (ZIP)"), validators=[FileRequired(_l("Pilih berkas ZIP."))])
    check = SubmitField(_l("Periksa saja"))
    publish = SubmitField(_l("Periksa dan terbitkan"))


class ImportForm(FlaskForm):
    """A quiz file of another platform; ``download`` asks for the ZIP at once, ``show`` for the page."""

    file = FileField(_l("Berkas kuis"), validators=[FileRequired(_l("Pilih berkas kuis."))])
    format = SelectField(
        _l("Format"),
        choices=[
            SelectChoice("", _l("Kenali sendiri")),
            *(SelectChoice(name, title) for name, title in registry.names(registry.READ)),
        ],
        default="",
    )
    minutes = IntegerField(
        _l("Waktu rancangan (menit)"),
        validators=[Optional(), NumberRange(1, 6000, _l("Tulis bilangan bulat dari 1 sampai 6000."))],
    )
    show = SubmitField(_l("Ubah dan tampilkan"))
    download = SubmitField(_l("Ubah dan unduh ZIP"))


class DownloadForm(FlaskForm):
    """The Markdown of an imported quiz on its way to a file."""

    markdown = TextAreaField(_l("Markdown kuis"))
    name = HiddenField()
    save = SubmitField(_l("Unduh berkas .md"))
