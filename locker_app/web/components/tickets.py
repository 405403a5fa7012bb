"""What a queue's page shows of my ticket: where it stands, what to do, how it ended."""

from typing import Any

import reflex as rx

from locker_app.web.components.browser import new_request_id
from locker_app.web.components.line import (
    ALERT_WORDS,
    ESTIMATE_WORDS,
    TURN_WORDS,
    Alerts,
    Estimate,
    TicketForm,
    Turn,
)
from locker_app.web.components.parts import ONCE, Item, count, in_browser, some
from locker_app.web.live_states import Line


def ahead_of(ticket: Item) -> Item:
    """How many are before this ticket, counted in the browser: the line is the same for all."""
    return in_browser("Math.max(0, {}.indexOf({}))", Line.line, ticket["number"]).to(int)


def ticket_card(ticket: Item, page: Item) -> Item:
    """A ticket of mine in this queue, open or just ended, on the page with the State `page`."""
    return rx.match(
        ticket["status"],
        ("serving", _called(ticket, page)),
        ("waiting", _waiting(ticket, page)),
        ("done", _done(ticket)),
        ("no_show", _missed(ticket)),
        ("cleared", _cleared(ticket)),
        ("withdrawn", _left(ticket)),
        ("removed", _removed(ticket)),
        rx.fragment(),
    )


def _turn(ticket: Item, phase: Any) -> rx.Component:
    return Turn.create(
        number=ticket["number"], phase=phase, ahead=ahead_of(ticket), words=TURN_WORDS
    )


def _number(ticket: Item) -> rx.Component:
    return rx.el.p(ticket["number"], class_name="number", data_testid="my-number")


def _group(ticket: Item) -> rx.Component:
    return rx.el.p("Group ", rx.el.strong(ticket["group"]), class_name="soft")


def _waiting(ticket: Item, page: Item) -> rx.Component:
    """While it waits. One component for all of it: what makes it ring must see the moment come."""
    following = (ahead_of(ticket) == 0) & ~Line.paused
    return rx.el.section(
        _turn(ticket, rx.cond(following, "next", "wait")),
        rx.el.p(rx.cond(following, "You're next", "Your number"), class_name="kicker"),
        _number(ticket),
        _group(ticket),
        _where_it_stands(ticket),
        rx.cond(
            Line.mode == "closed",
            rx.el.p("The line was closed. You keep your place; ask whether you are still helped."),
        ),
        rx.cond(
            Line.paused,
            rx.el.p("The staff take a short break. You keep your place.", class_name="box"),
            rx.fragment(
                Estimate.create(
                    pace=Line.pace, ahead=ahead_of(ticket), words=ESTIMATE_WORDS, brief=False
                ),
                rx.el.p(
                    rx.cond(
                        following,
                        "Come closer and get ready: you are called next.",
                        "You can go for a walk. This page tells you when you're next.",
                    ),
                ),
            ),
        ),
        Alerts.create(words=ALERT_WORDS),
        _question(ticket, page),
        rx.el.div(_step_back(ticket, page), _leave(ticket, page), class_name="act pair"),
        aria_label="Your ticket",
        class_name="card ticket mine",
        data_phase=rx.cond(following, "next", "wait"),
    )


def _where_it_stands(ticket: Item) -> rx.Component:
    ahead = ahead_of(ticket)
    return rx.el.dl(
        rx.el.div(
            rx.el.dt("now serving"),
            rx.el.dd(now_serving(), data_testid="now-serving"),
        ),
        rx.el.div(
            rx.el.dt("ahead of you"),
            rx.el.dd(ahead, data_testid="ahead"),
        ),
        class_name="facts",
    )


def now_serving() -> Item:
    """The numbers whose turn it is; the one called last when nobody's is."""
    return in_browser(
        "({0}.length ? {0}.map((row) => row[0]).join(', ') : ({1} || '–'))",
        Line.serving,
        Line.shown,
    ).to(str)


def _called(ticket: Item, page: Item) -> rx.Component:
    return rx.el.section(
        _turn(ticket, "turn"),
        rx.el.p("It's your turn", class_name="kicker"),
        _number(ticket),
        rx.el.p(
            rx.cond(
                ticket["desk"] != "",
                rx.fragment("Go to ", rx.el.strong(ticket["desk"]), "."),
                rx.cond(
                    Line.place != "",
                    rx.fragment("Somebody helps you now: ", rx.el.strong(Line.place), "."),
                    "Somebody helps you now.",
                ),
            ),
            class_name="where",
        ),
        _group(ticket),
        _question(ticket, page),
        rx.el.div(_leave(ticket, page), class_name="act"),
        aria_label="Your ticket",
        class_name="card ticket mine",
        data_phase="turn",
    )


def _question(ticket: Item, page: Item) -> rx.Component:
    """What I want to ask, for staff alone: shown, and changed in place."""
    return rx.cond(
        page.editing == ticket["ticket_id"],
        TicketForm.create(
            rx.el.div(
                rx.el.label("Your question", html_for="edit-question"),
                rx.el.input(
                    id="edit-question",
                    name="question",
                    type="text",
                    max_length=200,
                    default_value=ticket["question"],
                    auto_complete="off",
                    auto_focus=True,
                ),
                rx.el.span("Only staff see it.", class_name="hint"),
                class_name="field",
            ),
            rx.el.div(
                rx.el.button("Save", type="submit", class_name="second"),
                rx.el.button(
                    "Cancel", type="button", on_click=page.stop_editing, class_name="quiet"
                ),
                class_name="row",
            ),
            native=False,
            on_send=page.ask,
            class_name="my-question",
        ),
        rx.el.div(
            rx.cond(
                ticket["question"] != "",
                rx.el.p(
                    rx.el.span("You ask: ", class_name="soft"),
                    rx.el.span(ticket["question"], data_testid="my-question"),
                ),
            ),
            rx.el.button(
                rx.cond(ticket["question"] != "", "Edit your question", "Add a question"),
                type="button",
                on_click=page.edit(ticket["ticket_id"]),
                class_name="asLink",
            ),
            class_name="my-question",
        ),
    )


def _step_back(ticket: Item, page: Item) -> rx.Component:
    last = ahead_of(ticket) + 1 >= count(Line.line)
    return rx.cond(
        Line.steps_back > 0,
        rx.el.button(
            "Let the next one by ",
            rx.el.small("(", ticket["steps_left"], " left)"),
            type="button",
            on_click=page.step_back(ticket["ticket_id"], new_request_id()),
            disabled=(ticket["steps_left"] <= 0) | last,
            class_name="second",
            custom_attrs=ONCE,
        ),
    )


def _leave(ticket: Item, page: Item) -> rx.Component:
    return rx.el.button(
        "Leave the line",
        type="button",
        on_click=page.ask_leave(ticket["ticket_id"], ticket["status"]),
        class_name="second",
    )


def _ended(ticket: Item, word: str, *text: Any, state: str) -> rx.Component:
    return rx.el.section(
        rx.el.p(rx.el.s(ticket["number"]), class_name="number", data_testid="ended-number"),
        rx.el.p(word, class_name="verdict", data_testid="verdict"),
        rx.el.p(*text),
        role="status",
        aria_label="Your last ticket",
        class_name="card ticket ended",
        data_state=state,
    )


def line_is_full() -> Item:
    """Whether so many wait that nobody else may."""
    return (Line.capacity > 0) & (count(Line.line) >= Line.capacity)


def _if_tickets_are_given(text: str) -> Any:
    """What to do where a ticket can be taken now; else the card below says what there is to wait
    for."""
    return rx.cond((Line.mode == "open") & ~line_is_full(), text, "")


def _done(ticket: Item) -> rx.Component:
    again = _if_tickets_are_given(" You can take another ticket whenever you need one.")
    return _ended(ticket, "done", "Good luck with the rest.", again, state="done")


def _missed(ticket: Item) -> rx.Component:
    again = _if_tickets_are_given(" Or take a new ticket.")
    text = "You were called and nobody came. Ask the staff to put you back."
    return _ended(ticket, "missed", text, again, state="missed")


def _cleared(ticket: Item) -> rx.Component:
    again = _if_tickets_are_given(" Enter your group to take a new one.")
    text = "The line was reset and all tickets were cleared."
    return _ended(ticket, "cleared", text, again, state="cleared")


def _left(ticket: Item) -> rx.Component:
    return _ended(ticket, "left", "You left the line.", state="left")


def _removed(ticket: Item) -> rx.Component:
    again = _if_tickets_are_given(" If that was a mistake, tell them, or take a new ticket.")
    return _ended(
        ticket, "removed", "The staff took your ticket out of the line.", again, state="left"
    )


def open_here(rows: Any) -> Item:
    """Those of my tickets that are open in this queue."""
    return in_browser(
        "{}.filter((t) => t.queue_id === {} && t.ended_at === 0)", rows, Line.queue_id
    ).to(list[dict[str, Any]])


def numbers_of(rows: Any) -> Item:
    """The numbers of my open tickets in this queue."""
    script = "{}.filter((t) => t.queue_id === {} && t.ended_at === 0).map((t) => t.number)"
    return in_browser(script, rows, Line.queue_id).to(list[int])


def has_open_ticket(rows: Any) -> Item:
    """Whether any ticket of mine is open in this queue."""
    return some(open_here(rows))
