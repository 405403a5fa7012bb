"""`python -m edge`: run a terminal, provision it, tap on a simulated one, ask how it goes."""

import argparse
import fcntl
import json
import logging
import os
import signal
import ssl
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import IO

from edge import identity as identities
from edge.control import NoTerminal, ask
from edge.display.opening import KINDS as DISPLAYS
from edge.display.opening import open_display
from edge.display.screen import Screen, Tone
from edge.identity import NotProvisioned
from edge.reader.chip import DEFAULT_GAIN_DB, GAINS_DB
from edge.reader.opening import KINDS as READERS
from edge.reader.opening import NoReader
from edge.relay.opening import KINDS as RELAYS
from edge.settings import (
    GAIN_VARIABLE,
    IDENTITY,
    LOCK,
    PICTURE,
    BadSetting,
    Settings,
    folder_for,
    gain_for,
)
from edge.terminal import End, Terminal
from edge.web import Refused, checked, is_read_by_others, provision

log = logging.getLogger("edge")

HOW = "python -m edge provision URL CODE"
WAITS = Screen("Not set up", ("Get a code in the", "panel: Terminals"), Tone.WARN, link=False)
LOOK_EVERY_S = 1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code."""
    chosen = _parser().parse_args(arguments)
    folder = folder_for(chosen.dir, os.environ)
    try:
        match chosen.command:
            case "provision":
                return _provision(folder, chosen)
            case "tap":
                ask(folder, {"do": "tap", "uid": chosen.uid, "seconds": chosen.seconds})
                return 0
            case "status":
                return _status(folder, as_json=chosen.json)
            case _:
                return _run(folder, chosen)
    except (Refused, NoTerminal, NoReader, BadSetting) as refused:
        return _fail(str(refused))
    except OSError as error:
        return _fail(f"{error.filename or folder}: {error.strerror or error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m edge", description="A terminal of Cubby.")
    parser.add_argument("--dir", help="where it keeps its files (or CUBBY_EDGE_DIR)")
    parser.add_argument("--reader", choices=READERS, default="auto")
    parser.add_argument(
        "--gain", type=int, choices=GAINS_DB, metavar="DB",
        help=f"of the reader: {', '.join(map(str, GAINS_DB))}; more reaches further and hears more"
        f" noise; by default {DEFAULT_GAIN_DB} (or {GAIN_VARIABLE})",
    )  # fmt: skip
    parser.add_argument("--display", choices=DISPLAYS, default="auto")
    parser.add_argument("--relays", choices=RELAYS, default="auto")
    commands = parser.add_subparsers(dest="command")
    new = commands.add_parser("provision", help="get an identity for a code from the panel")
    new.add_argument("url", help="the server, such as https://lockers.example.org")
    new.add_argument("code")
    new.add_argument("--ca", type=Path, help="PEM file of who signed the server's certificate")
    new.add_argument("--insecure", action="store_true", help="plain http across the open network")
    tap = commands.add_parser("tap", help="put a card on the simulated reader")
    tap.add_argument("uid", help="the card's number, such as 04:A2:2B:1C:3D:4E:80")
    tap.add_argument("--seconds", type=float, help="for how long")
    status = commands.add_parser("status", help="how the terminal that runs here is doing")
    status.add_argument("--json", action="store_true")
    return parser


def _provision(folder: Path, chosen: argparse.Namespace) -> int:
    ca = _authority(chosen.ca) if chosen.ca else None
    if is_read_by_others(checked(chosen.url, insecure=chosen.insecure)):
        sys.stderr.write("Warning: plain http. Whoever listens on this network sees the keys.\n")
    got = provision(chosen.url, chosen.code, ca, insecure=chosen.insecure)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    identities.save(folder / IDENTITY, got)
    sys.stdout.write(f"This is now {got.name} ({got.terminal}). Its files are in {folder}.\n")
    return 0


def _authority(path: Path) -> str:
    """What is in a PEM file. Raises Refused for what is no such file, OSError without one."""
    try:
        text = path.read_text()
        ssl.create_default_context(cadata=text)
    except (UnicodeDecodeError, ssl.SSLError, ValueError):
        raise Refused(f"{path} has no certificate of an authority, as PEM.") from None
    return text


def _status(folder: Path, *, as_json: bool) -> int:
    status = ask(folder, {"do": "status"})
    if as_json:
        sys.stdout.write(json.dumps(status, indent=1) + "\n")
        return 0
    screen = status["screen"]
    lines = [
        f"{status['name']} ({status['terminal']}), start {status['boot']}",
        f"Display: {' / '.join([screen['headline'], *screen['lines']])}",
        f"Broker: {'connected' if status['link'] else 'away'}."
        f" Server: {'there' if status['server'] else 'away'}.",
        f"Waiting to be delivered: {status['outbox']}",
        f"Broken: {', '.join(status['faults']) or 'nothing'}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _run(folder: Path, chosen: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    gain_db = gain_for(chosen.gain, os.environ)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = Settings(folder, chosen.reader, chosen.display, chosen.relays, gain_db=gain_db)
    with (folder / LOCK).open("w") as lock:
        if not _is_ours(lock):
            return _fail(f"A terminal runs already in {folder}.")
        wanted = threading.Event()
        running: list[Terminal] = []

        def stop(_signal: int, _frame: FrameType | None) -> None:
            wanted.set()
            for terminal in running:
                terminal.stop()

        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, stop)
        identity = wait_for_identity(settings, wanted)
        if identity is None:
            return 0
        terminal = Terminal(settings, identity)
        running.append(terminal)
        if wanted.is_set():
            terminal.stop()
        end = terminal.run()
    if end is End.RESTART:
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - ourselves, as we were started
    return 0


def wait_for_identity(settings: Settings, wanted: threading.Event) -> identities.Identity | None:
    """Who this is, as soon as that is known; None if somebody wants the end before (`wanted`)."""
    path = settings.folder / IDENTITY
    try:
        return identities.load(path)
    except NotProvisioned as missing:
        log.warning("%s Get a code in the panel, and: %s", missing, HOW)
    display = open_display(settings.display, settings.folder / PICTURE)
    try:
        while not wanted.is_set():
            display.show(WAITS)
            wanted.wait(LOOK_EVERY_S)
            try:
                return identities.load(path)
            except NotProvisioned:
                continue
        return None
    finally:
        display.close()


def _is_ours(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _fail(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
