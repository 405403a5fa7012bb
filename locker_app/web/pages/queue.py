"""A line for help, as a student sees it: take a ticket, see it come nearer, hear when it is time.

The first ticket of a browser that nobody signed in at is taken by a form to /auth/visit: only an
HTTP answer can set the cookie by which the browser is known again.
"""

from typing import Any

import reflex as rx

from locker_app.domain.errors import DomainError
from locker_app.live.rooms import address_of, set_on_load
from locker_app.live.topics import Topic
from locker_app.queries.queues import queue_of_code
from locker_app.services import runtime, tickets
from locker_app.web.components.browser import Modal, Moment, new_request_id
from locker_app.web.components.line import (
    ESTIMATE_WORDS,
    NUMBER_WORDS,
    Estimate,
    Numbers,
    TicketForm,
)
from locker_app.web.components.parts import Item, count, hidden, in_browser, skeleton, some
from locker_app.web.components.tickets import (
    has_open_ticket,
    now_serving,
    numbers_of,
    open_here,
    ticket_card,
)
from locker_app.web.live_states import Line, Me, Pulse, StaffMe, Tickets
from locker_app.web.session import perform, watch
from locker_app.web.template import page
from locker_app.web.words import JOIN_REFUSALS

_MAX_CODE = 12


@set_on_load("shown", "missing")
class QueuePage(rx.State):
    """Which queue the page shows, and what is being done on it."""

    shown: int = 0
    missing: bool = False
    error: str = ""
    """Why the ticket was refused."""
    leaving: int = 0
    """The ticket that is about to be left."""
    editing: int = 0
    """The ticket whose question is being edited."""
    letters: bool = False
    """Whether a phone is to show its whole keyboard for the group."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the queue whose code the address has."""
        code = str(getattr(self, "line_code", ""))[:_MAX_CODE]
        found = await runtime.current().db.aread(lambda conn: queue_of_code(conn, code))
        self.shown = found or 0
        topic = Topic("queue", self.shown)
        watched = await watch(self, topic)
        self.missing = topic not in watched.topics
        refused = str(self.router.url.query_parameters.get("refused", ""))
        self.error = JOIN_REFUSALS.get(refused, "That did not work.") if refused else ""

    @rx.event
    async def join(self, form: dict[str, Any], request_id: str) -> Any:
        """Take a ticket in a session that is there."""
        self.error = ""
        taken = await perform(
            self,
            tickets.join_queue,
            request_id,
            around=runtime.current().limiter.joining(address_of(self), self.shown),
            refused=self._join_refused,
            queue_id=self.shown,
            **{name: form.get(name, "") for name in ("group", "question", "room_pin")},
        )
        return None if taken is not None else rx.set_focus("group")

    def _join_refused(self, refusal: DomainError) -> None:
        self.error = str(refusal)

    @rx.event
    async def step_back(self, ticket_id: int, request_id: str) -> None:
        """Let the next one by."""
        said = "You let number {0} by."
        await perform(self, tickets.step_back, request_id, said, ticket_id=ticket_id)

    @rx.event
    def ask_leave(self, ticket_id: int) -> None:
        """Ask whether to leave the line."""
        self.leaving = ticket_id

    @rx.event
    def stay(self) -> None:
        """Don't leave it."""
        self.leaving = 0

    @rx.event
    async def leave(self, ticket_id: int, request_id: str) -> None:
        """Leave the line."""
        self.leaving = 0
        await perform(self, tickets.leave_queue, request_id, ticket_id=ticket_id)

    @rx.event
    def want_letters(self) -> None:
        """Let a phone show its whole keyboard for the group."""
        self.letters = True

    @rx.event
    def edit(self, ticket_id: int) -> None:
        """Begin to edit the question of a ticket."""
        self.editing = ticket_id

    @rx.event
    def stop_editing(self) -> None:
        """Leave the question as it is."""
        self.editing = 0

    @rx.event
    async def ask(self, form: dict[str, Any], request_id: str) -> None:
        """Save the question."""
        ticket_id, self.editing = self.editing, 0
        question = form.get("question", "")
        await perform(self, tickets.ask, request_id, ticket_id=ticket_id, question=question)


def queue() -> rx.Component:
    """The page."""
    return page(
        rx.cond(
            QueuePage.missing,
            _missing(),
            rx.cond(
                (Line.queue_id == QueuePage.shown) & (QueuePage.shown > 0), _shown(), _coming()
            ),
        ),
    )


def _is_there() -> Item:
    return (Line.queue_id == QueuePage.shown) & (QueuePage.shown > 0)


def _coming() -> rx.Component:
    return rx.el.div(
        rx.el.h1("The line", class_name="unseen"),
        skeleton(),
        rx.el.div(skeleton(tall=True), skeleton(tall=True), class_name="two"),
        class_name="stack",
    )


def _missing() -> rx.Component:
    return rx.el.div(
        rx.el.h1("There is no line at this address"),
        rx.el.p("Look at the code on the sign or the screen again: it has six letters and digits."),
        rx.el.a("See all lines", href="/", class_name="button second"),
        class_name="card narrow",
    )


def _shown() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.h1(Line.name),
            rx.el.p(
                Line.site_name, rx.cond(Line.place != "", " · " + Line.place, ""), class_name="soft"
            ),
        ),
        announcement(),
        rx.el.div(
            rx.el.div(_mine(), class_name="stack"),
            _line(),
            class_name="two",
        ),
        _leave_dialog(),
    )


def announcement() -> rx.Component:
    """What the staff tell everybody in the line."""
    return rx.el.div(
        rx.cond(
            Line.announcement != "",
            rx.el.p(
                rx.el.strong(Line.announcement),
                " ",
                rx.el.span(
                    Moment.create(at=Line.announced_at, zone=Line.time_zone, form="auto"),
                    class_name="soft small",
                ),
                class_name="box",
                data_testid="announcement",
            ),
        ),
        role="status",
        class_name="says",
    )


def _mine() -> rx.Component:
    """My tickets here, and the way to get one."""
    here = rx.foreach(
        Tickets.rows,
        lambda ticket: rx.cond(ticket["queue_id"] == Line.queue_id, ticket_card(ticket, QueuePage)),
    )
    return rx.fragment(
        here,
        rx.cond(
            has_open_ticket(Tickets.rows),
            rx.cond(open_here(Tickets.rows).length() < Line.tickets_per_person, _one_more()),
            _get_one(),
        ),
    )


def _one_more() -> rx.Component:
    return rx.el.details(rx.el.summary("Take one more ticket"), _get_one(), class_name="more")


def _get_one() -> rx.Component:
    full = (Line.capacity > 0) & (count(Line.line) >= Line.capacity)
    return rx.cond(
        StaffMe.signed_in,
        _for_staff(),
        rx.match(
            Line.mode,
            ("closed", _closed()),
            ("draining", _draining()),
            rx.cond(
                full,
                _full(),
                rx.cond(Line.sign_in_needed & ~Me.signed_in, _sign_in(), _form()),
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


def _form() -> rx.Component:
    """The one thing to do. It is the same form with and without a session."""
    return TicketForm.create(
        _how_busy(),
        hidden("queue", Line.code),
        _group_field(),
        rx.cond(Line.wants_room_pin, _room_pin_field()),
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
                aria_describedby="question-hint",
            ),
            rx.el.span("In one line. Only staff see it.", class_name="hint", id="question-hint"),
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
        refused=QueuePage.error,
        on_send=QueuePage.join,
        class_name="card",
        aria_label="Take a ticket",
    )


def _group_field() -> rx.Component:
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
            input_mode=rx.cond(_with_letters(), "text", "numeric"),
            auto_complete="off",
            auto_capitalize="characters",
            spell_check=False,
            required=True,
            max_length=20,
            aria_invalid=QueuePage.error != "",
            aria_describedby="join-error",
        ),
        rx.el.p(QueuePage.error, id="join-error", class_name="error", role="alert"),
        rx.cond(
            _with_letters() | (Line.groups != ""),
            rx.fragment(),
            rx.el.button(
                "My group has letters",
                type="button",
                on_click=[QueuePage.want_letters, rx.set_focus("group")],
                class_name="asLink small touch",
            ),
        ),
        class_name="field",
    )


def _with_letters() -> Item:
    """Whether a keyboard with digits alone is not enough."""
    return QueuePage.letters | in_browser("/[A-Z]/.test({})", Line.groups).to(bool)


def _room_pin_field() -> rx.Component:
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
        ),
        class_name="field",
    )


def _line() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Now serving"),
            rx.el.p(now_serving(), class_name="fact"),
            class_name="now",
        ),
        rx.cond(
            some(Line.line) | some(Line.serving) | some(Line.done),
            Numbers.create(
                serving=Line.serving,
                line=Line.line,
                done=Line.done,
                mine=numbers_of(Tickets.rows),
                label="The line, in the order in which it is called",
                words=NUMBER_WORDS,
            ),
            rx.el.p("Nobody has taken a ticket yet.", class_name="soft"),
        ),
        aria_label="The line",
        class_name="card line",
    )


def _leave_dialog() -> rx.Component:
    ticket_id = QueuePage.leaving
    return Modal.create(
        rx.el.div(
            rx.el.h2("Leave the line?"),
            rx.el.p("Your place is gone then. To come back you take a new ticket, at the end."),
            rx.el.div(
                rx.el.button(
                    "Leave the line",
                    type="button",
                    on_click=QueuePage.leave(ticket_id, new_request_id()),
                    class_name="danger",
                ),
                rx.el.button("Stay", type="button", on_click=QueuePage.stay, class_name="second"),
                class_name="row",
            ),
        ),
        open=(ticket_id > 0) & has_open_ticket(Tickets.rows),
        label="Leave the line?",
        on_close=QueuePage.stay,
    )
