"""Where a run keeps its rows: a fresh SQLite file or a PostgreSQL database of its own; both go afterwards."""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
MEMORY_FILESYSTEMS = ("tmpfs", "ramfs")


@contextmanager
def instance(where: Path | None = None) -> Iterator[Path]:
    """A temporary folder for an instance, on a disk: in memory, a durable commit would cost nothing."""
    parent = where or Path(tempfile.gettempdir())
    if filesystem(parent) in MEMORY_FILESYSTEMS:
        parent = ROOT / "instance"
        parent.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="lms-bench-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def filesystem(path: Path) -> str:
    """The type of the file system that holds ``path``; '' where the system does not say."""
    try:
        lines = Path("/proc/mounts").read_text().splitlines()
    except OSError:
        return ""
    resolved = path.resolve()
    mounts = [line.split()[1:3] for line in lines]
    fitting = [(len(at), kind) for at, kind in mounts if resolved.is_relative_to(at)]
    return max(fitting, default=(0, ""))[1]


def postgresql_server(env: Mapping[str, str] = os.environ) -> str | None:
    """The address of a PostgreSQL that lets us in, or None.

    It is LMS_BENCH_DATABASE_URL (any database of that server will do: the run makes its own beside it), else
    the server on this machine.
    """
    url = env.get("LMS_BENCH_DATABASE_URL") or f"postgresql://{getpass.getuser()}@127.0.0.1:5432/postgres"
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError:
        return None
    return url


@contextmanager
def postgresql(server: str) -> Iterator[str]:
    """The address of a new, empty database on that server."""
    name = f"belajar_asn_bench_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield with_database(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def with_database(server: str, name: str) -> str:
    """The same server's address with another database's name."""
    before, _, query = server.partition("?")
    scheme, _, rest = before.partition("://")
    host = rest.partition("/")[0]
    return f"{scheme}://{host}/{name}" + (f"?{query}" if query else "")
