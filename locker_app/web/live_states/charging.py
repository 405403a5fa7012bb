"""Charging spots: those of a site, and what is mine of them."""

from typing import Any, TypedDict

import reflex as rx

from locker_app.live.rooms import LiveState


class ChargersRow(TypedDict):
    """How full the charging spots of a site are, as the home page shows it."""

    site_id: int
    total: int
    free: int
    waiting: int
    next_at: int
    """About when one comes free, while none is; 0 while that is not known."""


class StayRow(TypedDict):
    """A charging spot that is booked by me, or offered to me."""

    booking_id: int
    site_id: int
    site_name: str
    time_zone: str
    charger_id: int
    name: str
    place: str
    code: str
    status: str
    shown_as: str
    starts_at: int
    leaves_at: int
    stated_at: int
    came_at: int
    reminded_at: int
    come_by: int
    out_at: int
    wait_id: int


class LineRow(TypedDict):
    """My place in the line for a charging spot."""

    wait_id: int
    site_id: int
    site_name: str
    time_zone: str
    first: bool
    snoozes_left: int
    snoozed_until: int
    joined_at: int
    offered: bool
    code: str


class StayNewsRow(TypedDict):
    """What became of a booking of mine without me."""

    key: str
    site_id: int
    site_name: str
    time_zone: str
    at: int
    what: str
    name: str
    was: str
    code: str
    reason: str


class Chargers(LiveState, rx.State):
    """The charging spots of a site, as everybody may see them. How each stands is in further vars,
    in blocks (`live.projections.chargers`), which the browser finds by their names."""

    site_id: int = 0
    site_name: str = ""
    time_zone: str = ""
    rules: dict[str, Any] = {}
    """By the names of `domain.chargers.ChargingRules`, with 0 for none."""
    posts: list[list[Any]] = []
    """Id, code, name, place and details of each spot."""
    line: list[int] = []
    """The places in the line, in the order in which spots are offered."""
    asking: list[int] = []
    """Those of them to whom the next one could be offered."""
    record: list[int] = []
    """How the forecast did lately: half were off by less than so many minutes, how many ended
    inside their range, of how many; empty while that is not known."""


class Stays(LiveState, rx.State):
    """The charging spots that are mine, and what I may still book."""

    rows: list[StayRow] = []
    waits: list[LineRow] = []
    news: list[StayNewsRow] = []
    allow: dict[str, Any] = {}
    """By site, where it has limits: until when I can't book after my last stay, and when each day
    and week begins with the minutes that are left of it."""
