"""The production web server on a free loopback port, as the README starts it; its memory, its cold start."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.databases import ROOT

SETTINGS = ("--workers", "2", "--threads", "4")  # the README's; the bare limits get the same
READY_WITHIN = 60.0
STOPPED_WITHIN = 15.0
IMPORT_WITHIN = 60.0
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "TZ")


def environment(instance: Path, database_url: str, **more: str) -> dict[str, str]:
    """What a production process is started with: nothing of ours slips in from the shell."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {
        "LMS_ENV": "production",
        "LMS_SECRET_KEY": "only-for-this-benchmark-on-the-loopback-address",
        "LMS_INSTANCE": str(instance),
        "LMS_DATABASE_URL": database_url,
        **more,
    }


@dataclass(frozen=True)
class Server:
    """A running gunicorn."""

    port: int
    pid: int

    def memory(self) -> int | None:
        """The memory of all its processes in bytes (each shared page counted once); None where unknown."""
        return memory([self.pid, *children(self.pid)])

    def cpu(self) -> float:
        """The seconds of processor time that its processes have used so far; 0 where unknown."""
        return sum(_cpu(pid) for pid in (self.pid, *children(self.pid)))


@contextmanager
def gunicorn(app: str, env: Mapping[str, str], log: Path) -> Iterator[Server]:
    """Serve ``app``; raises RuntimeError with the log's end when it does not come up."""
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("gunicorn")),
        *(app, *SETTINGS, "--bind", f"127.0.0.1:{port}", "--log-level", "warning"),
    ]
    with running(command, env, log) as process:
        _wait_until_ready(process, port, log)
        yield Server(port, process.pid)


@contextmanager
def running(command: list[str], env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours that has ended when the block does, whatever happens inside."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(env), stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # its own session: only what we started
                process.wait(STOPPED_WITHIN)


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + READY_WITHIN
    while time.monotonic() < end and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as probe:
                probe.settimeout(READY_WITHIN)
                probe.sendall(b"GET /sehat HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                if probe.recv(12).startswith(b"HTTP/1."):
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the server did not come up: {log.read_text()[-2000:]}")


def run(command: list[str], env: Mapping[str, str], *, within: float = 600.0, data: bytes = b"") -> bytes:
    """Run a command to its end and return what it printed. Raises RuntimeError when it fails."""
    done = subprocess.run(
        command, cwd=ROOT, env=dict(env), input=data, capture_output=True, timeout=within, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:4])} failed: {done.stderr.decode()[-3000:]}")
    return done.stdout


# Memory


def children(pid: int) -> list[int]:
    """The processes below a process, however deep; none where the system does not tell."""
    found: list[int] = []
    try:
        tasks = [task / "children" for task in Path(f"/proc/{pid}/task").iterdir()]
        below = [int(child) for task in tasks for child in task.read_text().split()]
    except OSError:
        return []
    for child in below:
        found += [child, *children(child)]
    return found


def memory(pids: list[int]) -> int | None:
    """The proportional set size of these processes together in bytes; None where the system does not tell."""
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            return None
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total * 1024


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # user and system time


# Cold start


def cold_starts(env: Mapping[str, str], *, times: int = 5) -> tuple[float, float]:
    """Median seconds in which a new interpreter has our app ready, and a bare one with the same extensions.

    In turn, so that a busy moment of the machine meets both; the first pair only fills caches.
    """
    taken: dict[str, list[float]] = {"wsgi": [], "tests.bench.bare": []}
    for _ in range(times + 1):
        for module, seconds in taken.items():
            begun = time.perf_counter()
            run([sys.executable, "-c", f"import {module}"], env, within=IMPORT_WITHIN)
            seconds.append(time.perf_counter() - begun)
    ours, bare = (statistics.median(seconds[1:]) for seconds in taken.values())
    return ours, bare
