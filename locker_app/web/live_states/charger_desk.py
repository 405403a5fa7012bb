"""Charging spots for those who run them and set them up."""

from typing import TypedDict

import reflex as rx

from locker_app.live.rooms import LiveState


class DeskLaterRow(TypedDict):
    """Somebody who comes to a spot later."""

    booking_id: int
    who: str
    starts_at: int
    leaves_at: int


class DeskSpotRow(TypedDict):
    """A spot as staff see it."""

    id: int
    name: str
    place: str
    details: str
    code: str
    status: str
    until: int
    likely: int
    low: int
    high: int
    booking_id: int
    who: str
    number: str
    person_id: int
    shown_as: str
    since: int
    stated: int
    reported_at: int
    out_at: int
    out_reason: str
    later: list[DeskLaterRow]


class DeskPlaceRow(TypedDict):
    """A place in the line."""

    wait_id: int
    who: str
    number: str
    person_id: int
    first: bool
    joined_at: int
    snoozed_until: int
    offered: str
    offered_until: int


class ChargerDesk(LiveState, rx.State):
    """The charging spots of a site with who has them, and the line."""

    site_id: int = 0
    site_name: str = ""
    time_zone: str = ""
    spots: list[DeskSpotRow] = []
    line: list[DeskPlaceRow] = []
