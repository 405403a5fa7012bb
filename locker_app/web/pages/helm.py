"""The dashboard of a queue: who is being helped, who comes next, and all that staff may do.

Nothing that is pressed often moves: the current ticket and the one big button have their place
above, or beside, the line, and new tickets appear at its end.
"""

from typing import Any

import reflex as rx

from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.services import desks, presses, queues, serving
from locker_app.web.components import helm_now
from locker_app.web.components.helm_dialogs import note_dialog, remove_dialog, reset_dialog
from locker_app.web.components.helm_rules import controls, helm_head
from locker_app.web.components.parts import skeleton
from locker_app.web.live_states import Helm
from locker_app.web.pages.board import no_such_queue
from locker_app.web.session import id_in_address, perform, unsay, watch
from locker_app.web.template import page

_ASKS = ("reset", "note", "remove")


@set_on_load("shown", "may_see", "loaded", "me")
class HelmPage(rx.State):
    """Which queue is shown, who works it off here, and which dialog is open."""

    shown: int = 0
    may_see: bool = False
    loaded: bool = False
    me: int = 0
    """The staff member's id: what is at whose desk is found in the browser."""
    asking: str = ""
    asking_about: int = 0
    """The ticket that the dialog is about; 0 for none."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the queue that the address names."""
        before, self.shown = self.shown, id_in_address(self, "queue")
        if self.shown != before:  # else it is the same page, which was disconnected for a moment
            self.asking, self.asking_about = "", 0
        topic = Topic("helm", self.shown)
        watched = await watch(self, topic)
        self.may_see = topic in watched.topics
        self.me = watched.actor.id or 0
        self.loaded = True

    @rx.event
    async def press(self, queue_id: int, request_id: str) -> None:
        """Complete one's current ticket and call the next one."""
        await perform(self, serving.complete_and_call_next, request_id, queue_id=queue_id)

    @rx.event
    async def complete(self, queue_id: int, request_id: str) -> None:
        """Complete one's current ticket and call nobody."""
        await perform(self, serving.complete, request_id, queue_id=queue_id)

    @rx.event
    async def undo(self, queue_id: int, request_id: str) -> None:
        """Take one's last press back."""
        await perform(self, presses.undo, request_id, "Taken back.", queue_id=queue_id)

    @rx.event
    async def call_ticket(self, ticket_id: int, request_id: str) -> None:
        """Call somebody out of order, or take over a ticket that is at no desk."""
        await perform(self, serving.call, request_id, ticket_id=ticket_id)

    @rx.event
    async def no_show(self, ticket_id: int, request_id: str) -> None:
        """Note that somebody did not come, and call the next one."""
        await perform(self, serving.no_show, request_id, ticket_id=ticket_id)

    @rx.event
    async def put_back(self, ticket_id: int, request_id: str) -> None:
        """Put a ticket back to the front of the line."""
        said = "Number {0} is at the front of the line again."
        await perform(self, serving.put_back, request_id, said, ticket_id=ticket_id)

    @rx.event
    async def write_note(self, form: dict[str, Any], ticket_id: int, request_id: str) -> None:
        """Keep a note on a ticket."""
        note = form.get("note", "") if isinstance(form, dict) else ""
        done = await perform(
            self, serving.note, request_id, "The note is kept.", ticket_id=ticket_id, note=note
        )
        self._close_if(done)

    @rx.event
    async def remove(self, ticket_id: int, request_id: str) -> None:
        """Take a ticket out of the line, as the open dialog says."""
        if self.asking != "remove":
            return  # pressed twice: the first press has done it
        said = "Number {0} is out of the line."
        self._close_if(await perform(self, serving.remove, request_id, said, ticket_id=ticket_id))

    @rx.event
    async def set_mode(self, queue_id: int, mode: str, request_id: str) -> None:
        """Open the queue, close it, or let it only finish."""
        await perform(self, queues.set_mode, request_id, queue_id=queue_id, mode=mode)

    @rx.event
    async def pause(self, queue_id: int, paused: bool, request_id: str) -> None:
        """Take a break, or end it."""
        await perform(self, queues.pause, request_id, queue_id=queue_id, paused=paused)

    @rx.event
    async def announce(self, form: dict[str, Any], queue_id: int, request_id: str) -> None:
        """Tell everybody in the line something; nothing takes it away."""
        text = form.get("text", "") if isinstance(form, dict) else ""
        there = isinstance(text, str) and text.strip()
        said = "Everybody in the line sees it." if there else "It is taken away."
        await perform(self, queues.announce, request_id, said, queue_id=queue_id, text=text)

    @rx.event
    async def label_desk(self, form: dict[str, Any], queue_id: int, request_id: str) -> None:
        """Say at which desk one serves."""
        label = form.get("label", "") if isinstance(form, dict) else ""
        said = "That is where people are sent."
        await perform(self, desks.label_desk, request_id, said, queue_id=queue_id, label=label)

    @rx.event
    async def ask(self, what: str, ticket_id: int) -> None:
        """Open a dialog."""
        unsay(self)
        self.asking = what if what in _ASKS else ""
        self.asking_about = ticket_id if type(ticket_id) is int and 0 < ticket_id < 2**31 else 0

    @rx.event
    async def close(self) -> None:
        """Close the dialog."""
        self.asking, self.asking_about = "", 0

    @rx.event
    async def reset_queue(self, queue_id: int, request_id: str) -> None:
        """Clear all tickets, as the open dialog says."""
        if self.asking != "reset":
            return  # pressed twice: the first press has done it
        said = "The line is empty. Numbers begin at 1 again."
        self._close_if(await perform(self, queues.reset_queue, request_id, said, queue_id=queue_id))

    def _close_if(self, done: Any) -> None:
        if done is not None:
            self.asking, self.asking_about = "", 0


def helm() -> rx.Component:
    """The page."""
    return page(
        rx.cond(
            HelmPage.loaded,
            rx.cond(
                HelmPage.may_see,
                rx.cond(Helm.queue_id == HelmPage.shown, _queue(), _waiting()),
                rx.fragment(rx.el.h1("Queue"), no_such_queue()),
            ),
            _waiting(),
        ),
        here="/staff/queues",
        class_name="wide",
    )


def _waiting() -> rx.Component:
    return rx.fragment(rx.el.h1("Queue"), skeleton(tall=True), skeleton(tall=True))


def _queue() -> rx.Component:
    return rx.fragment(
        helm_head("dashboard"),
        rx.el.div(
            helm_now.current_ticket(HelmPage),
            helm_now.waiting_line(HelmPage),
            rx.el.div(helm_now.desks(HelmPage), helm_now.ended(HelmPage), class_name="helm-people"),
            controls(HelmPage),
            class_name="helm",
        ),
        reset_dialog(HelmPage),
        note_dialog(HelmPage),
        remove_dialog(HelmPage),
    )
