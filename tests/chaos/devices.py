"""Several terminals as one process that can be killed: the real program but for the hardware.

Each has its folder, with an outbox of its own, which outlives the process. What it writes into
its outbox is also written into a ledger, by a trigger, so in the same transaction: a fact was
recorded if, and only if, it stands there.
"""

import logging
import os
import signal
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge import terminal
from edge.control import NoTerminal, ask
from edge.display.screen import Screen
from edge.identity import Identity, load, save
from edge.settings import IDENTITY, Settings
from edge.store import DATABASE, Store
from tests.broker import PATIENCE, wait_until
from tests.processes import forking

_LEDGER = """
CREATE TABLE ledger (seq INTEGER PRIMARY KEY, id TEXT, tail TEXT, re TEXT, ts INTEGER, mono REAL);
CREATE TRIGGER ledger_of_facts AFTER INSERT ON fact BEGIN
    INSERT INTO ledger VALUES (new.seq, new.id, new.tail, new.re, new.ts, new.mono);
END;
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a terminal has recorded."""

    seq: int
    id: str
    tail: str
    re: str | None
    ts: int
    mono: float


class Device:
    """One terminal's folder, and who runs there."""

    def __init__(self, folder: Path, who: Identity) -> None:
        self.folder = folder
        folder.mkdir()
        save(folder / IDENTITY, who)
        Store(folder).close()
        self._open = sqlite3.connect(folder / DATABASE, check_same_thread=False)
        self._open.executescript(_LEDGER)

    def tap(self, uid: str) -> bool:
        """Put a card on the reader, for one look of it; whether there was a reader."""
        try:
            ask(self.folder, {"do": "tap", "uid": uid, "seconds": 0.01})
        except NoTerminal:
            return False
        return True

    def clear(self) -> None:
        """Take everything off its reader."""
        ask(self.folder, {"do": "take_away"})

    @property
    def taps(self) -> int:
        """So many were recorded."""
        return self._number("SELECT count(*) FROM ledger WHERE tail = 'evt/tap'")

    @property
    def waiting(self) -> int:
        """So many facts are still in the outbox."""
        return self._number("SELECT count(*) FROM fact")

    @property
    def oldest(self) -> float | None:
        """When that was recorded which waits for longest, on the monotonic clock."""
        return self._number("SELECT min(mono) FROM fact")

    @property
    def ledger(self) -> list[Fact]:
        """All that was recorded, in order."""
        rows = self._open.execute("SELECT seq, id, tail, re, ts, mono FROM ledger ORDER BY seq")
        return [Fact(*row) for row in rows]

    def close(self) -> None:
        """Look no more."""
        self._open.close()

    def _number(self, sql: str) -> Any:
        with closing(self._open.execute(sql)) as cursor:
            return cursor.fetchone()[0]


class Devices:
    """The process in which some of them run."""

    def __init__(self, log: Path, devices: Sequence[Device]) -> None:
        self.devices = devices
        self._log = log
        self.start()

    def start(self) -> None:
        """Run, and wait until each can be asked."""
        folders = [device.folder for device in self.devices]
        self._process = forking().Process(target=_run, args=(folders, self._log), daemon=True)
        self._process.start()
        for folder in folders:
            wait_until(lambda folder=folder: _answers(folder), "an answer of the terminal")

    def kill(self) -> None:
        """kill -9."""
        if self._process.pid is not None and self._process.is_alive():
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.join(PATIENCE)


class _Blind:
    """The hardware's edge: a display that costs nothing. Others test what is drawn."""

    name, fault = "blind", ""

    def show(self, screen: Screen) -> None:
        pass

    def close(self) -> None:
        pass


def _answers(folder: Path) -> bool:
    try:
        return bool(ask(folder, {"do": "status"}))
    except NoTerminal:
        return False


def _run(folders: list[Path], log: Path) -> None:
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    logging.basicConfig(level=logging.WARNING)
    setattr(terminal, "open_display", lambda *_: _Blind())  # noqa: B010 - of another type
    for folder in folders:
        threading.Thread(target=_be, args=(folder,)).start()


def _be(folder: Path) -> None:
    settings = Settings(folder, "simulated", "picture", "simulated")
    terminal.Terminal(settings, load(folder / IDENTITY)).run()
