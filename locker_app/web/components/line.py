"""Components of the line for help that are written for the browser, in assets/line.js."""

from typing import Any

import reflex as rx


class _Line(rx.Component):
    library = "$/public/line.js"


_SENT: Any = rx.event.passthrough_event_spec(dict[str, Any], str)  # pyright: ignore[reportCallIssue]


class Turn(_Line):
    """Says where a ticket stands so that it is noticed: title, sound, vibration, notification."""

    tag = "Turn"
    number: rx.Var[int]
    phase: rx.Var[str]
    """wait, next, turn; anything else is silent."""
    ahead: rx.Var[int]
    words: rx.Var[dict[str, str]]


class Alerts(_Line):
    """Which alerts there are, and the button that allows them."""

    tag = "Alerts"
    words: rx.Var[dict[str, str]]


class Chime(_Line):
    """A chime whenever another number is called, once a tap has allowed it."""

    tag = "Chime"
    numbers: rx.Var[list[int]]
    button: rx.Var[str]


class Estimate(_Line):
    """About how long it takes with so many ahead, between what, and how often that was right."""

    tag = "Estimate"
    pace: rx.Var[dict[str, Any]]
    ahead: rx.Var[int]
    words: rx.Var[dict[str, str]]
    brief: rx.Var[bool]


class Numbers(_Line):
    """The numbers of a line: done, being served, waiting in their order."""

    tag = "Numbers"
    serving: rx.Var[list[list[Any]]]
    line: rx.Var[list[int]]
    done: rx.Var[list[int]]
    mine: rx.Var[list[int]]
    label: rx.Var[str]
    words: rx.Var[dict[str, str]]


class TicketForm(_Line):
    """A form that the browser sends by itself, or whose values go to `on_send`."""

    tag = "TicketForm"
    native: rx.Var[bool]
    action: rx.Var[str]
    keep: rx.Var[str]
    """Under what name the tab keeps what was typed, for when the form is refused."""
    refused: rx.Var[str]
    on_send: rx.EventHandler[_SENT]
    """Its handler is given the values, and an idempotency key made at that moment."""


class WallClock(_Line):
    """The time of the place."""

    tag = "WallClock"
    zone: rx.Var[str]


class StayAlive(_Line):
    """Keeps a screen awake, and its page true, when nobody touches it for days."""

    tag = "StayAlive"


ESTIMATE_WORDS = rx.Var.create(
    {
        "about": "about {0}",
        "soon": "less than a minute",
        "between": "between {0} and {1}",
        "upto": "usually under {0}",
        "held": "{0} of the last {1} waits were inside what was said here.",
        "unknown": "How long it takes is not known yet: it is learnt from the first few tickets.",
    }
)
TURN_WORDS = rx.Var.create(
    {
        "wait": "{1} ahead · number {0}",
        "next": "● You're next · number {0}",
        "turn": "● Your turn · number {0}",
        "next_said": "You're next: number {0}.",
        "next_body": "Come closer: somebody is free for you soon.",
        "turn_said": "It's your turn: number {0}.",
        "turn_body": "Somebody is waiting for you.",
    }
)
ALERT_WORDS = rx.Var.create(
    {
        "off": "This page can ring when it's your turn, also in your pocket.",
        "sound": "It rings when it's your turn. Keep this page open.",
        "both": "It rings and sends a notification when it's your turn.",
        "closed": "It rings, and sends a notification also when this page is closed.",
        "button": "Turn on alerts",
        "again": "Try the sound",
    }
)
NUMBER_WORDS = rx.Var.create(
    {
        "done": "done",
        "now": "now",
        "next": "next",
        "you": "you",
        "more": "and {0} more waiting",
    }
)
