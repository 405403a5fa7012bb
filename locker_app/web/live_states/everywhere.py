"""What every page shows: that it is live, who is signed in, what is theirs."""

from typing import Any, TypedDict

import reflex as rx

from locker_app.live.rooms import LiveState


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


class TicketRow(TypedDict):
    """A ticket of mine."""

    ticket_id: int
    queue_id: int
    queue_name: str
    code: str
    round: int
    number: int
    group: str
    status: str
    question: str
    steps_left: int
    desk: str
    joined_at: int
    called_at: int
    ended_at: int


class OwnVisitRow(TypedDict):
    """A visit of mine."""

    id: int
    site_id: int
    site_name: str
    time_zone: str
    came_at: int
    left_at: int
    """0 while it lasts."""


class Pulse(LiveState, rx.State):
    """What every screen hears: the server's beat, and in which session it is."""

    beat_at: int = 0
    session: int = -1
    """In whose right this screen watches: the session's id, 0 for nobody, -1 until told."""


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
    cards: list[list[Any]] = []
    """Of each: id, the letters that tell it from others, what it is called, since when."""
    visits: list[OwnVisitRow] = []
    """The last ones, the newest first."""
    confirm_id: int = 0
    """A tap that waits for the PIN; with the next ones, at which terminal, where, and until
    when."""
    confirm_at: str = ""
    confirm_for: str = ""
    confirm_until: int = 0


class StaffMe(LiveState, rx.State):
    """The staff member who is signed in."""

    signed_in: bool = False
    login: str = ""
    name: str = ""
    roles: list[list[Any]] = []
    sign_ins: list[list[Any]] = []
    """When and from where they signed in last, the newest first."""
    may: list[str] = []
    """The rights that they have somewhere: what the menu shows. Whether they have one where it
    counts, the services know."""


class Tickets(LiveState, rx.State):
    """The tickets of who looks: a person, or a visitor's browser."""

    rows: list[TicketRow] = []
