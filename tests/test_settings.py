"""Settings: what is unsafe stops the start with one sentence that says what to set."""

from __future__ import annotations

from pathlib import Path

import pytest

from lms.settings import SettingsError, read

SECRET = "x" * 32


def test_development_needs_nothing(tmp_path: Path) -> None:
    first = read({"LMS_ENV": "development", "LMS_INSTANCE": str(tmp_path)}, tmp_path)
    again = read({"LMS_ENV": "development", "LMS_INSTANCE": str(tmp_path)}, tmp_path)
    assert first.secret_key == again.secret_key, "sign-ins survive a restart"
    assert len(first.secret_key) == 64
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert first.database_url == f"sqlite:///{tmp_path / 'lms.db'}"


@pytest.mark.parametrize(
    ("env", "names"),
    [
        ({}, "LMS_SECRET_KEY"),
        ({"LMS_SECRET_KEY": "short"}, "LMS_SECRET_KEY"),
        ({"LMS_SECRET_KEY": SECRET, "FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"LMS_SECRET_KEY": SECRET, "LMS_ENV": "staging"}, "LMS_ENV"),
        ({"LMS_SECRET_KEY": SECRET, "LMS_DATABASE_URL": "mysql://x"}, "LMS_DATABASE_URL"),
        ({"LMS_SECRET_KEY": SECRET, "LMS_BRAND_COLOUR": "red;}"}, "LMS_BRAND_COLOUR"),
        ({"LMS_SECRET_KEY": SECRET, "LMS_PROXIES": "many"}, "LMS_PROXIES"),
        ({"LMS_SECRET_KEY": SECRET, "LMS_FORMER_SECRET_KEYS": f"{SECRET}, short"}, "LMS_FORMER_SECRET_KEYS"),
        ({"LMS_SECRET_KEY": SECRET, "LMS_UPLOAD_MAX_MB": "0"}, "LMS_UPLOAD_MAX_MB"),
    ],
)
def test_what_stops_the_start(env: dict[str, str], names: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=names) as stopped:
        read({**env, "LMS_INSTANCE": str(tmp_path)}, tmp_path)
    assert "Setel" in str(stopped.value)
    assert "\n" not in str(stopped.value)


def test_a_bare_postgresql_address_names_the_driver(tmp_path: Path) -> None:
    env = {"LMS_SECRET_KEY": SECRET, "LMS_INSTANCE": str(tmp_path), "LMS_DATABASE_URL": "postgresql://u@h/d"}
    assert read(env, tmp_path).database_url == "postgresql+psycopg://u@h/d"


def test_former_secrets_are_kept_in_order_behind_the_one_in_use(tmp_path: Path) -> None:
    env = {"LMS_SECRET_KEY": SECRET, "LMS_INSTANCE": str(tmp_path)}
    assert read(env, tmp_path).secret_keys == (SECRET,)
    env["LMS_FORMER_SECRET_KEYS"] = f"{'a' * 40},{'b' * 40} "
    assert read(env, tmp_path).secret_keys == (SECRET, "a" * 40, "b" * 40)
