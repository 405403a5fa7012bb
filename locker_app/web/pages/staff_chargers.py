"""Charging spots for staff: how each stands, who has it, what is to be seen to, and the line."""

from typing import Any

import reflex as rx

from locker_app.domain.actors import Right
from locker_app.domain.errors import BadInput, DomainError, ReasonNeeded, SpotOut, SpotTaken
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.queries.charger_desk import desk_sites
from locker_app.services import charger_desk, runtime
from locker_app.web.components.charger_desk import desk, dialogs
from locker_app.web.components.fields import text_of
from locker_app.web.components.parts import Item, skeleton, some
from locker_app.web.live_states import ChargerDesk
from locker_app.web.pages.board import not_for_you
from locker_app.web.session import id_in, id_in_address, perform, unsay, watch
from locker_app.web.template import page

ADDRESS = "/staff/chargers"
QUESTIONS = ("take_out", "end", "move", "remove")


@set_on_load("shown", "may_see", "none_here", "loaded", "sites")
class StaffChargersPage(rx.State):
    """Which site's spots are shown, and which question is open."""

    shown: int = 0
    may_see: bool = False
    none_here: bool = False
    """Whether no site of theirs has charging spots."""
    loaded: bool = False
    sites: list[list[Any]] = []
    """Id and name of those to choose from."""
    asking: str = ""
    """One of `QUESTIONS`; empty while none is open."""
    about: int = 0
    """The spot, the booking or the place in line that it is about."""
    seen: int = 0
    """Which booking was on the spot, or on which spot the booking was, when it was asked."""
    at: str = ""
    """Which form was refused; with the next two, at which field, and why."""
    wrong: str = ""
    why: str = ""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the site that the address names, or the first one."""
        before, asked = self.shown, id_in_address(self, "charging_site")
        known = await runtime.current().db.aread(desk_sites)
        topic = Topic("charger_desk", asked or self._first(known))
        watched = await watch(self, topic)
        scope = watched.actor.sites_with(Right.RUN_CHARGERS)
        self.sites = [list(one) for one in known if scope is None or one[0] in scope]
        if not asked and topic not in watched.topics and self.sites:
            topic = Topic("charger_desk", self.sites[0][0])
            watched = await watch(self, topic)
        self.shown, self.may_see = topic.key, topic in watched.topics
        self.none_here = not self.sites and watched.actor.may(Right.RUN_CHARGERS, None)
        if self.shown != before:  # else the same page was disconnected for a moment
            self.asking, self.about, self.seen = "", 0, 0
            self.at, self.wrong, self.why = "", "", ""
        self.loaded = True

    @rx.event
    def ask(self, what: str, about: int, seen: int) -> None:
        """Open a question."""
        unsay(self)
        self.asking = what if what in QUESTIONS else ""
        self.about, self.seen = _id(about), _id(seen)
        self.at, self.wrong, self.why = "", "", ""

    @rx.event
    def close(self) -> None:
        """Close it."""
        self.asking, self.about, self.seen = "", 0, 0

    @rx.event
    async def take_out(
        self, form: dict[str, Any], charger_id: int, seen: int, request_id: str
    ) -> Any:
        """Take a spot out of service, as the open question says."""
        if self.asking != "take_out":
            return None  # pressed twice: the first press has done it
        said = "Out of service. Moved to another spot: {0.moved}. Cancelled: {0.cancelled}."
        return await self._do(
            charger_desk.take_out,
            request_id,
            said,
            charger_id=charger_id,
            reason=text_of(form, "reason"),
            seen=seen,
        )

    @rx.event
    async def end(
        self, form: dict[str, Any], booking_id: int, charger_id: int, request_id: str
    ) -> Any:
        """End somebody's booking, as the open question says."""
        if self.asking != "end":
            return None
        return await self._do(
            charger_desk.end_booking,
            request_id,
            "The booking of spot {0} is ended.",
            booking_id=booking_id,
            reason=text_of(form, "reason"),
            charger_id=charger_id,
        )

    @rx.event
    async def move(self, form: dict[str, Any], booking_id: int, request_id: str) -> Any:
        """Move somebody to another spot, as the open question says."""
        if self.asking != "move":
            return None
        target = id_in(text_of(form, "to"))
        if not target:
            self.at, self.wrong, self.why = "ask", "to", "Choose a spot that is free."
            return rx.set_focus("to")
        return await self._do(
            charger_desk.move_booking,
            request_id,
            "They are on spot {0} now.",
            booking_id=booking_id,
            charger_id=target,
            reason=text_of(form, "reason"),
        )

    @rx.event
    async def remove(self, form: dict[str, Any], wait_id: int, request_id: str) -> Any:
        """Take somebody out of the line, as the open question says."""
        if self.asking != "remove":
            return None
        return await self._do(
            charger_desk.remove_waiting,
            request_id,
            "They are out of the line.",
            wait_id=wait_id,
            reason=text_of(form, "reason"),
        )

    @rx.event
    async def put_back(self, charger_id: int, request_id: str) -> None:
        """Put a spot back into service."""
        said = "The spot is in service again."
        await perform(self, charger_desk.put_back, request_id, said, charger_id=charger_id)

    @rx.event
    async def clear_report(self, charger_id: int, request_id: str) -> None:
        """Say that a report was seen to."""
        said = "The report is seen to. The spot is given again."
        await perform(self, charger_desk.clear_report, request_id, said, charger_id=charger_id)

    async def _do(self, fn: Any, request_id: str, said: str, **arguments: Any) -> Any:
        self.at, self.wrong, self.why = "ask", "", ""
        done = await perform(self, fn, request_id, said, refused=self._refused, **arguments)
        if done is not None:
            self.asking, self.about, self.seen = "", 0, 0
        return rx.set_focus(self._wrong_field()) if self.wrong else None

    def _wrong_field(self) -> str:
        """The id of the field that was refused: each dialog has its own for the reason."""
        return f"{self.asking}-reason" if self.wrong == "reason" else self.wrong

    def _refused(self, refused: DomainError) -> None:
        self.wrong, self.why = getattr(refused, "field", None) or "", str(refused)
        if isinstance(refused, ReasonNeeded):
            self.wrong = "reason"
        elif self.asking == "move" and isinstance(refused, SpotTaken | SpotOut | BadInput):
            self.wrong = self.wrong if self.wrong == "reason" else "to"

    @staticmethod
    def _first(known: list[tuple[int, str]]) -> int:
        return known[0][0] if known else 0


def _id(number: Any) -> int:
    return number if type(number) is int and 0 < number < 2**31 else 0


def staff_chargers() -> rx.Component:
    """The page."""
    state = StaffChargersPage
    return page(
        rx.cond(
            state.loaded,
            rx.cond(
                state.may_see,
                rx.cond(ChargerDesk.site_id == state.shown, _desk(), _waiting()),
                rx.fragment(
                    rx.el.h1("Chargers"), rx.cond(state.none_here, _nothing(), not_for_you())
                ),
            ),
            _waiting(),
        ),
        here=ADDRESS,
        class_name="wide",
    )


def _waiting() -> rx.Component:
    return rx.fragment(rx.el.h1("Chargers"), skeleton(tall=True), skeleton(tall=True))


def _nothing() -> rx.Component:
    return rx.el.div(
        rx.el.h2("No charging spots have been set up yet"),
        rx.el.p(
            "Open a site in ", rx.el.a("Set-up", href="/staff/setup"), " and add its chargers."
        ),
        class_name="card",
    )


def _desk() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.h1("Chargers"),
            rx.el.div(
                rx.el.a(
                    "Set-up of these",
                    href=f"/staff/setup/chargers/{ChargerDesk.site_id}",
                    class_name="button second",
                ),
                rx.el.a(
                    "What everybody sees",
                    href=f"/chargers/{ChargerDesk.site_id}",
                    class_name="button second",
                ),
                class_name="row",
            ),
            class_name="row apart",
        ),
        rx.cond(rx.Var.create(StaffChargersPage.sites).length() > 1, _choose_site()),
        rx.cond(some(ChargerDesk.spots), desk(StaffChargersPage), _nothing()),
        dialogs(StaffChargersPage),
    )


def _choose_site() -> rx.Component:
    return rx.el.nav(
        rx.foreach(StaffChargersPage.sites, _tab), class_name="tabs", aria_label="Whose chargers"
    )


def _tab(site: Item) -> rx.Component:
    return rx.el.a(
        site[1].to(str),
        href=f"{ADDRESS}/" + site[0].to(str),
        aria_current=rx.cond(site[0].to(int) == ChargerDesk.site_id, "page", "false"),
    )
