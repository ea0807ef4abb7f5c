"""Backups and the doctor's examination."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import inspect, select, text
from sqlalchemy.engine import make_url

from lms import audit, files
from lms.extensions import db
from lms.files import Blob
from lms.settings import Settings


class BackupError(RuntimeError):
    """The backup was not made; the message says why."""


def run(settings: Settings, target: Path) -> Path:
    """Copy the database (consistently, while people work) and the stored files into the new folder ``target``.

    Raises BackupError when the folder exists already, or when pg_dump is missing or fails.
    """
    if target.exists():
        raise BackupError(f"Folder {target} sudah ada. Beri nama folder baru untuk setiap cadangan.")
    target.mkdir(parents=True)
    url = make_url(settings.database_url)
    # the database first: every content it names is then certainly among the files copied after it
    if url.get_backend_name() == "sqlite":
        with (
            closing(sqlite3.connect(str(url.database))) as source,
            closing(sqlite3.connect(target / "lms.db")) as copy,
        ):
            source.backup(copy)
    else:
        _dump(settings.database_url, target / "lms.dump")
    shas = db.session.scalars(select(Blob.sha256)).all()
    folder = target / "files"
    for sha256 in shas:
        place = folder / sha256[:2] / sha256
        place.parent.mkdir(parents=True, exist_ok=True)
        with files.store().open(sha256) as source_file, place.open("wb") as copy_file:
            shutil.copyfileobj(source_file, copy_file)
    return target


def _dump(database_url: str, target: Path) -> None:
    address = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        subprocess.run(
            ["pg_dump", "--format=custom", f"--file={target}", f"--dbname={address}"],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError as error:
        raise BackupError("Pasang pg_dump (paket postgresql-client), lalu ulangi.") from error
    except subprocess.CalledProcessError as error:
        raise BackupError(f"pg_dump gagal: {error.stderr.decode(errors='replace')[:500]}") from error


def examine() -> list[str]:
    """Everything wrong with database, files and audit chain, in words; empty when all is well."""
    complaints = []
    if not inspect(db.engine).has_table("alembic_version"):
        return ["Basis data belum disiapkan: jalankan `flask db upgrade`."]
    if (
        db.engine.dialect.name == "sqlite"
        and db.session.execute(text("PRAGMA integrity_check")).scalar() != "ok"
    ):
        complaints.append("SQLite melaporkan berkas basis data rusak: pulihkan dari cadangan.")
    if not files.store().healthy():
        return [*complaints, "Penyimpanan berkas tidak menjawab: periksa LMS_STORAGE_URL."]
    for sha256 in db.session.scalars(select(Blob.sha256)):
        try:
            if _digest(sha256) != sha256:
                complaints.append(f"Isi berkas {sha256} berubah: pulihkan dari cadangan.")
        except FileNotFoundError:
            complaints.append(f"Isi berkas {sha256} hilang: pulihkan dari cadangan.")
    broken = audit.first_broken()
    if broken is not None:
        complaints.append(f"Rantai log audit putus pada entri {broken}.")
    return complaints


def _digest(sha256: str) -> str:
    digest = hashlib.sha256()
    with files.store().open(sha256) as stream:
        while chunk := stream.read(files.CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
