"""What everybody may see of the places here: how full banks are, how busy queues, one bank."""

from typing import TypedDict

import reflex as rx

from locker_app.live.rooms import LiveState
from locker_app.web.live_states.charging import ChargersRow


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


class QueueRow(TypedDict):
    """How busy a queue is, as the home page shows it."""

    id: int
    site_id: int
    code: str
    name: str
    place: str
    mode: str
    paused: bool
    shown: int
    waiting: int
    serving: int
    minutes: int
    """About how long somebody would wait who came now; -1 while nobody knows."""


class PlaceRow(TypedDict):
    """A site with its banks and queues."""

    id: int
    name: str
    time_zone: str
    is_open: bool
    opens_at: int
    """When lockers are given out again, while they are not; 0 when no hour says so."""
    banks: list[BankRow]
    queues: list[QueueRow]
    chargers: list[ChargersRow]
    """Its charging spots in one row, if it has any."""
    inside: int
    """How many people are inside; -1 where no gate counts them."""


class BankName(TypedDict):
    """A bank to choose."""

    id: int
    name: str


class ChargerName(TypedDict):
    """A charging spot to choose."""

    id: int
    name: str


class SiteName(TypedDict):
    """A site to choose, with its banks and charging spots."""

    id: int
    name: str
    banks: list[BankName]
    chargers: list[ChargerName]


class Places(LiveState, rx.State):
    """The names of all sites, banks and charging spots."""

    sites: list[SiteName] = []
    ready: bool = False


class Home(LiveState, rx.State):
    """All sites with how full their banks are."""

    places: list[PlaceRow] = []
    ready: bool = False


class Bank(LiveState, rx.State):
    """One bank as everybody may see it."""

    bank_id: int = 0
    archived: bool = False
    is_open: bool = True
    """Whether the site gives lockers out now."""
    opens_at: int = 0
    closes_at: int = 0
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
    has_terminal: bool = False
    """Whether a card terminal is there."""
