"""What pages say of card terminals: how they are, what wants attention, what they were told."""

from typing import Any

import reflex as rx

from edge.display.draw import HEIGHT, WIDTH
from locker_app.domain.terminals import (
    AlertKind,
    CommandKind,
    CommandStatus,
    TapMode,
    TerminalState,
)
from locker_app.web.components.browser import Moment
from locker_app.web.components.parts import Item, in_browser

STATES: dict[str, str] = {
    TerminalState.NEW.value: "no device yet",
    TerminalState.ONLINE.value: "connected",
    TerminalState.OFFLINE.value: "switched off",
    TerminalState.LOST.value: "connection lost",
    TerminalState.UPDATING.value: "updating",
    "revoked": "revoked",
}

MODES: dict[str, str] = {
    TapMode.LOCKER.value: "lockers",
    TapMode.IN.value: "way in",
    TapMode.OUT.value: "way out",
    TapMode.GATE.value: "gate, both ways",
}

ALERTS: dict[str, str] = {
    AlertKind.GAP.value: "Some of what it reported never came",
    AlertKind.CONFLICT.value: "What happened while it was away does not fit what happened here",
    AlertKind.FAULT.value: "Something of it is broken",
    AlertKind.BAD_MESSAGES.value: "It says what nobody understands",
    AlertKind.TOO_FAST.value: "The same card was at two places faster than one can walk",
    AlertKind.CLOCK.value: "Its clock is wrong",
    AlertKind.STUCK.value: "A door was to open and did not",
}

COMMANDS: dict[str, str] = {
    CommandKind.OPEN.value: "Open",
    CommandKind.IDENTIFY.value: "Identify",
    CommandKind.SYNC.value: "Say everything again",
    CommandKind.RESTART.value: "Restart",
    CommandKind.TAP.value: "Tap a card",
}

STEPS = (CommandStatus.SENT.value, CommandStatus.ACCEPTED.value, CommandStatus.DONE.value)
"""The way of a command that goes well."""

_PROGRESS: dict[str, str] = {
    CommandStatus.GIVEN.value: "about to be sent",
    CommandStatus.SENT.value: "sent",
    CommandStatus.ACCEPTED.value: "acknowledged",
    CommandStatus.DONE.value: "done",
    CommandStatus.REJECTED.value: "refused by the terminal",
    CommandStatus.EXPIRED.value: "came too late: nothing was done",
    CommandStatus.TIMED_OUT.value: "no answer: whether it was done is not known",
}

DEMO_CARDS = (
    ("04A1B2C3D4E580", "Card 1 of the demo"),
    ("04A1B2C3D4E581", "Card 2 of the demo"),
    ("04A1B2C3D4E582", "Card 3 of the demo"),
    ("9B3C5D71", "Card 4 of the demo, with a short number"),
)
"""Numbers of cards that there are only on simulated readers."""


def terminal_status(state: Item) -> rx.Component:
    """How a terminal is, as colour, icon and word."""
    word = rx.match(state, *STATES.items(), state)
    return rx.el.span(word, class_name="status", data_terminal=state)


def said(words: dict[str, str], name: Item) -> Item:
    """The words for a name; itself where there are none."""
    return in_browser("({0}[{1}] ?? {1})", words, name).to(str)


def progress(told: Item, *, opening: bool = False) -> rx.Component:
    """How far a command has come: its steps as marks, and in words."""
    status = told["status"].to(str)
    words = {**_PROGRESS, CommandStatus.DONE.value: "opened"} if opening else _PROGRESS
    if not opening:
        is_open = told["kind"].to(str) == CommandKind.OPEN.value
        text = rx.cond(
            is_open & (status == CommandStatus.DONE.value), "opened", said(words, status)
        )
    else:
        text = said(words, status)
    return rx.el.span(
        rx.el.span(
            *[
                rx.el.span(data_done=rx.cond(told[f"{step}_at"].to(int) > 0, "true", "false"))
                for step in ("sent", "accepted")
            ],
            rx.el.span(
                data_done=rx.cond(
                    status == CommandStatus.DONE.value,
                    "true",
                    rx.cond(told["ended_at"].to(int) > 0, "failed", "false"),
                )
            ),
            class_name="steps",
            aria_hidden="true",
        ),
        rx.el.span(text, rx.cond(told["note"].to(str) != "", ": " + told["note"].to(str), "")),
        class_name="progress",
        data_status=status,
    )


def screen_picture(source: Item, says: Item, *, old: Item | bool = False) -> rx.Component:
    """What a display shows, enlarged; in words for who can't see it."""
    return rx.cond(
        source != "",
        rx.el.img(
            src=source,
            alt="The display shows: " + says.to(str),
            width=str(3 * WIDTH),
            height=str(3 * HEIGHT),
            class_name="oled",
            data_old=rx.cond(old, "true", "false"),
        ),
        rx.el.p("Nothing is known yet of what it shows.", class_name="oled nothing"),
    )


def moment(at: Any, zone: Any, form: str = "auto") -> rx.Component:
    """A moment in the zone of the site."""
    return Moment.create(at=at.to(int), zone=zone, form=form)
