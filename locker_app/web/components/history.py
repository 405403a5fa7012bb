"""Rows of the event log as a table."""

from typing import Any

import reflex as rx

from locker_app.domain.event_words import CODE_WORDS, COMMAND_WORDS, EVENT_WORDS, TOLD_WORDS
from locker_app.web.components.browser import Moment
from locker_app.web.components.parts import Item

_COLUMNS = ("When", "What", "Where", "Whose", "By", "Why")
_WHERE = _COLUMNS.index("Where")


def event_table(rows: Any, caption: str, *, of_one_door: bool = False) -> rx.Component:
    """A table of events as `live.projections.events` makes their rows; those of one door need no
    place."""
    shown = [text for text in _COLUMNS if not (of_one_door and text == "Where")]
    return rx.el.div(
        rx.el.table(
            rx.el.caption(caption),
            rx.el.thead(rx.el.tr(*[rx.el.th(text, scope="col") for text in shown])),
            rx.el.tbody(rx.foreach(rows, lambda row: _row(row, of_one_door))),
        ),
        class_name="scroll",
        tab_index=0,
        role="region",
        aria_label=caption,
    )


def _row(row: Item, of_one_door: bool) -> rx.Component:
    kind, command, code = row[2].to(str), row[9].to(str), row[10].to(str)
    why = rx.cond(row[8].to(str) != "", row[8].to(str), rx.match(code, *CODE_WORDS.items(), code))
    what = rx.cond(
        kind == "Refused",
        rx.el.span(
            "refused: ", rx.match(command, *COMMAND_WORDS.items(), command), class_name="refused"
        ),
        rx.cond(
            (kind == "LockerReleased") & (code == "forced"),
            "released by staff",
            rx.match(
                kind + ":" + command,
                *TOLD_WORDS.items(),
                rx.match(kind, *EVENT_WORDS.items(), kind),
            ),
        ),
    )
    cells = [
        rx.el.td(Moment.create(at=row[1].to(int), zone=row[12].to(str), form="clock")),
        rx.el.td(what),
        rx.el.td(row[5].to(str), " ", rx.el.span(row[4].to(str), class_name="soft")),
        rx.el.td(row[6].to(str), " ", rx.el.span(row[7].to(str), class_name="soft")),
        rx.el.td(
            rx.match(row[3].to(str), ("nobody", "not signed in"), row[3].to(str)),
            " ",
            rx.el.span(row[11].to(str), class_name="soft small"),
        ),
        rx.el.td(why),
    ]
    if of_one_door:
        del cells[_WHERE]
    return rx.el.tr(*cells)
