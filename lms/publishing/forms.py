"""The upload form of a course folder."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import SubmitField


class UploadForm(FlaskForm):
    """A ZIP of one course folder; ``publish`` says that it shall be published where nothing is wrong."""

    archive = FileField(_l("Folder pelatihan (ZIP)"), validators=[FileRequired(_l("Pilih berkas ZIP."))])
    check = SubmitField(_l("Periksa saja"))
    publish = SubmitField(_l("Periksa dan terbitkan"))
