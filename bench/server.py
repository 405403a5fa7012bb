"""The real server as a process: started as `make run` starts it, measured from outside."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from locker_app.settings import ROOT

WORK = ROOT / ".build" / "bench"
"""On the disk of the project: a folder in memory would make durable commits look free."""
SECRET_KEY = "only for benchmarks on a database that is thrown away"
NO_TERMINALS: Mapping[str, str] = {"CUBBY_MQTT": "off"}
_TICK = os.sysconf("SC_CLK_TCK")


class NotStarted(Exception):
    """The server ended, or did not answer in time."""


@dataclass(frozen=True)
class Server:
    """A running process that listens on a port."""

    pid: int
    port: int
    data: Path

    def cpu_seconds(self) -> float:
        """User and system time of the process so far."""
        return cpu_seconds_of(self.pid)

    def megabytes(self) -> float:
        """Memory that the process has in use."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_seconds_of(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def new_folder(name: str) -> Path:
    """An empty folder for one server's database."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def use_database(folder: Path, url: str) -> None:
    """Let the server of this folder run on another database than a file in it."""
    (folder / "database_url").write_text(url)


def url_of(folder: Path) -> str:
    """The address of the database of this folder's server."""
    other = folder / "database_url"
    return other.read_text() if other.exists() else f"sqlite:///{folder / 'cubby.db'}"


@contextmanager
def serving(data: Path, more: Mapping[str, str] = NO_TERMINALS) -> Iterator[Server]:
    """Cubby on the database in this folder, with more settings."""
    port = free_port()
    settings = {
        "CUBBY_PORT": str(port),
        "CUBBY_DATA_DIR": str(data),
        "CUBBY_SECRET_KEY": SECRET_KEY,
        "CUBBY_ADMIN_PASSWORD": SECRET_KEY,
        "CUBBY_SAMPLE": "false",
        "DATABASE_URL": url_of(data),
        **more,
    }
    with _process([sys.executable, "-m", "locker_app.cli", "run"], settings, data, port) as pid:
        yield Server(pid, port, data)


@contextmanager
def bare_broadcast() -> Iterator[Server]:
    """The bare server that Cubby is compared with."""
    port, data = free_port(), new_folder("bare")
    with _process([sys.executable, "-m", "bench.bare", str(port)], {}, data, port) as pid:
        yield Server(pid, port, data)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def _process(command: list[str], settings: dict[str, str], data: Path, port: int) -> Iterator[int]:
    log = data / "server.log"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CUBBY_")}
    kept.pop("DATABASE_URL", None)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=kept | settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_it_answers(process, port, log)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            asked.request("GET", "/health")
            asked.getresponse()  # whatever it says, it is there
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            asked.close()
    raise NotStarted(f"no answer from the server; {log} says why:\n{log.read_text()[-2000:]}")
