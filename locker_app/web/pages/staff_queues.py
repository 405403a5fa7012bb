"""All queues of a staff member's sites, how busy they are, and setting up another."""

from typing import Any

import reflex as rx

from locker_app.domain.actors import Right
from locker_app.domain.errors import DomainError
from locker_app.domain.queues import MAX_NAME_LENGTH, MAX_PLACE_LENGTH
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import ALL, Topic
from locker_app.services import queues
from locker_app.services.queues import QueuePlan
from locker_app.web.components.browser import new_request_id
from locker_app.web.components.fields import field, text_of
from locker_app.web.components.helm_rules import mode_word
from locker_app.web.components.parts import Item, hidden, skeleton, some
from locker_app.web.live_states import Home
from locker_app.web.pages.board import not_for_you
from locker_app.web.session import perform, say, watch
from locker_app.web.template import page


@set_on_load("may_see", "may_set_up", "everywhere", "site_ids", "loaded")
class StaffQueuesPage(rx.State):
    """Whose queues are shown, and what was wrong with what was entered last."""

    loaded: bool = False
    may_see: bool = False
    may_set_up: bool = False
    everywhere: bool = False
    site_ids: list[int] = []
    """The sites whose queues are theirs, unless all are."""
    wrong: str = ""
    """The name of the field that was refused, of the form for the site `wrong_at`."""
    wrong_at: int = 0
    why: str = ""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the places."""
        watched = await watch(self, Topic("home", ALL))
        sites = watched.actor.sites_with(Right.SERVE_QUEUE)
        self.everywhere, self.site_ids = sites is None, sorted(sites or ())
        self.may_see = watched.actor.may(Right.SERVE_QUEUE, None)
        self.may_set_up = watched.actor.may(Right.SET_UP_QUEUE, None)
        self.wrong, self.why = "", ""
        self.loaded = True

    @rx.event
    async def create(self, form: dict[str, Any], request_id: str) -> Any:
        """Set up a queue at the site that the form names."""
        self.wrong, self.why = "", ""
        site = text_of(form, "site_id")
        site_id = int(site) if site.isascii() and site.isdigit() and len(site) < 10 else 0
        self.wrong_at = site_id
        plan = QueuePlan(name=text_of(form, "name"), place=text_of(form, "place"))
        made = await perform(
            self,
            queues.create_queue,
            request_id,
            refused=self._refused,
            site_id=site_id,
            plan=plan,
        )
        return rx.redirect(f"/staff/queues/{made}/settings") if made is not None else None

    def _refused(self, refusal: DomainError) -> None:
        self.wrong, self.why = getattr(refusal, "field", None) or "", str(refusal)
        if not self.wrong:
            say(self, self.why, "bad")


def staff_queues() -> rx.Component:
    """The page."""
    state = StaffQueuesPage
    return page(
        rx.el.h1("Queues"),
        rx.cond(
            state.loaded & Home.ready,
            rx.cond(
                state.may_see, rx.foreach(Home.places, _place), not_for_you("Admins and professors")
            ),
            skeleton(tall=True),
        ),
        here="/staff/queues",
    )


def _place(place: Item) -> Item:
    theirs = StaffQueuesPage.everywhere | rx.Var.create(StaffQueuesPage.site_ids).contains(
        place["id"]
    )
    return rx.cond(
        theirs,
        rx.el.section(
            rx.el.h2(place["name"]),
            rx.el.div(rx.foreach(place["queues"], _card), class_name="cards"),
            rx.cond(
                some(place["queues"]),
                rx.fragment(),
                rx.el.p("No queue has been set up here yet.", class_name="soft"),
            ),
            rx.cond(StaffQueuesPage.may_set_up, _set_up(place)),
            class_name="stack",
        ),
    )


def _card(queue: Item) -> rx.Component:
    return rx.el.a(
        rx.el.h3(queue["name"]),
        rx.cond(queue["place"] != "", rx.el.p(queue["place"], class_name="soft")),
        rx.el.p(
            queue["waiting"],
            rx.el.small(" waiting, ", queue["serving"], " being helped"),
            class_name="fact",
        ),
        mode_word(queue["mode"], queue["paused"]),
        href=f"/staff/queues/{queue['id']}",
        class_name="card link",
    )


def _set_up(place: Item) -> rx.Component:
    state = StaffQueuesPage

    def line(name: str, label: str, hint: str, longest: int) -> rx.Component:
        bad = (state.wrong == name) & (state.wrong_at == place["id"])
        ident = f"{name}-{place['id']}"
        return field(name, label, hint, bad, state.why, ident, max_length=longest)

    return rx.el.details(
        rx.el.summary("Set up a queue"),
        rx.el.form(
            hidden("site_id", place["id"]),  # a form's event can't name what foreach gives
            line("name", "Name", "", MAX_NAME_LENGTH),
            line("place", "Place", "Where to come to, such as “Room 204”.", MAX_PLACE_LENGTH),
            rx.el.button("Set it up", type="submit", class_name="primary"),
            on_submit=lambda form: StaffQueuesPage.create(form, new_request_id()),
            no_validate=True,
            class_name="narrow",
        ),
        class_name="card",
    )
