"""Every setting, typed, read once from the environment (``LMS_*``)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

Environment = Literal["development", "production", "test"]


class SettingsError(RuntimeError):
    """A setting is missing or unsafe; the message is one sentence that says what to set."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings; sizes in MB, times in the unit their name says."""

    environment: Environment
    instance: Path
    secret_key: str
    former_secret_keys: tuple[str, ...]
    database_url: str
    storage_url: str
    redis_url: str
    mail_url: str
    mail_from: str
    site_name: str
    city_name: str
    organiser: str
    brand_colour: str
    gold_colour: str
    public_url: str
    proxies: int
    upload_max_mb: int
    clamav: str
    jp_target: int
    jp_ceiling: int
    version: str

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Every secret that something may have been signed with, the one in use first."""
        return (self.secret_key, *self.former_secret_keys)

    @property
    def development(self) -> bool:
        return self.environment == "development"


def _integer(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name, "") or str(default)
    if not text.isdecimal() or not low <= int(text) <= high:
        raise SettingsError(f"Setel {name} dengan bilangan bulat antara {low} dan {high}.")
    return int(text)


def _colour(env: Mapping[str, str], name: str, default: str) -> str:
    value = env.get(name, "") or default
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise SettingsError(f"Setel {name} dengan warna heksadesimal enam digit, misalnya {default}.")
    return value.lower()


def _development_key(instance: Path) -> str:
    """A random key kept in the instance folder, so that sign-ins survive a restart in development."""
    path = instance / "secret_key"
    if not path.exists():
        path.write_text(secrets.token_hex(32))
        path.chmod(0o600)
    return path.read_text().strip()


def read(env: Mapping[str, str], root: Path) -> Settings:
    """Read the settings from ``env`` (normally ``os.environ``).

    Raises SettingsError with one sentence where production would start without a secret or with debug on.
    """
    environment = env.get("LMS_ENV", "") or "production"
    if environment not in ("development", "production", "test"):
        raise SettingsError("Setel LMS_ENV dengan development, production, atau test.")
    instance = Path(env.get("LMS_INSTANCE", "") or root / "instance").resolve()
    instance.mkdir(parents=True, exist_ok=True)
    secret = env.get("LMS_SECRET_KEY", "")
    if environment == "development" and not secret:
        secret = _development_key(instance)
    if len(secret) < 32:
        raise SettingsError(
            "Setel LMS_SECRET_KEY dengan minimal 32 karakter acak, misalnya keluaran "
            "`python -c 'import secrets; print(secrets.token_hex(32))'`, atau LMS_ENV=development untuk mencoba."
        )
    former = tuple(env.get("LMS_FORMER_SECRET_KEYS", "").replace(",", " ").split())
    if any(len(each) < 32 for each in former):
        raise SettingsError(
            "Setel LMS_FORMER_SECRET_KEYS dengan nilai LMS_SECRET_KEY yang lama (masing-masing minimal 32 karakter), "
            "dipisahkan koma, atau kosongkan."
        )
    if environment == "production" and env.get("FLASK_DEBUG", "0") not in ("", "0", "false", "False"):
        raise SettingsError("Setel FLASK_DEBUG=0: mode debug tidak boleh menyala di luar pengembangan.")
    database_url = env.get("LMS_DATABASE_URL", "") or f"sqlite:///{instance / 'lms.db'}"
    if database_url.startswith(("postgres://", "postgresql://")):
        # The driver is psycopg 3; a bare scheme would make SQLAlchemy look for psycopg 2.
        database_url = "postgresql+psycopg://" + database_url.split("://", 1)[1]
    if not database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError("Setel LMS_DATABASE_URL dengan alamat sqlite:/// atau postgresql://.")
    return Settings(
        environment=cast(Environment, environment),
        instance=instance,
        secret_key=secret,
        former_secret_keys=former,
        database_url=database_url,
        storage_url=env.get("LMS_STORAGE_URL", "") or f"file://{instance / 'files'}",
        redis_url=env.get("LMS_REDIS_URL", ""),
        mail_url=env.get("LMS_MAIL_URL", "") or f"file://{instance / 'mail'}",
        mail_from=env.get("LMS_MAIL_FROM", "") or "Belajar ASN <tidak-dibalas@localhost>",
        site_name=env.get("LMS_SITE_NAME", "") or "Belajar ASN",
        city_name=env.get("LMS_CITY_NAME", "") or "Kota Sawahlunto",
        organiser=env.get("LMS_ORGANISER", "") or "BKPSDM Kota Sawahlunto",
        brand_colour=_colour(env, "LMS_BRAND_COLOUR", "#0e4a58"),
        gold_colour=_colour(env, "LMS_GOLD_COLOUR", "#b7791f"),
        public_url=(env.get("LMS_PUBLIC_URL", "") or "http://127.0.0.1:8000").rstrip("/"),
        proxies=_integer(env, "LMS_PROXIES", 0, 0, 5),
        upload_max_mb=_integer(env, "LMS_UPLOAD_MAX_MB", 20, 1, 500),
        clamav=env.get("LMS_CLAMAV", ""),
        jp_target=_integer(env, "LMS_JP_TARGET", 20, 1, 1000),
        jp_ceiling=_integer(env, "LMS_JP_CEILING", 24, 1, 1000),
        version="0.1.0",
    )
