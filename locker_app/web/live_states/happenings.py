"""The history."""

from typing import Any

import reflex as rx

from locker_app.live.rooms import LiveState


class Events(LiveState, rx.State):
    """The newest events, for staff."""

    rows: list[list[Any]] = []


class OlderEvents(LiveState, rx.State):
    """The events before the newest that were asked for, for staff."""

    rows: list[list[Any]] = []
    exhausted: bool = False
    full: bool = False
    """Whether there are more than one screen adds up."""
