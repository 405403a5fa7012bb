"""Taking a ticket on a queue's page: the form, and what is there instead while it can't be used.

The form is the same with and without a session. The first ticket of a browser that nobody signed
in at is taken by sending it to /auth/visit: only an HTTP answer can set the cookie by which the
browser is known again.
"""

from typing import Any

import reflex as rx

from locker_app.web.components.browser import Moment
from locker_app.web.components.line import ESTIMATE_WORDS, Estimate, TicketForm
from locker_app.web.components.parts import Item, count, hidden, in_browser, some
from locker_app.web.components.tickets import line_is_full
from locker_app.web.live_states import Line, Me, Pulse, StaffMe


def join_card(page: Item) -> rx.Component:
    """The form that takes a ticket, on the page with the State `page`; or why there is none."""
    return rx.cond(
        StaffMe.signed_in,
        _for_staff(),
        rx.match(
            Line.mode,
            ("closed", _closed()),
            ("draining", _draining()),
            rx.cond(
                line_is_full(),
                _full(),
                rx.cond(Line.sign_in_needed & ~Me.signed_in, _sign_in(), _form(page)),
            ),
        ),
    )


def _state_card(title: str, *text: Any) -> rx.Component:
    return rx.el.section(
        rx.el.h2(title), *[rx.el.p(part) for part in text], class_name="card state"
    )


def _for_staff() -> rx.Component:
    return _state_card(
        "You are signed in as staff",
        "Tickets are for those who need help. Students take them here.",
    )


def _closed() -> rx.Component:
    opens = rx.el.span(
        "It opens ", Moment.create(at=Line.opens_at, zone=Line.time_zone, form="auto"), "."
    )
    return _state_card(
        "The line is closed",
        rx.cond(Line.opens_at > 0, opens, "This page tells you as soon as it opens."),
    )


def _draining() -> rx.Component:
    return _state_card(
        "No more tickets",
        "The line takes nobody new. Those who are in it are still helped.",
    )


def _full() -> rx.Component:
    return _state_card(
        "The line is full",
        "As soon as there is room, you can take a ticket here. This page changes by itself.",
    )


def _sign_in() -> rx.Component:
    return rx.el.section(
        _how_busy(),
        rx.el.p("This line is for people who are signed in."),
        rx.el.a(
            "Sign in to take a ticket",
            href=f"/sign-in?next=/q/{Line.code}",
            class_name="button primary",
        ),
        class_name="card",
    )


def _how_busy() -> rx.Component:
    waiting = count(Line.line)
    return rx.fragment(
        rx.el.p(waiting, rx.el.small(" waiting"), class_name="fact", data_testid="waiting"),
        rx.cond(
            Line.paused,
            rx.el.p("The staff take a short break. Tickets are given all the same."),
            rx.cond(
                (waiting == 0) & ~some(Line.serving) & ((Line.given == 0) | Line.serve_at_once),
                rx.el.p("Nobody is here: it's your turn at once."),
                Estimate.create(pace=Line.pace, ahead=waiting, words=ESTIMATE_WORDS, brief=False),
            ),
        ),
    )


def _form(page: Item) -> rx.Component:
    """The one thing to do."""
    return TicketForm.create(
        _how_busy(),
        hidden("queue", Line.code),
        _group_field(page),
        rx.cond(Line.wants_room_pin, _room_pin_field(page)),
        rx.el.div(
            rx.el.label(
                "Your question ",
                rx.el.span("(optional)", class_name="hint"),
                html_for="question",
            ),
            rx.el.input(
                id="question",
                name="question",
                type="text",
                max_length=200,
                auto_complete="off",
                aria_invalid=_refused_at(page, "question"),
                aria_describedby="question-hint question-error",
            ),
            rx.el.span("In one line. Only staff see it.", class_name="hint", id="question-hint"),
            _error(page, "question"),
            class_name="field",
        ),
        rx.el.button("Take a ticket", type="submit", class_name="primary"),
        rx.cond(
            Me.signed_in,
            rx.fragment(),
            rx.el.p(
                "No account needed: this browser keeps your ticket. ",
                rx.el.a("Sign in", href=f"/sign-in?next=/q/{Line.code}"),
                " to have it on all your devices.",
                class_name="hint",
            ),
        ),
        native=Pulse.session <= 0,
        action="/auth/visit",
        keep="cubby-ticket",
        refused=page.error,
        on_send=page.join,
        class_name="card",
        aria_label="Take a ticket",
    )


def _group_field(page: Item) -> rx.Component:
    return rx.el.div(
        rx.el.label("Group number", html_for="group"),
        rx.cond(
            Line.groups != "",
            rx.el.span("This line is for groups ", Line.groups, ".", class_name="hint"),
        ),
        rx.el.input(
            id="group",
            name="group",
            type="text",
            input_mode=rx.cond(_with_letters(page), "text", "numeric"),
            auto_complete="off",
            auto_capitalize="characters",
            spell_check=False,
            required=True,
            max_length=20,
            aria_invalid=_refused_at(page, "group"),
            aria_describedby="group-error",
        ),
        _error(page, "group"),
        rx.cond(
            _with_letters(page) | (Line.groups != ""),
            rx.fragment(),
            rx.el.button(
                "My group has letters",
                type="button",
                on_click=[page.want_letters, rx.set_focus("group")],
                class_name="asLink small touch",
            ),
        ),
        class_name="field",
    )


def _refused_at(page: Item, field: str) -> Item:
    return (page.error != "") & (page.error_at == field)


def _error(page: Item, field: str) -> rx.Component:
    """Why the ticket was refused, beside the field that it is about."""
    said = rx.cond(_refused_at(page, field), page.error, "")
    return rx.el.p(said, id=f"{field}-error", class_name="error", role="alert")


def _with_letters(page: Item) -> Item:
    """Whether a keyboard with digits alone is not enough."""
    return page.letters | in_browser("/[A-Z]/.test({})", Line.groups).to(bool)


def _room_pin_field(page: Item) -> rx.Component:
    return rx.el.div(
        rx.el.label("Code of the room", html_for="room_pin"),
        rx.el.span("It is shown on the screen or the board there.", class_name="hint"),
        rx.el.input(
            id="room_pin",
            name="room_pin",
            type="text",
            auto_complete="off",
            auto_capitalize="characters",
            spell_check=False,
            required=True,
            max_length=20,
            aria_invalid=_refused_at(page, "room_pin"),
            aria_describedby="room_pin-error",
        ),
        _error(page, "room_pin"),
        class_name="field",
    )
