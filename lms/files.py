"""Blobs by content hash: a local folder by default, S3-compatible storage by setting."""

from __future__ import annotations

import hashlib
import importlib
import io
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from lms import pictures
from lms.extensions import Base, Key, db
from lms.refusals import Refused

CHUNK = 64 * 1024
SWELLS_AT_MOST = 300 * 1024 * 1024
"""Bytes that an Office file may unpack to: beyond that it was made to choke whoever opens it."""
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "docx": DOCX, "xlsx": XLSX}


class FileRefused(Refused):
    """The upload is not taken; the message tells the person why."""


class Blob(Base):
    """A stored content: its bytes live in the store under its hash."""

    __tablename__ = "blob"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(Key)
    media_type: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]


class Store(Protocol):
    """Where the bytes are."""

    def put(self, path: Path, sha256: str, media_type: str) -> None:
        """Store the file's bytes under their hash; storing them twice does no harm."""

    def open(self, sha256: str) -> BinaryIO:
        """A readable stream; raises FileNotFoundError."""

    def delete(self, sha256: str) -> None:
        """Forget the bytes; missing ones are no error."""

    def listed(self, place: str, *, before: datetime) -> Iterator[str]:
        """The names in one of ``PLACES`` that nobody wrote to since, also of what was never finished."""

    def healthy(self) -> bool:
        """Whether the store answers."""


@dataclass(frozen=True)
class FolderStore:
    """A folder, two levels deep, written by rename so that no half file is ever seen under its hash."""

    folder: Path

    def _path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def put(self, path: Path, sha256: str, media_type: str) -> None:
        target = self._path(sha256)
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        # a name of the same place, so that the sweep finds it should this process die before the end
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f"{sha256}.half-", delete=False) as part:
            with path.open("rb") as source:
                while chunk := source.read(CHUNK):
                    part.write(chunk)
            part.flush()
            os.fsync(part.fileno())
        Path(part.name).replace(target)
        _sync_folder(target.parent)

    def open(self, sha256: str) -> BinaryIO:
        return self._path(sha256).open("rb")

    def delete(self, sha256: str) -> None:
        self._path(sha256).unlink(missing_ok=True)

    def listed(self, place: str, *, before: datetime) -> Iterator[str]:
        folder, old = self.folder / place, before.timestamp()
        for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
            if entry.is_file() and entry.stat().st_mtime < old:
                yield entry.name

    def healthy(self) -> bool:
        self.folder.mkdir(parents=True, exist_ok=True)
        return os.access(self.folder, os.W_OK)


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder outlive a power cut; not every system lets folders be opened."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class S3Store:
    """An S3-compatible bucket, through a ``minio.Minio`` client."""

    client: Any
    bucket: str

    def put(self, path: Path, sha256: str, media_type: str) -> None:
        self.client.fput_object(self.bucket, sha256, str(path), content_type=media_type)

    def open(self, sha256: str) -> BinaryIO:
        try:
            response = self.client.get_object(self.bucket, sha256)
        except Exception as error:
            if getattr(error, "code", None) == "NoSuchKey":
                raise FileNotFoundError(sha256) from error
            raise
        try:
            spool = tempfile.SpooledTemporaryFile(max_size=1024 * 1024)  # noqa: SIM115 (the caller closes it)
            for chunk in response.stream(CHUNK):
                spool.write(chunk)
            spool.seek(0)
            return spool  # type: ignore[return-value]  # behaves as BinaryIO
        finally:
            response.close()
            response.release_conn()

    def delete(self, sha256: str) -> None:
        self.client.remove_object(self.bucket, sha256)

    def listed(self, place: str, *, before: datetime) -> Iterator[str]:
        for each in self.client.list_objects(self.bucket, prefix=place):
            # whatever else lies in the bucket is not ours
            if len(each.object_name) == 64 and each.last_modified < before:
                yield each.object_name

    def healthy(self) -> bool:
        return bool(self.client.bucket_exists(self.bucket))


def make_store(url: str) -> Store:
    """The store that LMS_STORAGE_URL names: ``file:///folder`` or ``s3://key:secret@host[:port]/bucket[?tls=0]``.

    Raises ValueError for anything else.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FolderStore(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.hostname and parts.path.strip("/"):
        tls = parse_qs(parts.query).get("tls", ["1"])[0] != "0"
        host = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
        # only here, because the client weighs a quarter of a cold start and most installations keep a folder
        minio = importlib.import_module("minio")
        client = minio.Minio(
            host,
            access_key=unquote(parts.username or ""),
            secret_key=unquote(parts.password or ""),
            secure=tls,
            region=parse_qs(parts.query).get("region", ["us-east-1"])[0],
        )
        return S3Store(client, parts.path.strip("/"))
    raise ValueError("Setel LMS_STORAGE_URL dengan file:///folder atau s3://kunci:rahasia@host/bucket.")


PLACES = tuple(f"{number:02x}" for number in range(256))
"""How hashes begin: the parts into which a store is divided for looking through it."""

_store: Store | None = None
_parts: Path | None = None


def configure(url: str, parts: Path) -> None:
    """Choose the store once, at start, and the local folder where uploads in parts grow."""
    global _store, _parts
    _store, _parts = make_store(url), parts


def part(code: str) -> Path:
    """Where an upload in parts grows; ``code`` is one that we made."""
    if _parts is None or not code.isalnum():
        raise RuntimeError("files.configure() has not run, or the code is not ours")
    return _parts / code


def _spool() -> Path | None:
    """Where files on their way in lie: with the parts, whose sweep removes what a process that died left there."""
    if _parts is not None:
        _parts.mkdir(parents=True, exist_ok=True)
    return _parts


def temporary() -> BinaryIO:
    """A file on disk that is gone when it is closed, for what is put together to be sent."""
    return tempfile.TemporaryFile(dir=_spool(), prefix="lms-out-")


def part_size(code: str) -> int:
    """How many bytes of an upload in parts are here; 0 where the folder was emptied."""
    path = part(code)
    return path.stat().st_size if path.exists() else 0


def parts_older_than(moment: datetime) -> list[Path]:
    """The files in the folder of parts that nobody wrote to since."""
    if _parts is None or not _parts.is_dir():
        return []
    old = moment.timestamp()
    return [path for path in _parts.iterdir() if path.is_file() and path.stat().st_mtime < old]


def append(code: str, offset: int, data: bytes) -> None:
    """Write a part at its place, so that the same part sent twice changes nothing."""
    path = part(code)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.seek(offset)
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def store() -> Store:
    """The configured store."""
    if _store is None:
        raise RuntimeError("files.configure() has not run")
    return _store


def sniff(path: Path) -> str | None:
    """The kind ("pdf", "png", "jpg", "docx", "xlsx") that the content shows, or None; names are not believed."""
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(path) as archive:
                names = set(archive.namelist())
                swollen = sum(member.file_size for member in archive.infolist()) > SWELLS_AT_MOST
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return None
        if swollen or any(name.endswith("vbaProject.bin") for name in names):
            return None
        if "[Content_Types].xml" in names:
            if "word/document.xml" in names:
                return "docx"
            if "xl/workbook.xml" in names:
                return "xlsx"
    return None


@dataclass(frozen=True)
class Upload:
    """An upload on its way in: spooled to disk, hashed, sniffed, not yet stored."""

    path: Path
    sha256: str
    size: int
    kind: str


def receive(
    stream: io.BufferedIOBase | BinaryIO, name: str, *, accept: tuple[str, ...], max_bytes: int
) -> Upload:
    """Spool a stream to a temporary file while counting and hashing it; the caller calls ``keep`` or ``discard``.

    Raises FileRefused when it is empty, grows past ``max_bytes``, is of no accepted kind, or is not what its name says.
    """
    extension = name.rpartition(".")[2].lower()
    extension = {"jpeg": "jpg"}.get(extension, extension)
    accepted = tuple({"jpeg": "jpg"}.get(kind, kind) for kind in accept)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=_spool(), prefix="lms-upload-", delete=False) as spool:
        path = Path(spool.name)
        try:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > max_bytes:
                    raise FileRefused(
                        "Berkas melebihi %(limit)s MB. Unggah berkas yang lebih kecil.",
                        limit=max_bytes // (1024 * 1024),
                    )
                digest.update(chunk)
                spool.write(chunk)
            spool.flush()
            if size == 0:
                raise FileRefused("Berkas itu kosong. Periksa berkasnya, lalu unggah lagi.")
            kind = sniff(path)
            if kind is None or kind not in accepted:
                listed = ", ".join(item.upper() for item in dict.fromkeys(accepted))
                raise FileRefused(
                    "Isi berkas itu bukan %(kinds)s. Simpan dalam salah satu format itu, lalu unggah lagi.",
                    kinds=listed,
                )
            if kind != extension:
                raise FileRefused(
                    "Nama berkas berakhiran .%(extension)s, tetapi isinya %(kind)s. "
                    "Sesuaikan nama dengan isinya, lalu unggah lagi.",
                    extension=extension[:10],
                    kind=kind.upper(),
                )
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return Upload(path, digest.hexdigest(), size, kind)


def without_metadata(upload: Upload) -> Upload:
    """The upload, its file rewritten where it is a picture: without where, by whom and with what it was taken.

    Raises FileRefused for a picture that cannot be taken apart; the file is then gone.
    """
    if upload.kind not in ("jpg", "png"):
        return upload
    data = upload.path.read_bytes()
    try:
        made = pictures.cleaned(data, upload.kind)
    except pictures.BadPicture as error:
        upload.path.unlink(missing_ok=True)
        raise FileRefused("Gambar itu rusak. Simpan ulang sebagai JPG atau PNG, lalu unggah lagi.") from error
    if made == data:
        return upload
    upload.path.write_bytes(made)
    return Upload(upload.path, hashlib.sha256(made).hexdigest(), len(made), upload.kind)


def keep(path: Path, sha256: str, size: int, media_type: str, *, now: datetime) -> Blob:
    """Store the bytes, then their row: a crash in between leaves bytes that no row names, for a sweep to find; never
    a row without bytes.
    """
    hold(sha256)
    blob = db.session.get(Blob, sha256)
    if blob is None:
        store().put(path, sha256, media_type)
        blob = Blob(sha256=sha256, size=size, media_type=media_type, created_at=now)
        db.session.add(blob)
        db.session.flush()
    return blob


def hold(sha256: str) -> None:
    """Until the transaction ends nobody else keeps or forgets this content.

    On SQLite only one transaction writes at a time anyway.
    """
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(sha256, 0))))


def forget(names: Iterable[str]) -> int:
    """Delete bytes that no row names; nobody can begin to name them meanwhile. Returns how many.

    Ends the transaction it runs in.
    """
    wanted = list(names)
    if not wanted:
        return 0
    known = set(db.session.scalars(select(Blob.sha256).where(Blob.sha256.in_(wanted))))
    db.session.commit()
    count = 0
    for name in wanted:
        if name in known:
            continue
        hold(name)
        if db.session.scalar(select(Blob.sha256).where(Blob.sha256 == name)) is None:
            store().delete(name)
            count += 1
        db.session.commit()
    return count


def keep_bytes(content: bytes, media_type: str, *, now: datetime) -> Blob:
    """Store bytes that are already in memory (course pictures)."""
    with tempfile.NamedTemporaryFile(dir=_spool(), prefix="lms-bytes-") as spool:
        spool.write(content)
        spool.flush()
        return keep(Path(spool.name), hashlib.sha256(content).hexdigest(), len(content), media_type, now=now)
