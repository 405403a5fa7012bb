"""The staff board: a bank's doors, live, who has which, and what staff may do about it."""

from typing import Any

import reflex as rx

from locker_app.domain.actors import Right
from locker_app.domain.lockers import LockerStatus
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import ALL, Topic
from locker_app.queries.lockers import locker_of
from locker_app.services import lockers, runtime
from locker_app.web.components.browser import Cabinet, Moment
from locker_app.web.components.door_dialog import door_dialog
from locker_app.web.components.parts import (
    WORDS,
    Item,
    in_browser,
    legend,
    nothing_here,
    skeleton,
    some,
)
from locker_app.web.live_states import Bank, Holders, Home, StaffMe
from locker_app.web.session import id_in_address, perform, unsay, watch
from locker_app.web.template import page
from locker_app.web.words import STATUS_WORDS

_COLUMNS = ("Door", "Who", "Since", "Until")


@set_on_load("shown", "missing", "may_see", "loaded")
class BoardPage(rx.State):
    """Which bank and which door are open, and the reason being typed."""

    shown: int = 0
    missing: bool = False
    """Whether there is no such bank, or none whose board this staff member may see."""
    may_see: bool = False
    loaded: bool = False
    door: int = 0
    """The locker whose dialog is open; 0 while none is."""
    confirming: str = ""
    confirming_for: int = 0
    """The claim on the door, 0 for none, when the reason was asked for. With another there, the
    question is another, and is asked anew."""
    reason: str = ""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the places, and the bank that the address names."""
        before, self.shown = self.shown, id_in_address(self, "bank")
        if self.shown != before:  # else it is the same page, which was disconnected for a moment
            self.door, self.confirming = 0, ""
        await self._watch()

    @rx.event
    async def open_door(self, number: int, locker_id: int) -> None:
        """Open the dialog of one door: by its number, as long as the page has no ids yet."""
        if locker_id == 0 and 0 < number < 2**31:
            locker_id = await self._find(number)
        self.door = locker_id if 0 < locker_id < 2**31 else 0
        self.confirming, self.reason = "", ""
        await self._watch()

    @rx.event
    async def close_door(self) -> None:
        """Close the dialog."""
        self.door, self.confirming = 0, ""
        await self._watch()

    @rx.event
    async def confirm(self, what: str, assignment_id: int) -> None:
        """Ask for the reason before doing something that overrides somebody."""
        unsay(self)
        self.confirming = what if what in ("release", "out") else ""
        self.confirming_for = assignment_id if isinstance(assignment_id, int) else 0
        self.reason = ""

    @rx.event
    def type_reason(self, reason: str) -> None:
        """Keep what is typed as the reason."""
        self.reason = str(reason)[:500]

    @rx.event
    async def force_release(self, locker_id: int, assignment_id: int, request_id: str) -> None:
        """Take the locker from whoever has it, as the open question says."""
        if self.confirming != "release":
            return  # pressed twice: the first press has done it
        done = await perform(
            self,
            lockers.force_release,
            request_id,
            said="Locker {0} is released.",
            locker_id=locker_id,
            reason=self.reason,
            assignment_id=assignment_id,
        )
        self._finish(done)

    @rx.event
    async def take_out_of_service(self, locker_id: int, request_id: str) -> None:
        """Give this door to nobody until it is back, as the open question says."""
        if self.confirming != "out":
            return
        done = await perform(
            self,
            lockers.take_out_of_service,
            request_id,
            said="Locker {0} is out of service.",
            locker_id=locker_id,
            reason=self.reason,
        )
        self._finish(done)

    @rx.event
    async def put_back_in_service(self, locker_id: int, request_id: str) -> None:
        """Let this door be given again."""
        said = "Locker {0} is back in service."
        await perform(self, lockers.put_back_in_service, request_id, said, locker_id=locker_id)

    async def _find(self, number: int) -> int:
        bank_id = self.shown
        found = await runtime.current().db.aread(lambda conn: locker_of(conn, bank_id, number))
        return found or 0

    def _finish(self, done: Any) -> None:
        if done is not None:
            self.confirming, self.reason = "", ""

    async def _watch(self) -> None:
        wanted = [Topic("home", ALL)]
        if self.shown:
            wanted += [Topic("bank", self.shown), Topic("holders", self.shown)]
        if self.door:
            wanted.append(Topic("door", self.door))
        watched = await watch(self, *wanted)
        self.missing = self.shown > 0 and Topic("bank", self.shown) not in watched.topics
        self.may_see = watched.actor.may(Right.SEE_BOARD, None)
        self.loaded = True


def board() -> rx.Component:
    """The page."""
    return page(
        rx.el.h1("Board"),
        rx.cond(
            BoardPage.loaded,
            rx.cond(BoardPage.may_see, _banks(), not_for_you()),
            skeleton(tall=True),
        ),
        here="/staff",
    )


def not_for_you() -> rx.Component:
    """What somebody sees who may not see this page."""
    return rx.el.div(
        rx.el.h2("This page is for staff"),
        rx.el.p("Sign in with a staff account that has the right to see it."),
        rx.el.a("Staff sign in", href="/staff/sign-in", class_name="button primary"),
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


def _banks() -> rx.Component:
    return rx.fragment(
        rx.el.nav(rx.foreach(Home.places, _place), aria_label="Banks", class_name="stack"),
        rx.cond(
            BoardPage.shown > 0,
            rx.cond(
                BoardPage.missing,
                rx.el.p("There is no bank of lockers at this address. Choose one.", role="status"),
                rx.cond(Bank.bank_id == BoardPage.shown, _one_bank(), skeleton(tall=True)),
            ),
            _choose(),
        ),
        door_dialog(BoardPage),
    )


def _choose() -> rx.Component:
    nothing = Home.ready & ~some(Home.places)
    return rx.cond(nothing, nothing_here(), rx.el.p("Choose a bank.", class_name="soft"))


def _place(place: Item) -> rx.Component:
    return rx.el.div(
        rx.el.span(place["name"], class_name="soft small"),
        rx.el.div(rx.foreach(place["banks"], _tab), class_name="tabs"),
    )


def _tab(bank: Item) -> rx.Component:
    return rx.el.a(
        bank["name"],
        rx.el.span(" ", bank["free"], "/", bank["total"], class_name="small"),
        href=f"/staff/board/{bank['id']}",
        aria_current=rx.cond(bank["id"] == BoardPage.shown, "page", "false"),
    )


def _one_bank() -> rx.Component:
    return rx.fragment(
        rx.el.section(
            rx.el.div(
                rx.el.h2(Bank.name),
                rx.el.p(
                    *_counts(), aria_live="off", class_name="row small", data_testid="board-counts"
                ),
                class_name="row apart",
            ),
            Cabinet.create(
                numbers=Bank.numbers,
                doors=Bank.doors,
                low=Bank.accessible_numbers,
                words=WORDS,
                prefix=Bank.prefix,
                label="Doors of " + Bank.name,
                on_choose=lambda number: BoardPage.open_door(number, _locker_id(number)),
            ),
            legend(),
            class_name="stack",
        ),
        _holders(),
    )


def _counts() -> list[rx.Component]:
    counts = (
        (LockerStatus.FREE, Bank.free),
        (LockerStatus.HELD, Bank.held),
        (LockerStatus.RESERVED, Bank.reserved),
        (LockerStatus.OVERDUE, Bank.overdue),
        (LockerStatus.OUT_OF_SERVICE, Bank.out_of_service),
    )
    return [
        rx.el.span(
            count,
            rx.el.span(STATUS_WORDS[status.value]),
            class_name="status",
            data_status=status.value,
        )
        for status, count in counts
    ]


def _locker_id(number: Item) -> Item:
    """The id of the locker with this number, found in the browser; 0 as long as it has none."""
    return in_browser("({}[{}.indexOf({})] ?? 0)", Holders.locker_ids, Bank.numbers, number).to(int)


def _number_of(locker_id: Item) -> Item:
    """The number of the locker with this id, found in the browser."""
    return in_browser("{}[{}.indexOf({})]", Bank.numbers, Holders.locker_ids, locker_id).to(int)


def _holders() -> rx.Component:
    return rx.el.div(
        rx.el.table(
            rx.el.caption(
                rx.cond(some(Holders.rows), "Doors that are not free", "All doors are free")
            ),
            rx.el.thead(
                rx.el.tr(
                    *[rx.el.th(text, scope="col") for text in ("Door", "Who", "Since", "Until")]
                )
            ),
            rx.el.tbody(rx.foreach(Holders.rows, _holder)),
        ),
        class_name="scroll",
        tab_index=0,
        role="region",
        aria_label="Doors that are not free",
    )


def _holder(row: Item) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            rx.el.button(
                Bank.prefix,
                _number_of(row[0].to(int)),
                type="button",
                on_click=BoardPage.open_door(0, row[0].to(int)),
                class_name="asLink",
            )
        ),
        rx.el.td(
            rx.cond(
                row[2].to(str) != "",
                rx.el.p(row[2].to(str), rx.el.span(" ", row[3].to(str), class_name="soft")),
            ),
            # Whoever has a door that goes out of service keeps it until giving it back.
            rx.cond(
                row[6].to(str) != "",
                rx.el.p("out of service: ", row[6].to(str), class_name="soft"),
            ),
        ),
        rx.el.td(Moment.create(at=row[4].to(int), zone=Bank.time_zone)),
        rx.el.td(Moment.create(at=row[5].to(int), zone=Bank.time_zone, form="clock")),
    )
