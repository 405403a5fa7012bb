"""The panel of one door on the staff board: who has it, its note, its past, what may be done."""

import reflex as rx

from locker_app.live.projections.board import DOOR_EVENTS
from locker_app.services.many import Act as ManyAct
from locker_app.web.components.board import Act, SidePanel
from locker_app.web.components.board_words import ACTS
from locker_app.web.components.browser import Moment
from locker_app.web.components.happenings import happenings
from locker_app.web.components.parts import Item, count, in_browser, skeleton, some, status
from locker_app.web.components.terminal_words import progress
from locker_app.web.live_states import Door, DoorPast


def door_panel(board: Item) -> rx.Component:
    """The panel of the door that is open on the page whose State class is `board`."""
    here = Door.locker_id == board.door
    return SidePanel.create(
        _head(board, here),
        rx.cond(
            here,
            rx.cond(Door.gone, _gone(), _what_there_is(board)),
            rx.el.div(skeleton(), skeleton(tall=True), class_name="stack"),
        ),
        open=board.door,
        label="One locker",
        version=rx.cond(
            here, in_browser("(`${{{}}}:${{{}}}`)", Door.status, Door.assignment_id).to(str), ""
        ),
        changed_text="This locker has changed while you looked.",
        on_close=board.close_door,
    )


def _gone() -> rx.Component:
    return rx.el.p("This door is not there any more: it was removed in set-up.", role="status")


def _what_there_is(board: Item) -> rx.Component:
    return rx.el.div(
        _who_has_it(),
        rx.el.div(
            rx.cond(
                (Door.terminal != "") & (Door.terminal_state == "online"),
                _act(board, ManyAct.OPEN.value),
            ),
            *[_act(board, name) for name in ACTS if name != ManyAct.OPEN.value],
            class_name="acts",
        ),
        _opening(),
        _past(board),
        class_name="stack",
    )


def _opening() -> rx.Component:
    """Whether the door can be opened from here, and how far that has come which was begun."""
    return rx.el.div(
        rx.cond(
            Door.terminal == "",
            rx.el.p(
                "No terminal opens this door: it can’t be opened from here.",
                class_name="soft small",
            ),
            rx.cond(
                Door.terminal_state != "online",
                rx.el.p(
                    "The terminal ",
                    Door.terminal,
                    " opens this door. It is not connected now, so the door can’t be opened from "
                    "here.",
                    class_name="soft small",
                ),
            ),
        ),
        rx.el.div(
            rx.foreach(
                Door.told,
                lambda told: rx.el.p(
                    "Opening, ",
                    Moment.create(at=told["made_at"].to(int), zone=Door.time_zone, form="clock"),
                    ": ",
                    progress(told, opening=True),
                ),
            ),
            role="status",
            data_testid="opening",
        ),
        class_name="opening",
    )


def _close(board: Item) -> rx.Component:
    return rx.el.button(
        "Close",
        type="button",
        on_click=board.close_door,
        class_name="second",
        custom_attrs={"data-first": "true"},
    )


def _head(board: Item, here: Item) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.h2("Locker ", rx.cond(here, Door.label, "…"), tab_index=-1),
            rx.el.p(rx.cond(here, Door.bank_name, ""), class_name="soft small"),
        ),
        _close(board),
        class_name="row apart",
    )


def _who_has_it() -> rx.Component:
    return rx.fragment(
        rx.el.p(status(Door.status)),
        rx.cond(
            Door.person_name != "",
            rx.el.dl(
                _known("Who", rx.el.strong(Door.person_name), " ", Door.person_number),
                rx.cond(Door.since > 0, _known("Since", _moment(Door.since))),
                rx.cond(Door.until > 0, _known("Until", _moment(Door.until))),
                class_name="known",
            ),
            rx.el.p("Nobody has this locker.", class_name="soft"),
        ),
        rx.cond(
            Door.service_reason != "",
            _long("Why", "Out of service: ", Door.service_reason, class_name="box why"),
        ),
        rx.cond(
            Door.note != "",
            rx.el.div(
                _long("Note", Door.note, class_name="noted"),
                rx.el.p(
                    rx.cond(Door.noted_by != "", Door.noted_by + ", ", ""),
                    _moment(Door.noted_at),
                    class_name="soft small",
                ),
            ),
        ),
    )


def _long(name: str, *text: Item, class_name: str) -> rx.Component:
    """A text that scrolls when it is long, by keys too."""
    return rx.el.p(*text, role="group", aria_label=name, tab_index=0, class_name=class_name)


def _known(what: str, *is_so: Item) -> rx.Component:
    return rx.el.div(rx.el.dt(what), rx.el.dd(*is_so))


def _moment(at: Item) -> rx.Component:
    return Moment.create(at=at, zone=Door.time_zone, form="clock")


def _act(board: Item, name: str) -> Item:
    button = Act.create(act=rx.Var.create(ACTS[name]), door=Door.locker_id)
    return rx.cond(board.may.contains(name), button)


def _past(board: Item) -> rx.Component:
    last, older = rx.Var.create(Door.rows), rx.Var.create(DoorPast.rows)
    before = rx.cond(some(DoorPast.rows), older[-1][0].to(int), last[-1][0].to(int))
    return rx.el.section(
        rx.el.h3("History"),
        happenings(Door.rows, of_one_door=True),
        rx.cond(some(DoorPast.rows), happenings(DoorPast.rows, of_one_door=True)),
        rx.cond(
            DoorPast.exhausted | (count(Door.rows) < DOOR_EVENTS),
            rx.el.p("That is all.", class_name="soft small"),
            rx.el.button(
                "Show older",
                type="button",
                class_name="second",
                on_click=board.show_older(before),
            ),
        ),
        class_name="stack",
        aria_label="History of this locker",
    )
