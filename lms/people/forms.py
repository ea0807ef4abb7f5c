"""The forms of ``people``. Every text has a limit; what is far too long is not sent back into the page."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField, PasswordField, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length, StopValidation

from lms.people import identity, passwords
from lms.people.actions import Facts
from lms.people.models import ROLES, Organization, Person
from lms.refusals import Refused

PATH_AT_MOST = 2000
TIDIED_AT_MOST = 5000
WHO_AT_MOST = 254
PASSWORD_AT_MOST = 1000  # of one that is only compared; new ones have passwords.AT_MOST


class Within(Length):
    """At most so many characters; longer text is dropped, so that a page never carries it back."""

    def __init__(self, count: int) -> None:
        super().__init__(max=count, message=_l("Maksimal %(count)d karakter.", count=count))

    def __call__(self, form: Any, field: Any) -> None:
        try:
            super().__call__(form, field)
        except ValidationError as error:
            field.data = ""
            raise StopValidation(str(error)) from error


class Chosen:
    """The value is one of the choices, with a sentence of our own: the library has none in Indonesian."""

    def __call__(self, _form: Any, field: Any) -> None:
        if field.data not in {choice.value for choice in field.iter_choices()}:
            raise ValidationError(_("Pilih salah satu pilihan yang tersedia."))


def _tidy(text: str | None) -> str:
    # far too long is refused right after; until then it costs nothing
    return identity.tidy(text) if text and len(text) <= TIDIED_AT_MOST else text or ""


def _path(text: str | None) -> str:
    return text if text and len(text) <= PATH_AT_MOST else ""


def _choices(texts: dict[str, Any]) -> list[Any]:
    return [SelectChoice(value, text) for value, text in texts.items()]


def refused(refusal: Refused) -> ValidationError:
    """The refusal as a form's error, in the reader's language."""
    return ValidationError(_(refusal.message, **refusal.values))


def _text(label: Any, count: int, *validators: Any) -> StringField:
    return StringField(label, filters=[_tidy], validators=[Within(count), *validators])


class WhoMixin:
    """A field that takes NIP or email; ``name`` holds what was read."""

    who = _text(_l("NIP atau surel"), WHO_AT_MOST, DataRequired(_l("Isi NIP atau alamat surel Anda.")))
    name: identity.SignInName

    def validate_who(self, field: Field) -> None:
        """Tell what is expected where the text cannot be either."""
        try:
            self.name = identity.sign_in_name(field.data)
        except identity.Unreadable as error:
            raise refused(error) from error


class SignInForm(WhoMixin, FlaskForm):
    """``next`` is where to go, ``kept`` a form that could not be accepted, signed by ``guard.keep_form``."""

    password = PasswordField(
        _l("Kata sandi"), validators=[InputRequired(_l("Isi kata sandi Anda.")), Within(PASSWORD_AT_MOST)]
    )
    next = HiddenField(filters=[_path])
    kept = HiddenField()


class ForgotForm(WhoMixin, FlaskForm):
    """Ask for a link that sets a new password."""


class NewPasswordMixin:
    """A new password, typed twice. ``owner`` is whose it becomes."""

    owner: Person
    new_password = PasswordField(
        _l("Kata sandi baru"), validators=[InputRequired(_l("Isi kata sandi baru."))]
    )
    repeat_password = PasswordField(
        _l("Ulangi kata sandi baru"),
        validators=[
            InputRequired(_l("Ketik kata sandi baru sekali lagi.")),
            EqualTo("new_password", _l("Kedua kata sandi baru tidak sama. Ketik ulang keduanya.")),
        ],
    )

    def validate_new_password(self, field: Field) -> None:
        """Long enough, not among the common ones, not the person's own name or number."""
        try:
            passwords.check(field.data, name=self.owner.name, nip=self.owner.nip, email=self.owner.email)
        except Refused as error:
            raise refused(error) from error


class ResetForm(NewPasswordMixin, FlaskForm):
    """The form behind a mailed link."""


class ChangePasswordForm(NewPasswordMixin, FlaskForm):
    """Change one's own password, knowing the old one."""

    password = PasswordField(
        _l("Kata sandi sekarang"),
        validators=[InputRequired(_l("Isi kata sandi Anda sekarang.")), Within(PASSWORD_AT_MOST)],
    )


class PreferencesForm(FlaskForm):
    """How times and words are shown to the person."""

    timezone = SelectField(
        _l("Zona waktu"),
        choices=_choices(
            {
                "Asia/Jakarta": _l("WIB (Jakarta)"),
                "Asia/Makassar": _l("WITA (Makassar)"),
                "Asia/Jayapura": _l("WIT (Jayapura)"),
            }
        ),
        validate_choice=False,
        validators=[Chosen()],
    )
    language = SelectField(
        _l("Bahasa"),
        choices=_choices({"id": "Bahasa Indonesia", "en": "English"}),
        validate_choice=False,
        validators=[Chosen()],
    )


class PersonForm(FlaskForm):
    """Somebody's account, as administrators write it. Known organizations are chosen, new ones are typed."""

    title_before = _text(_l("Gelar depan"), 60)
    name = _text(_l("Nama lengkap"), 200, DataRequired(_l("Isi nama lengkap.")))
    title_after = _text(_l("Gelar belakang"), 100)
    kind = SelectField(
        _l("Status"),
        choices=_choices(
            {
                "pns": _l("PNS"),
                "pppk": _l("PPPK"),
                "lecturer": _l("Dosen"),
                "other": _l("Lainnya"),
            }
        ),
        validate_choice=False,
        validators=[Chosen()],
    )
    nip = _text(_l("NIP atau NI PPPK"), 60)
    email = _text(_l("Surel"), 254)
    rank = _text(_l("Pangkat dan golongan"), 40)
    position = _text(_l("Jabatan"), 200)
    work_unit = _text(_l("Unit kerja"), 200)
    organization = SelectField(_l("Instansi"), validate_choice=False, validators=[Chosen()])
    new_organization = _text(_l("Nama instansi baru"), 200)
    new_organization_kind = SelectField(
        _l("Jenis instansi baru"),
        choices=_choices({"agency": _l("Perangkat daerah"), "university": _l("Perguruan tinggi")}),
        validate_choice=False,
        validators=[Chosen()],
    )
    learner = BooleanField(_l("Peserta"))
    facilitator = BooleanField(_l("Fasilitator"))
    administrator = BooleanField(_l("Administrator"))
    active = BooleanField(_l("Akun aktif"), default=True)

    number: identity.Number | None = None

    @property
    def nip_digits(self) -> str | None:
        """The number as it is stored."""
        return self.number.digits if self.number else None

    def offer(self, organizations: list[Organization]) -> None:
        """Fill the list of organizations."""
        self.organization.choices = _choices(
            {"": _("— Tanpa instansi —"), **{str(one.id): one.name for one in organizations}}
        )

    def show(self, person: Person) -> None:
        """Begin with what is stored."""
        for name in (
            "title_before",
            "name",
            "title_after",
            "kind",
            "rank",
            "position",
            "work_unit",
            "active",
            *ROLES,
        ):
            self[name].data = getattr(person, name)
        self.email.data = person.email or ""
        self.nip.data = identity.grouped(person.nip or "")
        self.organization.data = str(person.organization_id or "")

    def validate_nip(self, field: Field) -> None:
        """Empty or readable; PNS and PPPK have one."""
        if not field.data:
            if self.kind.data in ("pns", "pppk"):
                raise ValidationError(_("Isi NIP atau NI PPPK, 18 angka, misalnya 19860926 201505 1 001."))
            return
        try:
            self.number = identity.parse(field.data)
        except identity.Unreadable as error:
            raise refused(error) from error

    def validate_email(self, field: Field) -> None:
        """Everybody has an address: the link that sets the password goes there."""
        if not field.data:
            raise ValidationError(_("Isi alamat surel: tautan kata sandi dikirim ke sana."))
        try:
            field.data = identity.email(field.data)
        except identity.Unreadable as error:
            raise refused(error) from error

    def validate_learner(self, _field: Field) -> None:
        """Whoever has an account does something here."""
        if not any(self[role].data for role in ROLES):
            raise ValidationError(_("Pilih paling sedikit satu peran."))

    def facts(self, organization_id: int | None) -> Facts:
        """What was typed, as it is stored; degrees pasted into the name move to their own fields."""
        before, name, after = (self[at].data or "" for at in ("title_before", "name", "title_after"))
        if not before and not after:
            written = identity.split_degrees(name)
            if len(written.before) <= 60 and len(written.after) <= 100:
                before, name, after = written.before, written.name, written.after
        return Facts(
            name=name,
            title_before=before,
            title_after=after,
            email=self.email.data,
            nip=self.nip_digits,
            kind=self.kind.data,
            rank=self.rank.data or "",
            position=self.position.data or "",
            work_unit=self.work_unit.data or "",
            organization_id=organization_id,
            roles=frozenset(role for role in ROLES if self[role].data),
            active=self.active.data,
        )
