"""Threads for what takes time: looking at the reader, drawing the display, asking for keys.

They hand on what happened and decide nothing. None of them ends because a part fails.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

from edge.clock import mono
from edge.display.opening import Display
from edge.display.screen import Screen
from edge.identity import CardKey, Identity
from edge.reader import POLL_EVERY_S, Dead, Reader, Watch
from edge.web import Refused, fetch_keys

log = logging.getLogger(__name__)

TRY_DISPLAY_EVERY_S = 1.0


class Looking:
    """Looks at the reader ten times a second, and hands on `(time, event)`."""

    def __init__(self, reader: Reader, put: Callable[[Any], None]) -> None:
        self._watch = Watch(reader)
        self._put = put
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and give the reader back."""
        self._stopping.set()
        self._thread.join(2)
        self._watch.reader.close()

    def _run(self) -> None:
        told = ""
        due = mono()
        while not self._stopping.wait(max(0.0, due - mono())):
            now = mono()
            due = max(due + POLL_EVERY_S, now)
            try:
                for event in self._watch.step(now):
                    self._put((now, event))
                told = ""
            except Exception as error:  # a driver may raise anything, and the next look may work
                if repr(error) != told:
                    told = repr(error)
                    log.exception("The reader failed in a way that it should not")
                    self._put((now, Dead(told)))
                due = now + 1.0


class Drawing:
    """Shows the newest screen, and leaves out those that came while it was busy."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._changed = threading.Condition()
        self._screen: Screen | None = None
        self._stopping = False
        self.fault = ""
        """Why what was shown last can't be seen."""
        self._thread = threading.Thread(target=self._run, name="display", daemon=True)
        self._thread.start()

    def show(self, screen: Screen) -> None:
        """Have it shown soon."""
        with self._changed:
            if screen != self._screen:
                self._screen = screen
                self._changed.notify()

    def stop(self, last: Screen) -> None:
        """Show one last screen and end."""
        with self._changed:
            self._screen, self._stopping = last, True
            self._changed.notify()
        self._thread.join(2)

    def _run(self) -> None:
        shown: Screen | None = None
        while True:
            with self._changed:
                # Also without a change now and then: a display that failed is tried again by that.
                self._changed.wait_for(
                    lambda: self._stopping or self._screen != shown,  # noqa: B023 - read at once
                    TRY_DISPLAY_EVERY_S,
                )
                shown, ending = self._screen, self._stopping
            self._draw(shown)
            if ending:
                self._display.close()
                return

    def _draw(self, screen: Screen | None) -> None:
        if screen is None:
            return
        try:
            self._display.show(screen)
            self.fault = self._display.fault
        except Exception as error:
            if not self.fault:
                log.exception("The display failed in a way that it should not")
            self.fault = str(error) or type(error).__name__


def ask_for_keys(identity: Identity, put: Callable[[list[CardKey]], None]) -> None:
    """Fetch the card keys in the background; `put` gets them if the server gives them."""

    def run() -> None:
        try:
            put(fetch_keys(identity))
        except Refused as refused:
            log.warning("The card keys could not be fetched: %s", refused)

    threading.Thread(target=run, name="keys", daemon=True).start()
