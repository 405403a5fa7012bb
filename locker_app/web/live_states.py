"""State classes that topics fill: their vars are the keys of a topic's projection.

The server keeps no values here for a client; see `live.rooms.LiveState`.
"""

from typing import Any, TypedDict

import reflex as rx

from locker_app.live.rooms import LiveState, Rooms


class BankRow(TypedDict):
    """How full a bank is, as the home page shows it."""

    id: int
    site_id: int
    name: str
    place: str
    total: int
    free: int
    held: int
    reserved: int
    overdue: int
    out_of_service: int
    waiting: int


class PlaceRow(TypedDict):
    """A site with its banks."""

    id: int
    name: str
    time_zone: str
    banks: list[BankRow]


class ClaimRow(TypedDict):
    """A locker that is this person's, or held for them."""

    assignment_id: int
    wait_id: int
    site_id: int
    bank_id: int
    bank_name: str
    place: str
    time_zone: str
    label: str
    status: str
    since: int
    due_at: int
    held_until: int
    reminded: bool


class WaitRow(TypedDict):
    """This person's place in a waiting list."""

    wait_id: int
    site_id: int
    bank_id: int
    bank_name: str
    ahead: int


class Pulse(LiveState, rx.State):
    """What every screen hears: the server's beat, and in which session it is."""

    beat_at: int = 0
    session: int = -1
    """In whose right this screen watches: the session's id, 0 for nobody, -1 until told."""


class Home(LiveState, rx.State):
    """All sites with how full their banks are."""

    places: list[PlaceRow] = []
    ready: bool = False


class Bank(LiveState, rx.State):
    """One bank as everybody may see it."""

    bank_id: int = 0
    site_name: str = ""
    time_zone: str = ""
    hold_minutes: int = 0
    name: str = ""
    place: str = ""
    prefix: str = ""
    limit_minutes: int = 0
    numbers: list[int] = []
    accessible_numbers: list[int] = []
    doors: str = ""
    total: int = 0
    free: int = 0
    free_accessible: int = 0
    held: int = 0
    reserved: int = 0
    overdue: int = 0
    out_of_service: int = 0
    line: list[int] = []


class Holders(LiveState, rx.State):
    """Who has which door of a bank, for staff."""

    bank_id: int = 0
    locker_ids: list[int] = []
    rows: list[list[Any]] = []


class Door(LiveState, rx.State):
    """One door with who has it and its last events, for staff."""

    locker_id: int = 0
    label: str = ""
    status: str = ""
    time_zone: str = ""
    assignment_id: int = 0
    person_name: str = ""
    person_number: str = ""
    since: int = 0
    until: int = 0
    service_reason: str = ""
    rows: list[list[Any]] = []


class Me(LiveState, rx.State):
    """The person who is signed in, with what is theirs."""

    signed_in: bool = False
    name: str = ""
    number: str = ""
    accessible: bool = False
    near_last: bool = False
    claims: list[ClaimRow] = []
    waits: list[WaitRow] = []
    lost_label: str = ""
    """The locker that was last taken back, by staff or because time was over; empty if none."""
    lost_bank: str = ""
    lost_cause: str = ""
    lost_reason: str = ""


class StaffMe(LiveState, rx.State):
    """The staff member who is signed in."""

    signed_in: bool = False
    login: str = ""
    name: str = ""
    roles: list[list[Any]] = []


class Events(LiveState, rx.State):
    """The newest events, for staff."""

    rows: list[list[Any]] = []


class OlderEvents(LiveState, rx.State):
    """The events before the newest that were asked for, for staff."""

    rows: list[list[Any]] = []
    exhausted: bool = False


def bind_topics(rooms: Rooms) -> None:
    """Tell the rooms which State class each kind of topic fills."""
    rooms.bind_pulse(Pulse)
    for kind, state in (
        ("home", Home),
        ("bank", Bank),
        ("holders", Holders),
        ("door", Door),
        ("person", Me),
        ("staff", StaffMe),
    ):
        rooms.bind(kind, state)
    rooms.bind("events", Events, OlderEvents)
