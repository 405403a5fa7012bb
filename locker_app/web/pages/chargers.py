"""Charging spots on a phone: the one whose code was scanned first, then all of its site.

What is shown is drawn in the browser (`assets/charging.js`): until when one may stay depends on the
time, which goes on.
"""

from datetime import UTC, datetime
from typing import Any

import reflex as rx

from locker_app.domain.errors import DomainError
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.queries.chargers import charger_of_code, charging_site
from locker_app.services import bookings, charger_line, runtime, spot_reports
from locker_app.web.components.board import whole
from locker_app.web.components.charging import CHARGING_WORDS, Charging
from locker_app.web.components.parts import Item, skeleton
from locker_app.web.live_states import Chargers, Me, Pulse, StaffMe, Stays
from locker_app.web.session import id_in_address, perform, watch
from locker_app.web.template import page
from locker_app.web.words import why_not_booked

_MAX_CODE = 12


@set_on_load("shown", "scanned", "missing", "path")
class ChargersPage(rx.State):
    """Which site's spots the page shows, and why the last booking was refused."""

    shown: int = 0
    scanned: int = 0
    """The spot whose code is in the address; 0 when it names a site."""
    missing: bool = False
    path: str = ""
    error: str = ""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the spots that the address names."""
        code = str(getattr(self, "charger_code", "") or "")[:_MAX_CODE]
        found = code and await runtime.current().db.aread(lambda conn: charger_of_code(conn, code))
        self.scanned, self.shown = found or (0, 0 if code else id_in_address(self, "charging_site"))
        self.path = f"/c/{code.upper()}" if found else f"/chargers/{self.shown}"
        topic = Topic("chargers", self.shown)
        watched = await watch(self, topic)
        self.missing = topic not in watched.topics
        asked = self.router.url.query_parameters
        self.error = ""
        if refused := str(asked.get("refused", "")):
            shown = self.shown
            place = await runtime.current().db.aread(lambda conn: charging_site(conn, shown))
            rules = None if place is None else place.rules
            self.error = why_not_booked(refused, str(asked.get("per", "")), rules)

    @rx.event
    async def book(
        self, charger_id: int, leaves_at: int, starts_at: int, shown_as: str, request_id: str
    ) -> None:
        """Book a spot in a session that is there."""
        self.error = ""
        await perform(
            self,
            bookings.book,
            request_id,
            refused=self._refused,
            charger_id=charger_id,
            leaves_at=moment(leaves_at),
            starts_at=moment(starts_at),
            shown_as=shown_as,
        )

    def _refused(self, refusal: DomainError) -> None:
        self.error = str(refusal)

    @rx.event
    async def accept(self, booking_id: int, leaves_at: int, shown_as: str, request_id: str) -> None:
        """Take the spot that is offered."""
        await perform(
            self,
            charger_line.accept,
            request_id,
            booking_id=booking_id,
            leaves_at=moment(leaves_at),
            shown_as=shown_as,
        )

    @rx.event
    async def set_leave(self, booking_id: int, leaves_at: int, request_id: str) -> None:
        """Stay longer, or leave sooner."""
        await perform(
            self,
            bookings.set_leave,
            request_id,
            said="Your time to leave is changed.",
            booking_id=booking_id,
            leaves_at=moment(leaves_at),
        )

    @rx.event
    async def stop(self, booking_id: int, request_id: str) -> None:
        """Leave the spot to others."""
        said = "Spot {0} is yours no more."
        await perform(self, bookings.stop, request_id, said, booking_id=booking_id)

    @rx.event
    async def move(self, booking_id: int, charger_id: int, leaves_at: int, request_id: str) -> None:
        """Take another spot for this one."""
        await perform(
            self,
            bookings.move,
            request_id,
            said="Your spot is {0} now.",
            booking_id=booking_id,
            charger_id=charger_id,
            leaves_at=moment(leaves_at),
        )

    @rx.event
    async def come(self, booking_id: int, request_id: str) -> None:
        """Say that one is there."""
        said = "Thank you. The spot is yours."
        await perform(self, bookings.check_in, request_id, said, booking_id=booking_id)

    @rx.event
    async def report_taken(self, booking_id: int, request_id: str) -> None:
        """Say that somebody stands on the spot that is one's own."""
        said = "Thank you, the staff are told. You are first in line."
        await perform(self, spot_reports.report_taken, request_id, said, booking_id=booking_id)

    @rx.event
    async def report_free(self, charger_id: int, request_id: str) -> None:
        """Say that an overstayed spot stands empty."""
        said = "Thank you. The spot is free for others now."
        await perform(self, spot_reports.report_free, request_id, said, charger_id=charger_id)

    @rx.event
    async def join(self, request_id: str) -> None:
        """Join the line in a session that is there."""
        self.error = ""
        await perform(
            self, charger_line.join_line, request_id, refused=self._refused, site_id=self.shown
        )

    @rx.event
    async def leave_line(self, wait_id: int, request_id: str) -> None:
        """Leave the line, or decline what is offered."""
        await perform(self, charger_line.leave_line, request_id, wait_id=wait_id)

    @rx.event
    async def snooze(self, wait_id: int, request_id: str) -> None:
        """Let an offer go by."""
        said = "You keep your place in the line."
        await perform(self, charger_line.snooze, request_id, said, wait_id=wait_id)


def moment(millis: Any) -> datetime | None:
    """The moment that a browser sends as milliseconds since 1970; None for 0, and for what is no
    moment, which the command then refuses."""
    if not isinstance(millis, int) or isinstance(millis, bool) or millis <= 0:
        return None
    try:
        return datetime.fromtimestamp(millis / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def chargers() -> rx.Component:
    """The page."""
    return page(
        rx.cond(
            ChargersPage.missing,
            _missing(),
            rx.cond(_is_there(), _shown(), _coming()),
        ),
    )


def _is_there() -> Item:
    return (Chargers.site_id == ChargersPage.shown) & (ChargersPage.shown > 0)


def _coming() -> rx.Component:
    return rx.el.div(
        rx.el.h1("Charging spots", class_name="unseen"),
        skeleton(),
        rx.el.div(skeleton(tall=True), skeleton(tall=True), class_name="two"),
        class_name="stack",
    )


def _missing() -> rx.Component:
    return rx.el.div(
        rx.el.h1("There is no charging spot at this address"),
        rx.el.p(
            "Look at the code on the post again: it has six letters and digits. "
            "If it is right, the spot may have been removed."
        ),
        rx.el.a("See all there is", href="/", class_name="button second"),
        class_name="card narrow",
    )


def _shown() -> rx.Component:
    state = ChargersPage
    return rx.fragment(
        rx.el.div(rx.el.h1("Charging spots"), rx.el.p(Chargers.site_name, class_name="soft")),
        Charging.create(
            site=whole(Chargers.site_id),
            mine=whole(Stays.rows),
            scanned=state.scanned,
            session=Pulse.session,
            signed_in=Me.signed_in,
            staff=StaffMe.signed_in,
            refused=state.error,
            words=CHARGING_WORDS,
            page=state.path,
            on_book=state.book,
            on_accept=state.accept,
            on_leave=state.set_leave,
            on_stop=state.stop,
            on_move=state.move,
            on_come=state.come,
            on_taken=state.report_taken,
            on_free=state.report_free,
            on_join=state.join,
            on_quit=state.leave_line,
            on_snooze=state.snooze,
        ),
    )
