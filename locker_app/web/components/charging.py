"""Components of charging spots that are written for the browser, in assets/charging.js."""

from typing import Any

import reflex as rx

from locker_app.web.components.board import whole
from locker_app.web.components.charging_words import WORDS
from locker_app.web.live_states import Stays


class _Charging(rx.Component):
    library = "$/public/charging.js"


# Reflex declares them for one and two arguments only.
_spec: Any = rx.event.passthrough_event_spec
_ONE = _spec(str)
_ID = _spec(int, str)
_LEAVE = _spec(int, int, str)
_BOOK = _spec(int, int, int, str, str)
_MOVE = _spec(int, int, int, str)
_TAKE = _spec(int, int, str, str)


class Charging(_Charging):
    """What is mine, the spot that was scanned, and all others. Times to leave are sent as
    milliseconds since 1970; the last thing that is sent is an idempotency key."""

    tag = "Charging"
    site: rx.Var[dict]
    mine: rx.Var[dict]
    scanned: rx.Var[int]
    session: rx.Var[int]
    signed_in: rx.Var[bool]
    staff: rx.Var[bool]
    refused: rx.Var[str]
    words: rx.Var[dict]
    page: rx.Var[str]
    on_book: rx.EventHandler[_BOOK]
    on_accept: rx.EventHandler[_TAKE]
    on_leave: rx.EventHandler[_LEAVE]
    on_stop: rx.EventHandler[_ID]
    on_move: rx.EventHandler[_MOVE]
    on_come: rx.EventHandler[_ID]
    on_taken: rx.EventHandler[_ID]
    on_free: rx.EventHandler[_ID]
    on_join: rx.EventHandler[_ONE]
    on_quit: rx.EventHandler[_ID]
    on_snooze: rx.EventHandler[_ID]


class StayNews(_Charging):
    """What became of my bookings without me, at all sites."""

    tag = "StayNews"
    mine: rx.Var[dict]
    words: rx.Var[dict]


class Left(_Charging):
    """How long until a moment, by the second and by the server's clock."""

    tag = "Left"
    until: rx.Var[int]


CHARGING_WORDS = rx.Var.create(WORDS)


def stay_news() -> rx.Component:
    """What became of my bookings, where else they would just be gone."""
    return StayNews.create(mine=whole(Stays.rows), words=CHARGING_WORDS)
