"""Events as a narrow list: what happened when, with whom and why. For panels and the live feed."""

from typing import Any

import reflex as rx

from locker_app.domain.event_words import CODE_WORDS, COMMAND_WORDS, EVENT_WORDS, TOLD_WORDS
from locker_app.web.components.browser import Moment
from locker_app.web.components.parts import Item, in_browser


def happenings(rows: Any, *, of_one_door: bool = False) -> rx.Component:
    """A list of events, rows as projections make them; those of one door need no place."""
    return rx.el.ol(
        rx.foreach(rows, lambda row: _happening(row, of_one_door)), class_name="happenings"
    )


def _happening(row: Item, of_one_door: bool) -> rx.Component:
    where: list[Any] = [] if of_one_door else [rx.el.strong(row[5].to(str)), " "]
    who, number, by = row[6].to(str), row[7].to(str), row[3].to(str)
    return rx.el.li(
        Moment.create(at=row[1].to(int), zone=row[12].to(str), form="clock"),
        rx.el.p(
            *where,
            _what(row),
            rx.cond(who != "", rx.fragment(" · ", who, " ", number)),
            rx.cond(_why(row) != "", rx.el.span(" · ", _why(row), class_name="soft")),
            rx.cond((by != "") & (by != who), rx.el.span(" · by ", by, class_name="soft")),
        ),
    )


def _what(row: Item) -> Item:
    kind, command = row[2].to(str), row[9].to(str)
    return rx.cond(
        kind == "Refused",
        rx.el.span("refused: ", _said(COMMAND_WORDS, command), class_name="refused"),
        in_browser(
            "({0}[{2} + ':' + {3}] ?? {1}[{2}] ?? {2})", TOLD_WORDS, EVENT_WORDS, kind, command
        ).to(str),
    )


def _why(row: Item) -> Item:
    reason, code = row[8].to(str), row[10].to(str)
    return rx.cond(reason != "", reason, _said(CODE_WORDS, code))


def _said(words: dict[str, str], name: Item) -> Item:
    return in_browser("({0}[{1}] ?? {1})", words, name).to(str)
