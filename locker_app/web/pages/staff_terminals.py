"""Card terminals for staff: how each is and what it shows, what it is told, and who is inside."""

import re
from typing import Any

import reflex as rx

from locker_app.domain.actors import Right
from locker_app.domain.errors import DomainError, ReasonNeeded
from locker_app.domain.terminals import CommandKind
from locker_app.live import watching
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.queries import scoped_people
from locker_app.queries.terminal_panel import panel_sites
from locker_app.services import alerts, cards, commands, runtime, terminals, visits
from locker_app.web.components.fields import text_of
from locker_app.web.components.parts import Item, skeleton, some
from locker_app.web.components.terminals import (
    broker_state,
    inside_part,
    nobodys_part,
    terminal_cards,
    terminal_dialogs,
)
from locker_app.web.live_states import Candidates, Terminals
from locker_app.web.pages.board import not_for_you
from locker_app.web.refusals import Refusable
from locker_app.web.session import ask, id_in_address, perform, unsay, watch, who
from locker_app.web.template import page

ADDRESS = "/staff/terminals"
QUESTIONS = ("restart", "revoke", "end", "tap", "whose")
TOLD_AT_ONCE = (CommandKind.IDENTIFY.value, CommandKind.SYNC.value)
_TOLD = {
    CommandKind.IDENTIFY.value: "Its display says which one it is.",
    CommandKind.SYNC.value: "It is asked to say everything again.",
}
_FOUND = 8
_UID = re.compile(r"[0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{20}")


@set_on_load("shown", "may_see", "manages", "none_here", "no_such", "loaded", "sites")
class StaffTerminalsPage(Refusable, rx.State):
    """Which site's terminals are shown, and which question is open."""

    shown: int = 0
    may_see: bool = False
    manages: bool = False
    """Whether they may say whose a card is."""
    none_here: bool = False
    """Whether there is no site yet."""
    no_such: bool = False
    """Whether the address names no site at all, as far as they may know."""
    loaded: bool = False
    sites: list[list[Any]] = []
    """Id and name of those to choose from."""
    asking: str = ""
    """One of `QUESTIONS`; empty while none is open."""
    about: int = 0
    """The terminal, visit or card that it is about."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the site that the address names, or the first one."""
        before, asked = self.shown, id_in_address(self, "terminals_site")
        named = bool(getattr(self, "terminals_site", ""))
        actor = await who(self)
        known = await runtime.current().db.aread(lambda conn: panel_sites(conn, actor))
        first = known[0][0] if known else 0
        key = asked if named else first
        watched = await watch(self, Topic("terminals", key), Topic("inside", key))
        self.sites = [list(one) for one in known]
        self.shown, self.may_see = key, Topic("terminals", key) in watched.topics
        self.manages = watched.actor.sites_with(Right.MANAGE_PEOPLE) is None
        self.none_here = not known and watched.actor.may(Right.RUN_TERMINALS, None)
        everywhere = watched.actor.sites_with(Right.RUN_TERMINALS) is None
        self.no_such = named and not self.may_see and (everywhere or (not asked and bool(known)))
        if self.shown != before:  # else the same page was disconnected for a moment
            self.asking, self.about = "", 0
            self._begin()
        self.loaded = True

    @rx.event
    def ask(self, what: str, about: int) -> None:
        """Open a question."""
        unsay(self)
        self.asking = what if what in QUESTIONS else ""
        self.about = about if type(about) is int and 0 < about < 2**31 else 0
        self._show([], asked=False)
        self._begin()

    @rx.event
    def close(self) -> None:
        """Close it."""
        self.asking, self.about = "", 0

    @rx.event
    async def tell(self, what: str, terminal_id: int, request_id: str) -> None:
        """Tell a terminal something that harms nobody."""
        if what in TOLD_AT_ONCE:
            await perform(
                self, commands.tell, request_id, _TOLD[what], terminal_id=terminal_id, kind=what
            )

    @rx.event
    async def restart(self, terminal_id: int, request_id: str) -> None:
        """Let a terminal begin anew, as the open question says."""
        if self.asking == "restart":
            said = "It is told to restart."
            await self._do(commands.tell, request_id, said, terminal_id=terminal_id, kind="restart")

    @rx.event
    async def tap(self, form: dict[str, Any], terminal_id: int, request_id: str) -> Any:
        """Put a card on a simulated reader, as the open question says."""
        if self.asking != "tap":
            return None
        typed = text_of(form, "uid").upper().replace(" ", "").replace(":", "")
        uid = typed or text_of(form, "demo")
        if not _UID.fullmatch(uid):
            self.at, self.wrong = "ask", "uid"
            self.why = "Enter 8, 14 or 20 signs, each of them 0-9 or A-F, or choose a card."
            return rx.set_focus("tap-uid")
        return await self._do(
            commands.tell,
            request_id,
            "The card is put on the reader.",
            terminal_id=terminal_id,
            kind="tap",
            uid=uid,
        )

    @rx.event
    async def revoke(self, form: dict[str, Any], terminal_id: int, request_id: str) -> Any:
        """Let a terminal speak no more, as the open question says."""
        if self.asking != "revoke":
            return None
        return await self._do(
            terminals.revoke_terminal,
            request_id,
            "The terminal is revoked.",
            terminal_id=terminal_id,
            reason=text_of(form, "reason"),
        )

    @rx.event
    async def clear_alert(self, alert_id: int, request_id: str) -> None:
        """Say that an alert was seen to."""
        await perform(self, alerts.clear_alert, request_id, "Seen to.", alert_id=alert_id)

    @rx.event
    async def end_visit(self, form: dict[str, Any], visit_id: int, request_id: str) -> Any:
        """Let somebody count as gone, as the open question says."""
        if self.asking != "end":
            return None
        return await self._do(
            visits.end_visit,
            request_id,
            "The visit is over.",
            visit_id=visit_id,
            reason=text_of(form, "reason"),
        )

    @rx.event
    async def find(self, form: dict[str, Any]) -> None:
        """Look for the person whose card it may be."""
        self._begin("ask")
        try:
            found = await ask(
                self, scoped_people.people, text=text_of(form, "text")[:200], limit=_FOUND
            )
        except DomainError as refused:
            self._refused(refused)
            return
        self._show([{"id": one.id, "name": one.name, "number": one.number} for one in found])

    @rx.event
    async def link(self, card_id: int, person_id: int, request_id: str) -> None:
        """Say whose a card is that was nobody's."""
        if self.asking == "whose":
            await self._do(
                cards.link_card,
                request_id,
                "The card is linked.",
                card_id=card_id,
                person_id=person_id,
            )
            self._look_again()

    @rx.event
    async def forget_card(self, card_id: int, request_id: str) -> None:
        """Forget a card that is nobody's."""
        await perform(self, cards.forget_card, request_id, "Forgotten.", card_id=card_id)
        self._look_again()

    def _look_again(self) -> None:
        """Whose a card is, is no event of the site."""
        watching.current().hub.touch([Topic("terminals", self.shown)])

    def _show(self, rows: list[dict[str, Any]], *, asked: bool = True) -> None:
        """What was found is on the screen alone."""
        topic, values = Topic("terminals", self.shown), {"rows": rows, "asked": asked}
        watching.current().tell(self, topic, Candidates, values)

    async def _do(self, fn: Any, request_id: str, said: str, **arguments: Any) -> Any:
        self._begin("ask")
        done = await perform(self, fn, request_id, said, refused=self._refused, **arguments)
        if done is not None:
            self.asking, self.about = "", 0
        return rx.set_focus(f"{self.asking}-{self.wrong}") if self.wrong else None

    def _refused(self, refused: DomainError) -> None:
        super()._refused(refused)
        if isinstance(refused, ReasonNeeded):
            self.wrong = "reason"
        if self.wrong not in ("reason", "uid", "text"):
            self.wrong = ""  # there is no such field here: it is said above them


def staff_terminals() -> rx.Component:
    """The page."""
    state = StaffTerminalsPage
    return page(
        rx.cond(
            state.loaded,
            rx.cond(
                state.may_see,
                rx.cond(Terminals.site_id == state.shown, _terminals(), _waiting()),
                rx.fragment(
                    rx.el.h1("Terminals"),
                    rx.cond(
                        state.none_here,
                        _no_site(),
                        rx.cond(state.no_such, _no_such_site(), not_for_you()),
                    ),
                ),
            ),
            _waiting(),
        ),
        here=ADDRESS,
        class_name="wide",
    )


def _waiting() -> rx.Component:
    return rx.fragment(rx.el.h1("Terminals"), skeleton(tall=True), skeleton(tall=True))


def _no_site() -> rx.Component:
    return rx.el.div(
        rx.el.h2("There is no site yet"),
        rx.el.p("Terminals belong to a site: set one up first."),
        rx.el.div(
            rx.el.a("Set-up", href="/staff/setup", class_name="button second"), class_name="row"
        ),
        class_name="card",
    )


def _no_such_site() -> rx.Component:
    return rx.el.div(
        rx.el.h2("There is no such site"),
        rx.el.p("None is at this address, or not any more."),
        rx.el.div(
            rx.el.a("See your terminals", href=ADDRESS, class_name="button second"),
            class_name="row",
        ),
        class_name="card narrow",
    )


def _nothing() -> rx.Component:
    return rx.el.div(
        rx.el.h2("No terminal has been set up here yet"),
        rx.el.p(
            "A card terminal is a Raspberry Pi with a card reader and a small display, at a bank "
            "of lockers or at a gate. Without one, the same program runs simulated on any "
            "computer: add a terminal, make a code, and start it with the command that is shown."
        ),
        rx.el.div(
            rx.el.a(
                "Set up terminals",
                href=f"/staff/setup/terminals/{Terminals.site_id}",
                class_name="button second",
            ),
            class_name="row",
        ),
        class_name="card",
    )


def _terminals() -> rx.Component:
    state = StaffTerminalsPage
    return rx.fragment(
        rx.el.div(
            rx.el.h1("Terminals"),
            rx.cond(
                some(Terminals.terminals),
                rx.el.a(
                    "Set-up of these",
                    href=f"/staff/setup/terminals/{Terminals.site_id}",
                    class_name="button second",
                ),
            ),
            class_name="row apart",
        ),
        rx.cond(rx.Var.create(state.sites).length() > 1, _choose_site()),
        broker_state(),
        rx.cond(some(Terminals.terminals), terminal_cards(state), _nothing()),
        rx.el.div(inside_part(state), nobodys_part(state), class_name="halves"),
        terminal_dialogs(state),
    )


def _choose_site() -> rx.Component:
    return rx.el.nav(
        rx.foreach(StaffTerminalsPage.sites, _tab),
        class_name="tabs",
        aria_label="Whose terminals",
    )


def _tab(site: Item) -> rx.Component:
    return rx.el.a(
        site[1].to(str),
        href=f"{ADDRESS}/" + site[0].to(str),
        aria_current=rx.cond(site[0].to(int) == Terminals.site_id, "page", "false"),
    )
