"""The line for help."""

from typing import Any

import reflex as rx

from locker_app.live.rooms import LiveState


class Line(LiveState, rx.State):
    """One queue as everybody may see it: numbers, no people."""

    queue_id: int = 0
    code: str = ""
    name: str = ""
    place: str = ""
    site_name: str = ""
    time_zone: str = ""
    mode: str = ""
    paused: bool = False
    announcement: str = ""
    announced_at: int = 0
    round: int = 0
    given: int = 0
    shown: int = 0
    serving: list[list[Any]] = []
    """The numbers whose turn it is, each with the label of its desk."""
    line: list[int] = []
    """The numbers that wait, in the order in which they are called."""
    done: list[int] = []
    sign_in_needed: bool = False
    wants_room_pin: bool = False
    groups: str = ""
    tickets_per_person: int = 1
    capacity: int = 0
    steps_back: int = 0
    serve_at_once: bool = False
    opens_at: int = 0
    pace: dict[str, Any] = {}
    """What an estimate is made of in the browser: `domain.waits.Pace`."""


class Helm(LiveState, rx.State):
    """One queue as those see it who work it off: groups, names, questions, and its rules."""

    queue_id: int = 0
    name: str = ""
    place: str = ""
    code: str = ""
    site_name: str = ""
    time_zone: str = ""
    mode: str = ""
    paused: bool = False
    announcement: str = ""
    shown: int = 0
    becomes: str = ""
    """What the clock does with it next: opens, closes, resets; empty when it does nothing."""
    becomes_at: int = 0
    line: list[list[Any]] = []
    """The waiting, in order: ticket's id, number, group, status, who, question, joined at, called
    at, staff's id, staff's name, note, steps back, visits of the group today, ended at."""
    serving: list[list[Any]] = []
    """Likewise, oldest first."""
    ended: list[list[Any]] = []
    """Likewise, newest first."""
    desks: list[list[Any]] = []
    """Staff's id, name, label, number served, until when a press can be undone, and the numbers
    of the tickets that it ended and called."""
    rules: dict[str, Any] = {}
    """By the names of `domain.queues.QueueRules`; hours as a line for each weekday."""


class LookBack(LiveState, rx.State):
    """What became of a queue's tickets on some days, as its staff asked for."""

    queue_id: int = 0
    first: str = ""
    last: str = ""
    tickets: int = 0
    done: int = 0
    no_shows: int = 0
    left: int = 0
    cleared: int = 0
    waits: list[int] = []
    """In seconds: mean, median, what nine of ten did not exceed, longest; empty without any."""
    services: list[int] = []
    bars: list[list[Any]] = []
    """Of waits: name, count, share of the longest bar in percent."""
    by_hour: list[list[Any]] = []
    """Hour, tickets, helped, no-shows, left or cleared, mean wait, mean service, share of the
    longest bar."""
    by_day: list[list[Any]] = []
    by_group: list[list[Any]] = []
    by_staff: list[list[Any]] = []
    groups: int = 0
    estimates: list[int] = []
    """Of the last waits: how many were inside what was said, of how many, and by how many seconds
    half of them were off, or less; empty without any."""


class Room(LiveState, rx.State):
    """What is only said in the room where a queue is served, for staff to show there."""

    queue_id: int = 0
    room_pin: str = ""
