"""The dialog of one door on the staff board: who has it, its last events, what may be done."""

from typing import Any

import reflex as rx

from locker_app.web.components.browser import Modal, Moment, new_request_id
from locker_app.web.components.history import event_table
from locker_app.web.components.parts import Item, skeleton, status
from locker_app.web.live_states import Door
from locker_app.web.session import Feedback


def door_dialog(board: Item) -> rx.Component:
    """The dialog of the door that is open on the page whose State class is `board`."""
    return Modal.create(
        rx.cond(
            Door.locker_id == board.door,
            rx.el.div(
                rx.el.div(
                    rx.el.h2("Locker ", Door.label),
                    rx.el.button(
                        "Close", type="button", on_click=board.close_door, class_name="second"
                    ),
                    class_name="row apart",
                ),
                status(Door.status),
                _who_has_it(),
                _actions(board),
                event_table(Door.rows, "Last events of this door", of_one_door=True),
                class_name="stack",
            ),
            rx.el.div(skeleton(), skeleton(tall=True)),
        ),
        open=board.door > 0,
        label="One door",
        on_close=board.close_door,
    )


def _who_has_it() -> rx.Component:
    return rx.fragment(
        rx.cond(
            Door.person_name != "",
            rx.el.p(
                rx.el.strong(Door.person_name),
                " ",
                Door.person_number,
                ", since ",
                Moment.create(at=Door.since, zone=Door.time_zone, form="clock"),
                rx.cond(
                    Door.until > 0,
                    rx.fragment(
                        ", until ", Moment.create(at=Door.until, zone=Door.time_zone, form="clock")
                    ),
                ),
            ),
            rx.el.p("Nobody has this locker.", class_name="soft"),
        ),
        rx.cond(
            Door.service_reason != "",
            rx.el.p("Out of service: ", Door.service_reason, class_name="box"),
        ),
    )


def _actions(board: Item) -> Item:
    release = board.force_release(Door.locker_id, Door.assignment_id, new_request_id())
    out = board.take_out_of_service(Door.locker_id, new_request_id())
    asked = rx.cond(board.confirming_for == Door.assignment_id, board.confirming, "")
    return rx.match(
        asked,
        (
            "release",
            _confirm(
                board,
                rx.fragment(
                    "Locker ", Door.label, " is taken from ", Door.person_name, " at once."
                ),
                "Release it",
                release,
            ),
        ),
        (
            "out",
            _confirm(
                board,
                rx.fragment(
                    "Nobody gets locker ", Door.label, " until it is back. Who has it keeps it."
                ),
                "Take out of service",
                out,
            ),
        ),
        rx.el.div(
            rx.cond(
                Door.assignment_id > 0,
                rx.el.button(
                    "Force release…",
                    type="button",
                    on_click=board.confirm("release", Door.assignment_id),
                    class_name="danger",
                ),
            ),
            rx.cond(
                Door.status == "x",
                rx.el.button(
                    "Back in service",
                    type="button",
                    on_click=board.put_back_in_service(Door.locker_id, new_request_id()),
                    class_name="second",
                ),
                rx.el.button(
                    "Out of service…",
                    type="button",
                    on_click=board.confirm("out", Door.assignment_id),
                    class_name="second",
                ),
            ),
            class_name="row",
        ),
    )


def _confirm(board: Item, what: rx.Component, act: str, on_click: Any) -> rx.Component:
    return rx.el.div(
        rx.el.p(what),
        rx.el.div(
            rx.el.label("Reason", html_for="reason"),
            rx.el.span("It is kept in the history.", class_name="hint", id="reason-hint"),
            rx.el.input(
                id="reason",
                type="text",
                default_value=board.reason,
                on_change=board.type_reason,
                on_blur=board.type_reason,  # what was typed while there was no connection
                max_length=500,
                required=True,
                auto_focus=True,
                aria_describedby="reason-hint",
            ),
            class_name="field",
        ),
        # Refusals are said beside the button: the page's notice is under the dialog.
        rx.cond(Feedback.tone == "bad", rx.el.p(Feedback.text, class_name="error", role="alert")),
        rx.el.div(
            rx.el.button(act, type="button", on_click=on_click, class_name="danger"),
            rx.el.button(
                "Cancel", type="button", on_click=board.confirm("", 0), class_name="second"
            ),
            class_name="row",
        ),
        class_name="stack box",
        data_tone="bad",
    )
