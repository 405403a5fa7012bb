"""The demo's terminals, each a program of its own as on a Raspberry Pi, and its visitors."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from edge.control import NoTerminal, ask
from edge.identity import save
from edge.settings import IDENTITY
from edge.web import Refused, provision
from locker_app.brokers.keeper import Died, Keeper
from locker_app.db.database import Database
from locker_app.demo.place import NAMES, STRANGER, WHOEVER_RUNS_IT, Place, have, shown_uid
from locker_app.demo.story import OF_READER, Does, Story, Tap
from locker_app.services.command import Call, command
from locker_app.services.provisioning import make_code

FIRST_SECONDS = 60.0
"""How long it is waited for the broker, and for the terminals; then it goes on all the same."""
TRY_EVERY_SECONDS = 0.5
BROKEN = {Does.BREAK: "its cable is loose, as it is only a demo", Does.MEND: ""}
"""Why a card reader does not work; it does again where nothing is said."""
MOST_LOG = 1_000_000
"""Bytes of what a terminal says that are kept."""

Say = Callable[[str], None]


class Cast:
    """All of them, from `start` to `stop`."""

    def __init__(
        self,
        db: Database,
        place: Place,
        folder: Path,
        url: str,
        *,
        every: float,
        broker_is_there: Callable[[], bool],
    ) -> None:
        """
        Args:
            db: the demo's own database.
            place: where they are.
            folder: where terminals keep their files, a folder each.
            url: of the server.
            every: seconds from one card to the next.
            broker_is_there: before that terminals can't be told where it is.
        """
        self._db, self._place, self._folder = db, place, folder
        self._url, self._every = url, every
        self._broker_is_there = broker_is_there
        self._keepers: dict[str, Keeper] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo", daemon=True)
        self._say: Say = print

    def folder_of(self, short: str) -> Path:
        """Where a terminal keeps its files."""
        return self._folder / short

    def start(self, say: Say) -> None:
        """Begin, once the server answers. `say` gets a line for each thing that happens."""
        self._say = say
        self._thread.start()

    def wind_up(self) -> None:
        """Nobody begins with anything any more. May be called in a signal's handler."""
        self._stopping.set()

    def stop(self) -> None:
        """End all of it, also what had only begun."""
        self.wind_up()
        if self._thread.is_alive():
            self._thread.join()
        ending = [threading.Thread(target=one.stop) for one in self._keepers.values()]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join()

    def _run(self) -> None:
        try:
            if not self._wait_for(self._broker_is_there):
                return
            for short, terminal_id in self._place.terminals.items():
                self._provision(short, terminal_id)
                self._begin(short)
            if self._wait_for(lambda: all(map(self._is_of_use, self._place.terminals))):
                self._visit()
        except (Refused, Died, OSError) as error:
            if not self._stopping.is_set():
                self._say(f"The demo goes on without terminals: {error}")

    def _provision(self, short: str, terminal_id: int) -> None:
        """Let the terminal become what the panel says, as a device does.

        Each time anew: the broker may be at another port than the last time.
        """
        folder = self.folder_of(short)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        call = Call(datetime.now(UTC), "setup", actor=WHOEVER_RUNS_IT)
        code = self._db.run(command(call, make_code, terminal_id=terminal_id))
        save(folder / IDENTITY, provision(self._url, code.code))

    def _begin(self, short: str) -> None:
        folder = self.folder_of(short)
        kinds = ["--reader", "simulated", "--display", "picture", "--relays", "simulated"]
        program = [sys.executable, "-m", "edge", "--dir", str(folder), *kinds]
        keeper = Keeper(f"Terminal {short}", program, _log_in(folder / "terminal.log"))
        self._keepers[short] = keeper
        keeper.start(lambda: True)

    def _wait_for(self, ready: Callable[[], bool]) -> bool:
        """Whether to go on: it is ready, or will not be soon, and nobody wants the end."""
        end = time.monotonic() + FIRST_SECONDS
        while not self._stopping.is_set() and not ready() and time.monotonic() < end:
            self._stopping.wait(TRY_EVERY_SECONDS)
        return not self._stopping.is_set()

    def _is_of_use(self, short: str) -> bool:
        try:
            status = ask(self.folder_of(short), {"do": "status"})
        except NoTerminal:
            return False
        return status["link"] and status["server"] and bool(status["cfg"])

    def _visit(self) -> None:
        lockers = list(self._place.banks.values())
        story = Story(list(self._place.people.values()), lockers)
        while not self._stopping.wait(self._every):
            tap = story.next(have(self._db, self._place))
            if tap is not None:
                self._tap(tap)

    def _tap(self, tap: Tap) -> None:
        what, who = {"do": "tap", "uid": shown_uid(tap.who or STRANGER)}, "Somebody"
        if tap.does in OF_READER:
            what, who = {"do": "reader", "fail": BROKEN[tap.does]}, "The card reader"
        elif tap.who:
            who = NAMES[tap.who]
        with contextlib.suppress(NoTerminal):  # it is just being started again
            ask(self.folder_of(tap.terminal), what)
            self._say(f"{tap.terminal:<13} {who} {tap.does}")


def _log_in(path: Path) -> Callable[[str], None]:
    """Keeps what a terminal says in a file of its own, which begins anew when it is long."""

    def heard(line: str) -> None:
        mode = "w" if path.exists() and path.stat().st_size > MOST_LOG else "a"
        with path.open(mode) as kept:
            kept.write(line + "\n")

    return heard
