"""The staff board: all doors, who has them, one of them, and what was done."""

from typing import Any

import reflex as rx

from locker_app.live.rooms import LiveState
from locker_app.web.live_states.terminals import CommandRow


class Doors(LiveState, rx.State):
    """The doors of the banks on a board, as everybody may see them. Which vars there are besides
    goes by the ids of the banks: see `live.board`. The browser finds them by their names."""

    ready: bool = False


class Holders(LiveState, rx.State):
    """Likewise who has which door, for staff. What it holds is shown while it is ready."""

    ready: bool = False


class Door(LiveState, rx.State):
    """One door with who has it and its last events, for staff."""

    locker_id: int = 0
    gone: bool = False
    """Whether it was removed, or its bank archived."""
    label: str = ""
    bank_id: int = 0
    bank_name: str = ""
    status: str = ""
    time_zone: str = ""
    assignment_id: int = 0
    person_name: str = ""
    person_number: str = ""
    since: int = 0
    until: int = 0
    service_reason: str = ""
    note: str = ""
    noted_at: int = 0
    noted_by: str = ""
    terminal: str = ""
    """Which one opens this door; empty for none."""
    terminal_state: str = ""
    told: list[CommandRow] = []
    """The last time that it was told to, if that was lately."""
    rows: list[list[Any]] = []


class DoorPast(LiveState, rx.State):
    """The events of one door before its last ones that were asked for, for staff."""

    rows: list[list[Any]] = []
    exhausted: bool = False


class Outcome(LiveState, rx.State):
    """What became of what this screen asked for at some doors. Sent to it alone, and not kept."""

    key: str = ""
    """Of the request that it answers."""
    rows: list[list[Any]] = []
    """For each door: its id, what stands on it when it was done, else the refusal."""
    refusal: str = ""
    """Why none was tried."""


class Feed(LiveState, rx.State):
    """The latest events of a site, for staff."""

    rows: list[list[Any]] = []
