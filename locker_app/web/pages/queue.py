"""A line for help, as a student sees it: take a ticket, see it come nearer, hear when it is time.

How a ticket is taken is in `components.join`, what is shown of it in `components.tickets`.
"""

from typing import Any

import reflex as rx

from locker_app.domain.errors import DomainError
from locker_app.live.rooms import address_of, set_on_load
from locker_app.live.topics import Topic
from locker_app.queries.queues import queue_of_code
from locker_app.services import runtime, tickets
from locker_app.web.components.browser import Moment
from locker_app.web.components.join import join_card
from locker_app.web.components.leave_dialog import leave_dialog
from locker_app.web.components.line import NUMBER_WORDS, Numbers
from locker_app.web.components.parts import Item, skeleton, some
from locker_app.web.components.tickets import (
    has_open_ticket,
    now_serving,
    numbers_of,
    open_here,
    ticket_card,
)
from locker_app.web.live_states import Line, Tickets
from locker_app.web.session import perform, session_key, watch
from locker_app.web.template import page
from locker_app.web.words import why_not_joined

_MAX_CODE = 12
_FIELDS = ("group", "question", "room_pin")


@set_on_load("shown", "missing")
class QueuePage(rx.State):
    """Which queue the page shows, and what is being done on it."""

    shown: int = 0
    missing: bool = False
    error: str = ""
    """Why the ticket was refused."""
    error_at: str = "group"
    """The field that this is about."""
    leaving: int = 0
    """The ticket that is about to be left."""
    leaving_while: str = ""
    """Its status when that was asked."""
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
        asked = self.router.url.query_parameters
        refused, number = str(asked.get("refused", "")), str(asked.get("number", ""))
        self.error = why_not_joined(refused, number) if refused else ""
        self.error_at = _field(refused, str(asked.get("field", "")))

    @rx.event
    async def join(self, form: dict[str, Any], request_id: str) -> Any:
        """Take a ticket in a session that is there."""
        self.error = ""
        taken = await perform(
            self,
            tickets.join_queue,
            request_id,
            around=runtime.current().limiter.joining(
                address_of(self), self.shown, session_key=session_key(self)
            ),
            refused=self._join_refused,
            queue_id=self.shown,
            **{name: form.get(name, "") for name in _FIELDS},
        )
        return None if taken is not None else rx.set_focus(self.error_at)

    def _join_refused(self, refusal: DomainError) -> None:
        self.error = str(refusal)
        self.error_at = _field(refusal.code, getattr(refusal, "field", None) or "")

    @rx.event
    async def step_back(self, ticket_id: int, request_id: str) -> None:
        """Let the next one by."""
        said = "You let number {0} by."
        await perform(self, tickets.step_back, request_id, said, ticket_id=ticket_id)

    @rx.event
    def ask_leave(self, ticket_id: int, status: str) -> None:
        """Ask whether to leave the line, while the ticket stands so."""
        self.leaving, self.leaving_while = ticket_id, status[:20]

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


def _field(code: str, named: str) -> str:
    """The field of the form that a refusal is about; the first when it is about none."""
    field = "room_pin" if code == "wrong_room_pin" else named
    return field if field in _FIELDS else _FIELDS[0]


def queue() -> rx.Component:
    """The page."""
    return page(
        rx.cond(
            QueuePage.missing,
            _missing(),
            rx.cond(_is_there(), _shown(), _coming()),
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
        _announcement(),
        rx.el.div(
            rx.el.div(_mine(), class_name="stack"),
            _line(),
            class_name="two",
        ),
        leave_dialog(QueuePage),
    )


def _announcement() -> rx.Component:
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
    one_more = rx.el.details(
        rx.el.summary("Take one more ticket"), join_card(QueuePage), class_name="more"
    )
    return rx.fragment(
        here,
        rx.cond(
            has_open_ticket(Tickets.rows),
            rx.cond(open_here(Tickets.rows).length() < Line.tickets_per_person, one_more),
            join_card(QueuePage),
        ),
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
