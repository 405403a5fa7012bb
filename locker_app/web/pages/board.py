"""The staff board: all doors of a site, live, who has which, and what staff may do about it."""

from datetime import UTC, datetime
from typing import Any

import reflex as rx

from locker_app.domain.actors import Actor, Right
from locker_app.domain.errors import BadInput, DomainError
from locker_app.live import watching
from locker_app.live.projections.events import event_row
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import ALL, Topic
from locker_app.queries import scoped
from locker_app.queries.event_filter import Asked
from locker_app.queries.events import MAX_PAGE, PAGE
from locker_app.services import runtime
from locker_app.services.doors import note_locker
from locker_app.services.many import Act, Aim
from locker_app.web.components.board import Board, Question, Stale, Tally, whole
from locker_app.web.components.board_words import ACTS, BOARD, MANY, QUESTION, RIGHT_TO
from locker_app.web.components.door_panel import door_panel
from locker_app.web.components.happenings import happenings
from locker_app.web.components.parts import (
    WORDS,
    Item,
    in_browser,
    nothing_here,
    skeleton,
    some,
)
from locker_app.web.live_states import DoorPast, Doors, Feed, Holders, Outcome, Places, StaffMe
from locker_app.web.session import (
    call_of,
    id_in,
    id_in_address,
    perform,
    perform_many,
    read,
    watch,
    watch_also,
    who,
)
from locker_app.web.template import page

MOST_AT_ONCE = 50
"""Doors in one event: the browser sends some at a time and shows how far it has come."""


@set_on_load("one", "site", "site_ids", "banks", "missing", "may_see", "may", "names", "loaded")
class BoardPage(rx.State):
    """Which banks are shown, and which door is open. What is filtered and selected, and the
    questions about it, are in the browser."""

    one: int = 0
    """The bank that the address names; 0 for all of the site."""
    site: int = ALL
    site_ids: list[int] = []
    """The sites to choose from."""
    banks: list[int] = []
    missing: bool = False
    """Whether there is no such bank, or none whose board this staff member may see."""
    may_see: bool = False
    may: list[str] = []
    """What is offered here."""
    names: bool = False
    loaded: bool = False
    door: int = 0
    """The locker whose panel is open; 0 while none is."""
    _before: int | None = None
    """Which event the older ones of the door come before."""
    _wanted: int = 0

    @rx.event
    async def load(self) -> None:
        """Begin to watch the banks of the site, or the one that the address names."""
        before, wanted = (self.one, self.site), self.router.url.query_parameters.get("site", "")
        self.one = id_in_address(self, "bank")
        await self._watch(id_in(str(wanted)))
        if (self.one, self.site) != before:  # else the same page was disconnected for a moment
            self.door = 0
            watching.current().unwatch(self, "door")

    @rx.event
    async def open_door(self, locker_id: int) -> None:
        """Open the panel of one door."""
        self.door, self._before, self._wanted = _id(locker_id), None, 0
        if self.door and await watch_also(self, Topic("door", self.door)):
            self._show_past([])

    @rx.event
    async def close_door(self) -> None:
        """Close the panel."""
        self.door = 0
        watching.current().unwatch(self, "door")

    @rx.event
    async def show_older(self, before: int) -> None:
        """Add the next page of the open door's past."""
        if not self._wanted:
            self._before = _id(before) or None
        self._wanted = min(self._wanted + PAGE, MAX_PAGE)
        events = await read(
            self,
            scoped.history,
            asked=Asked(locker_id=self.door),
            before=self._before,
            limit=self._wanted,
        )
        if events is not None:
            self._show_past([event_row(event) for event in events])

    @rx.event
    async def act(self, act: str, doors: list, reason: str, minutes: int, request_id: str) -> None:
        """Do something to some doors, as the open question says, and tell what became of each."""
        try:
            which, aims = Act(act), _aims(doors)
        except (BadInput, ValueError):
            self._refuse(request_id, BadInput())
            return
        became = await perform_many(
            self,
            which,
            aims,
            request_id,
            refused=lambda refusal: self._refuse(request_id, refusal),
            reason=reason,
            minutes=minutes,
        )
        if became is not None:
            self._answer(request_id, [[one.locker_id, one.label, one.message] for one in became])

    @rx.event
    async def write_note(self, locker_id: int, note: str, seen: str, request_id: str) -> None:
        """Keep a note on a door."""
        label = await perform(
            self,
            note_locker,
            request_id,
            refused=lambda refusal: self._refuse(request_id, refusal),
            locker_id=locker_id,
            note=note,
            seen=seen,
        )
        if label is not None:
            self._answer(request_id, [[locker_id, label, ""]])

    def _refuse(self, request_id: Any, refusal: DomainError) -> None:
        self._answer(request_id, [], str(refusal))

    def _answer(self, request_id: Any, rows: list[list[Any]], refusal: str = "") -> None:
        key = request_id if isinstance(request_id, str) else ""
        values = {"key": key, "rows": rows, "refusal": refusal}
        watching.current().answer(self, Outcome, values)

    def _show_past(self, rows: list[list[Any]]) -> None:
        shown = {"rows": rows, "exhausted": len(rows) < self._wanted}
        watching.current().tell(self, Topic("door", self.door), DoorPast, shown)

    async def _watch(self, site_id: int) -> None:
        scope = await self._scope(site_id)
        watched = await watch(self, *topics_of(scope, self.door))
        self.may_see = watched.actor.may(Right.SEE_BOARD, None)
        self.missing = self.one > 0 and scope is None
        self.site_ids = scope.sites if scope else []
        self.site = scope.site if scope else ALL
        self.banks = scope.banks if scope else []
        self.names = scope is not None and watched.actor.may(Right.SEE_NAMES, scope.site)
        self.may = _offered(watched.actor, self.site) if scope else []
        self.loaded = True

    async def _scope(self, site_id: int) -> scoped.BoardScope | None:
        actor, wanted = await who(self), {"site_id": site_id, "bank_id": self.one}
        return await runtime.current().db.aread(
            lambda conn: scoped.board_scope(conn, actor, call_of(self).now, **wanted)
        )


def topics_of(scope: scoped.BoardScope | None, door: int) -> list[Topic]:
    """What a board watches. Nothing in it grows with the number of banks when a door changes."""
    topics = [Topic("places", ALL)]
    if scope is not None:
        topics += [Topic(kind, bank) for bank in scope.banks for kind in ("doors", "holders")]
        topics.append(Topic("feed", scope.site))
    if door:
        topics.append(Topic("door", door))
    return topics


def _id(value: Any) -> int:
    """What a stranger sent as the id of a row; 0 when it is none."""
    return value if type(value) is int and 0 < value < 2**31 else 0


def _aims(sent: Any) -> list[Aim]:
    """The doors that a browser sent: each with its claim and its deadline as they were shown.

    Raises:
        BadInput: they are not.
    """
    if not isinstance(sent, list) or not 0 < len(sent) <= MOST_AT_ONCE:
        raise BadInput
    for one in sent:
        if not isinstance(one, list) or [type(part) for part in one] != [int, int, int]:
            raise BadInput
        if not 0 <= one[2] < 2**47:
            raise BadInput
    return [
        Aim(door, claim, datetime.fromtimestamp(until / 1000, UTC) if until else None)
        for door, claim, until in sent
    ]


def _offered(actor: Actor, site_id: int) -> list[str]:
    return [name for name, right in RIGHT_TO.items() if actor.may(right, site_id)]


def board() -> rx.Component:
    """The page."""
    return page(
        rx.el.div(
            rx.el.h1("Board"),
            rx.cond(rx.Var.create(BoardPage.site_ids).length() > 1, _choose_site()),
            class_name="row board-head",
        ),
        rx.cond(
            BoardPage.loaded,
            rx.cond(BoardPage.may_see, _places(), not_for_you("Admins and viewers")),
            rx.fragment(skeleton(), skeleton(tall=True), skeleton(tall=True)),
        ),
        here="/staff",
        class_name="wide",
    )


def not_for_you(who: str = "Admins") -> rx.Component:
    """What somebody sees who may not see this page; `who` may."""
    other = rx.el.a("Use another account", href="/staff/sign-in", class_name="button second")
    return rx.el.div(
        rx.cond(
            StaffMe.signed_in,
            rx.fragment(
                rx.el.h2("This page is not for your account"),
                rx.el.p("You are signed in as ", StaffMe.name, f". {who} may see it."),
                other,
            ),
            rx.fragment(
                rx.el.h2("This page is for staff"),
                rx.el.p("Sign in with a staff account that has the right to see it."),
                rx.el.a("Staff sign in", href="/staff/sign-in", class_name="button primary"),
            ),
        ),
        class_name="card narrow",
    )


def no_such_queue() -> rx.Component:
    """What is shown instead of a queue that is not there, or not theirs to work off."""
    return rx.cond(
        StaffMe.signed_in,
        rx.el.div(
            rx.el.h2("There is no such queue"),
            rx.el.p("None at this address is yours to work off."),
            rx.el.a("See your queues", href="/staff/queues", class_name="button primary"),
            class_name="card narrow",
        ),
        not_for_you(),
    )


def _places() -> rx.Component:
    return rx.fragment(
        rx.cond(
            BoardPage.missing,
            rx.el.p(
                "There is no bank of lockers at this address. ",
                rx.el.a("See all banks", href="/staff"),
                role="status",
            ),
            rx.fragment(
                _choose_bank(),
                _stale(),
                rx.cond(some(BoardPage.banks), _board(), _none_yet()),
            ),
        ),
    )


def _stale() -> rx.Component:
    there = in_browser(
        "(!{3} ? {1} : {2}.map((bank) => bank.id).filter((bank) => !{0} || bank === {0}))",
        *(BoardPage.one, BoardPage.banks, _banks_here(), Places.ready),
    )
    return Stale.create(banks=BoardPage.banks, there=there.to(list[int]), on_stale=BoardPage.load)


def _none_yet() -> rx.Component:
    return rx.cond(Places.ready, nothing_here(), skeleton(tall=True))


def _choose_site() -> rx.Component:
    return rx.el.nav(rx.foreach(Places.sites, _site_tab), class_name="tabs", aria_label="Sites")


def _site_tab(site: Item) -> Item:
    return rx.cond(
        rx.Var.create(BoardPage.site_ids).contains(site["id"]),
        rx.el.a(
            site["name"],
            href=f"/staff?site={site['id']}",
            aria_current=rx.cond(site["id"] == BoardPage.site, "page", "false"),
        ),
    )


def _choose_bank() -> rx.Component:
    return rx.el.nav(
        rx.el.a(
            "All banks",
            href=f"/staff?site={BoardPage.site}",
            aria_current=rx.cond(BoardPage.one == 0, "page", "false"),
        ),
        rx.foreach(_banks_here(), _bank_tab),
        aria_label="Banks",
        class_name="tabs",
    )


def _banks_here() -> Item:
    """The banks of the site, found in the browser."""
    return in_browser(
        "({}.find((site) => site.id === {})?.banks ?? [])", Places.sites, BoardPage.site
    ).to(list[dict[str, Any]])


def _bank_tab(bank: Item) -> rx.Component:
    return rx.el.a(
        bank["name"],
        rx.cond(BoardPage.one == 0, Tally.create(bank=bank["id"], doors=whole(Doors.ready))),
        href=f"/staff/board/{bank['id']}",
        aria_current=rx.cond(bank["id"] == BoardPage.one, "page", "false"),
    )


def _board() -> rx.Component:
    offered = in_browser(
        "{}.filter((act) => {}.includes(act.name))", [ACTS[name] for name in MANY], BoardPage.may
    )
    return rx.el.div(
        Board.create(
            banks=BoardPage.banks,
            doors=whole(Doors.ready),
            holders=whole(Holders.ready),
            words=WORDS,
            text=rx.Var.create(BOARD),
            acts=offered.to(list),
            open=BoardPage.door,
            plain=~BoardPage.names,
            on_open=BoardPage.open_door,
        ),
        rx.el.div(door_panel(BoardPage), _feed(), class_name="beside"),
        Question.create(
            outcome=whole(Outcome.key),
            text=rx.Var.create(QUESTION),
            words=WORDS,
            on_act=BoardPage.act,
            on_note=BoardPage.write_note,
        ),
        class_name="board-frame",
    )


def _feed() -> Item:
    return rx.cond(
        BoardPage.names & some(Feed.rows),
        rx.el.section(
            rx.el.h2("Activity"),
            happenings(Feed.rows),
            class_name="card feed",
            aria_label="Latest activity",
            tab_index=0,  # it scrolls, and has nothing in it that could have the focus
        ),
    )
