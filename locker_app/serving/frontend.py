"""The compiled front end: is it up to date, and building it when it isn't."""

import fcntl
import hashlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from locker_app.serving.environment import BUILDING, WORK, path_with_node
from locker_app.settings import ROOT

BUILT = ROOT / ".web" / "build" / "client"
_STAMP = ROOT / ".web" / "build" / "inputs.sha256"
_LOG = WORK / "frontend.log"
# Pages can show whatever Python computes when they are compiled, so all of the app
# counts, save the parts that no page imports.
_SOURCES = ("locker_app/**/*.py", "assets/**/*", "rxconfig.py", "requirements.txt")
_LOCK = ("reflex.lock/*",)
"""Which JavaScript packages; a build may write it anew."""
_APART = ("locker_app/api/", "locker_app/cli", "locker_app/serving/", "locker_app/db/")
_OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "ENOTCACHED")
_CHATTER = re.compile(
    r"npm (silly|verbose|http|info|timing|notice|warn)\b|npm error (A complete log|\s*$)"
    r"|Run with \[bold\]--loglevel"
)
_ERROR = re.compile(r"npm (error|ERR!)|error\b", re.IGNORECASE)
Tick = Callable[[], None]  # called every second of a build, to show that it goes on


class BuildError(Exception):
    """The front end could not be built. The message says what to do."""


def is_current() -> bool:
    """Whether what is built was built from the sources as they are now."""
    return _STAMP.exists() and _STAMP.read_text() == fingerprint()


def fingerprint(patterns: tuple[str, ...] = _SOURCES + _LOCK) -> str:
    """A hash over the name and content of every file that the front end comes from."""
    digest = hashlib.sha256(sys.version.encode())
    files = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    for path in sorted(files):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(_APART):
            digest.update(f"{name}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def ensure_built(tick: Tick) -> None:
    """Build unless what is there is current. Two processes never build at once.

    Raises:
        BuildError: a tool failed, or packages could not be fetched.
    """
    if is_current():
        return
    with _alone():
        if is_current():
            return  # somebody else has just built it
        sources = fingerprint(_SOURCES)
        _STAMP.unlink(missing_ok=True)
        _build(tick)
        if fingerprint(_SOURCES) == sources:  # else somebody wrote them meanwhile: build again
            _STAMP.write_text(fingerprint())


def _build(tick: Tick) -> None:
    _LOG.parent.mkdir(exist_ok=True)
    environment = os.environ | BUILDING | {"PATH": path_with_node()}
    # npm's own answer, or Reflex would time two public registries and write the winner down.
    asked = subprocess.run(
        ["npm", "config", "get", "registry"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if asked.returncode == 0:
        environment["NPM_CONFIG_REGISTRY"] = asked.stdout.strip()
    with _LOG.open("w") as log:
        command = [sys.executable, "-m", "locker_app.web.compile"]
        code = _watch(command, environment, log, tick)
    if code:
        raise BuildError(explain(_LOG.read_text()))


def _watch(command: list[str], environment: dict[str, str], log: TextIO, tick: Tick) -> int:
    """Run it in a process group of its own, so that stopping us stops npm and Node as well.

    Ctrl-C waits until the process is known here: one that came in between would leave it running.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    except BaseException:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        while True:
            try:
                return process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                tick()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def explain(log: str) -> str:
    """A sentence for the commonest failure of a build, the end of its log for others."""
    if any(sign in log for sign in _OFFLINE):
        return (
            "The JavaScript packages could not be downloaded: this machine seems to be offline. "
            f"The first run needs the network once (details in {_LOG})."
        )
    said = [line for line in log.splitlines() if not _CHATTER.match(line.strip())]
    errors = [line for line in said if _ERROR.match(line.strip())]
    shown = "\n".join(errors or said).strip()[-2000:]
    return f"The front end could not be built; {_LOG} has all of it:\n\n{shown}"


@contextmanager
def _alone() -> Iterator[None]:
    WORK.mkdir(exist_ok=True)
    with (WORK / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go by the system, whatever ends this process
        yield
