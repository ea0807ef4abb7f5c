"""The commands: ``flask content|people|demo|backup|doctor|worker|start``."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from lms import backup, demo
from lms.extensions import LateMigrate, db, utcnow
from lms.people import actions as people
from lms.projects.receipt import signing_key
from lms.publishing import actions as publishing
from lms.publishing import placement
from lms.publishing.check import check_folder
from lms.quizzes.exchange import registry as exchange
from lms.refusals import Refused
from lms.settings import Settings

content = AppGroup("content", help="Check and publish content folders.")
people_commands = AppGroup("people", help="Accounts.")
demo_commands = AppGroup("demo", help="Demo accounts, for development.")


class Commands(AppGroup):
    """The app's commands; ``db`` comes with Flask-Migrate, which is loaded once it is asked for."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self._migrations: LateMigrate = app.extensions["migrate"]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return sorted({*super().list_commands(ctx), "db"})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them by its name."""
        if cmd_name == "db":
            self._migrations.load()
        return super().get_command(ctx, cmd_name)


def add_commands(app: Flask) -> None:
    """Hang the commands on the app."""
    app.cli = Commands(app)
    for group in (content, people_commands, demo_commands):
        app.cli.add_command(group)
    for command in (worker, start, backup_command, doctor):
        app.cli.add_command(command)


def _folders(paths: tuple[str, ...]) -> list[Path]:
    """The course folders among the paths: a folder with a course.yml, or the folders below that have one."""
    found: list[Path] = []
    for text in paths:
        path = Path(text)
        if (path / "course.yml").is_file():
            found.append(path)
        else:
            found += sorted(inner.parent for inner in path.glob("*/course.yml"))
    if not found:
        raise click.ClickException("Tidak ada course.yml di folder itu atau satu tingkat di bawahnya.")
    return found


paths_argument = click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False)
)


@content.command("check")
@paths_argument
def check_content(paths: tuple[str, ...]) -> None:
    """Report every problem of the course folders, with file and line."""
    wrong = 0
    for folder in _folders(paths):
        _, problems = check_folder(folder)
        for problem in sorted(problems):
            click.echo(str(problem))
        wrong += len(problems)
        if not problems:
            click.echo(f"{folder.name}: tidak ada masalah.")
    if wrong:
        raise click.ClickException(f"{wrong} masalah. Tidak ada yang diterbitkan.")


@content.command("publish")
@paths_argument
def publish_content(paths: tuple[str, ...]) -> None:
    """Publish each course folder as one immutable version, or nothing."""
    _publish(_folders(paths))


def _publish(folders: list[Path]) -> None:
    drafts = []
    wrong = 0
    for folder in folders:
        draft, problems = check_folder(folder)
        for problem in sorted(problems):
            click.echo(str(problem), err=True)
        wrong += len(problems)
        if draft is not None:
            drafts.append(draft)
    if wrong:
        raise click.ClickException(f"{wrong} masalah. Tidak ada yang diterbitkan.")
    for draft in drafts:
        outcome = publishing.publish(draft, by=None, now=utcnow())
        db.session.commit()
        if outcome.created:
            click.echo(f"{draft.slug}: versi {outcome.number} terbit.")
        else:
            click.echo(f"{draft.slug}: isi tidak berubah, tetap versi {outcome.number}.")


@content.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--into",
    "course",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder pelatihan.",
)
@click.option(
    "--module", default="", help="Folder modul, misalnya 02-kerangka; wajib bila modulnya lebih dari satu."
)
@click.option("--id", "quiz_id", default="", help="Id kuis; tanpa ini dari nama berkas.")
@click.option("--minutes", type=click.IntRange(1, 6000), help="Waktu rancangan; tanpa ini diperkirakan.")
@click.option("--format", "form", default="", help="Format, bila tidak dikenali sendiri.")
def import_quiz(file: Path, course: Path, module: str, quiz_id: str, minutes: int | None, form: str) -> None:
    """Write a quiz of another platform (GIFT, Moodle XML, Aiken, QTI, text2qti) as a new file of a course folder."""
    if not (course / "course.yml").is_file():
        raise click.ClickException("Tidak ada course.yml di folder itu.")
    try:
        if form and form not in dict(exchange.names(exchange.READ)):
            raise click.ClickException(
                f"Format: {', '.join(name for name, _ in exchange.names(exchange.READ))}."
            )
        path = placement.path_for(course, module=module, quiz_id=quiz_id, name=file.name)
        imported = exchange.quiz_from(
            file.name,
            file.read_bytes(),
            file=path,
            form=form,
            minutes=minutes,
            present=placement.files_of(course),
        )
        written = placement.placed(course, path, imported)
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    for each in written:
        click.echo(f"{each}: ditulis.")
    click.echo(f"{imported.format}: {imported.written} dari {imported.asked} soal menjadi soal.")
    for loss in imported.losses:
        click.echo(str(loss))
    for number, problem in imported.problems:
        click.echo(f"{f'Soal {number}: ' if number else ''}{problem}", err=True)
    if imported.problems:
        raise click.ClickException(f"{len(imported.problems)} masalah. Perbaiki sebelum diterbitkan.")


@content.command("export-quiz")
@click.argument("course", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("quiz")
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice([name for name, _ in exchange.names(exchange.WRITTEN)]),
)
@click.option(
    "--to", "target", type=click.Path(path_type=Path), help="Berkas tujuan; yang sudah ada tidak ditimpa."
)
def export_quiz(course: Path, quiz: str, form: str, target: Path | None) -> None:
    """Write a quiz of a course folder as GIFT or Moodle XML, and tell what that format does not carry."""
    try:
        found, files = placement.quiz_in(course, quiz)
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    exported = exchange.quiz_to(found, form, files)
    target = target or Path(f"{found.id}.{exchange.extension_of(form)}")
    try:
        with target.open("xb") as out:
            out.write(exported.content)
    except OSError as error:
        raise click.ClickException(f"{target} tidak dapat ditulis: {error.strerror}.") from error
    click.echo(f"{target}: ditulis.")
    for loss in exported.losses:
        click.echo(str(loss))


@people_commands.command("add")
@click.option("--name", required=True, help="Nama lengkap, gelar boleh disertakan.")
@click.option("--email", required=True)
@click.option("--nip", default="")
@click.option(
    "--role", "roles", multiple=True, type=click.Choice(["learner", "facilitator", "administrator"])
)
def add_person(name: str, email: str, nip: str, roles: tuple[str, ...]) -> None:
    """Add an account; its password is set by `flask people password`."""
    try:
        person = people.create_person(
            name=name, email=email, nip=nip, roles=frozenset(roles), by=None, now=utcnow()
        )
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    db.session.commit()
    click.echo(f"Akun {person.email} dibuat.")


@people_commands.command("password")
@click.argument("email")
@click.password_option(help="Kata sandi baru, paling sedikit 12 karakter.")
def set_password(email: str, password: str) -> None:
    """Set an account's password and end its sessions."""
    try:
        people.set_password_of(email, password, now=utcnow())
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    db.session.commit()
    click.echo("Kata sandi diganti.")


@demo_commands.command("create")
def create_demo() -> None:
    """Make the demo people where the database has nobody (development only)."""
    settings: Settings = current_app.config["LMS"]
    if not settings.development:
        raise click.ClickException("Akun contoh hanya untuk LMS_ENV=development.")
    made = demo.create(key=signing_key(settings.secret_key), now=utcnow())
    db.session.commit()
    click.echo("Akun contoh dibuat." if made else "Sudah ada orang di basis data: tidak ada yang dibuat.")


@demo_commands.command("remove")
def remove_demo() -> None:
    """Close the demo accounts; what they made stays."""
    count = demo.remove(now=utcnow())
    db.session.commit()
    click.echo(f"{count} akun contoh ditutup.")


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Run the background sweeps until stopped."""
    if sys.platform == "win32":
        importlib.import_module("lms.worker").main()
    # the worker in this one's place, with the same process id: it needs no pages, so it keeps none in memory
    root = Path(__file__).resolve().parent.parent
    paths = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "lms.worker"]
    os.execve(sys.executable, command, {**os.environ, "PYTHONPATH": paths})  # noqa: S606


@click.command("backup")
@click.argument("target", type=click.Path(file_okay=False))
@with_appcontext
def backup_command(target: str) -> None:
    """Copy the database and the files into a new folder."""
    try:
        written = backup.run(current_app.config["LMS"], Path(target))
    except backup.BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Cadangan selesai: {written}")


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Check database, storage and the audit chain; exits with 1 when something is wrong."""
    complaints = backup.examine()
    for line in complaints:
        click.echo(line)
    if complaints:
        raise click.ClickException(f"{len(complaints)} masalah.")
    click.echo("Basis data, penyimpanan berkas, dan rantai log audit baik.")


# The one command of `make run`


def _refuse_busy(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"Port {port} sedang dipakai. Hentikan program yang memakainya atau pilih port lain: make run PORT=8123"
            ) from error


@click.command("start")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--content", "folder", default="content", show_default=True, type=click.Path(exists=True))
@with_appcontext
def start(port: int, host: str, folder: str) -> None:
    """Prepare everything for development, then run the web server and the worker until Ctrl-C."""
    settings: Settings = current_app.config["LMS"]
    if not settings.development:
        raise click.ClickException(
            "`flask start` hanya untuk LMS_ENV=development; lihat README bagian produksi."
        )
    _refuse_busy(host, port)
    importlib.import_module("flask_migrate").upgrade()  # loaded only here, as the worker is
    _publish(_folders((folder,)))
    demo.create(key=signing_key(settings.secret_key), now=utcnow())
    db.session.commit()
    accounts = demo.standing()
    # this process only waits from here on: a transaction left open would hold the write lock against everybody
    db.session.remove()
    db.engine.dispose()
    _run_both(host, port, settings, accounts)


def _run_both(host: str, port: int, settings: Settings, accounts: list[str]) -> None:
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    if sys.platform == "win32":
        web = [*flask, "run", "--no-reload", "--no-debugger", "--host", host, "--port", str(port)]
    else:
        web = [
            *(sys.executable, "-m", "gunicorn", "wsgi:app", "--workers", "2", "--threads", "4"),
            *("--bind", f"{host}:{port}", "--log-level", "warning", "--graceful-timeout", "10"),
        ]
    env = {**os.environ, "LMS_ENV": "development", "LMS_INSTANCE": str(settings.instance)}
    env.setdefault("LMS_PUBLIC_URL", f"http://{host}:{port}")
    children = [subprocess.Popen(command, env=env) for command in (web, [*flask, "worker"])]
    stopping = False

    def stop(_signal: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    click.echo(f"\n{settings.site_name}: http://{host}:{port}  (Ctrl-C untuk berhenti)\n")
    if accounts:
        click.echo(f"Akun contoh, kata sandi {demo.PASSWORD}:")
        for line in accounts:
            click.echo(f"  {line}")
    try:
        while not stopping and all(child.poll() is None for child in children):
            time.sleep(0.2)
    finally:
        _end(children)
    if not stopping:
        raise click.ClickException("Server web atau pekerja berhenti sendiri; lihat pesan di atas.")
    click.echo("Berhenti.")


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + 15
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.1, deadline - time.monotonic()))
        if child.poll() is None:
            child.kill()
