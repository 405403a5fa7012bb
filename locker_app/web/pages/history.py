"""History for staff: the newest events live, older ones by the page, refusals alone if wanted."""

from typing import Any

import reflex as rx

from locker_app.live import watching
from locker_app.live.projections.events import event_row
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import ALL, Topic
from locker_app.queries import scoped
from locker_app.queries.events import MAX_PAGE, PAGE
from locker_app.queries.scoped import sites_of_history
from locker_app.web.components.history import event_table
from locker_app.web.components.parts import Item, checkbox, skeleton, some
from locker_app.web.live_states import Events, Home, OlderEvents
from locker_app.web.pages.board import not_for_you
from locker_app.web.session import read, watch, who
from locker_app.web.template import page

MAX_ROWS = MAX_PAGE
"""How many older rows a screen shows; who looks further back filters or exports."""


@set_on_load("loaded", "may_see", "site_ids")
class HistoryPage(rx.State):
    """Whose events are shown, how many older ones were asked for, and the filter.

    The rows are on the screen alone: what the server kept of them, a tab would get again when
    whoever it is then has no right to it.
    """

    loaded: bool = False
    may_see: bool = False
    site_ids: list[int] = []
    """The sites to choose from; none for who sees all of them at once."""
    site: int = ALL
    refused_only: bool = False
    _before: int | None = None
    """Which event the older ones come before; None when they begin with the newest."""
    _wanted: int = 0

    @rx.event
    async def load(self) -> None:
        """Begin to watch the newest events."""
        self.refused_only = False
        await self._show(self.site)
        self.loaded = True

    @rx.event
    async def choose_site(self, site_id: int) -> None:
        """Show the events of another site."""
        await self._show(site_id)

    @rx.event
    async def only_refused(self, wanted: bool) -> None:
        """Show refused attempts alone, or everything."""
        self.refused_only = wanted is True
        await self._begin()

    @rx.event
    async def show_older(self, before: int) -> None:
        """Add the next page of older events."""
        if not self._wanted:
            self._before = before if isinstance(before, int) and 0 < before < 2**31 else None
        self._wanted = min(self._wanted + PAGE, MAX_ROWS)
        await self._read()

    async def _show(self, wanted: Any) -> None:
        """Watch one site's events, or those of all for who may see all."""
        actor = await who(self)
        sites = sites_of_history(actor)
        self.site_ids = sorted(sites or ())
        self.site = next((id_ for id_ in self.site_ids if id_ == wanted), min(sites or (ALL,)))
        topic = Topic("events", self.site)
        watched = await watch(self, Topic("home", ALL), topic)
        self.may_see = topic in watched.topics
        await self._begin()

    async def _begin(self) -> None:
        """Show no older events, or, of the refused ones, the newest."""
        self._before, self._wanted = None, PAGE if self.refused_only else 0
        await self._read()

    async def _read(self) -> None:
        rows = await self._rows() if self._wanted and self.may_see else []
        if rows is not None:
            shown = {"rows": rows, "exhausted": len(rows) < self._wanted}
            watching.current().tell(self, Topic("events", self.site), OlderEvents, shown)

    async def _rows(self) -> list[list[Any]] | None:
        events = await read(
            self,
            scoped.history,
            before=self._before,
            limit=self._wanted,
            refused_only=self.refused_only,
            site_id=self.site or None,
        )
        return None if events is None else [event_row(event) for event in events]


def history() -> rx.Component:
    """The page."""
    return page(
        rx.el.h1("History"),
        rx.cond(
            HistoryPage.loaded,
            rx.cond(HistoryPage.may_see, _events(), not_for_you()),
            skeleton(tall=True),
        ),
        here="/staff/history",
    )


def _events() -> rx.Component:
    last_live = rx.Var.create(Events.rows)[-1][0].to(int)
    last_older = rx.Var.create(OlderEvents.rows)[-1][0].to(int)
    return rx.fragment(
        rx.cond(rx.Var.create(HistoryPage.site_ids).length() > 1, _choose_site()),
        checkbox(
            "Refused attempts only",
            HistoryPage.only_refused,
            checked=HistoryPage.refused_only,
        ),
        rx.cond(
            HistoryPage.refused_only,
            rx.fragment(),
            event_table(Events.rows, "Newest events, live"),
        ),
        rx.cond(
            some(OlderEvents.rows),
            event_table(OlderEvents.rows, "Events, newest first"),
        ),
        rx.cond(
            OlderEvents.exhausted,
            rx.el.p("That is all.", class_name="soft"),
            rx.el.button(
                "Show older",
                type="button",
                class_name="second",
                on_click=HistoryPage.show_older(
                    rx.cond(some(OlderEvents.rows), last_older, last_live)
                ),
            ),
        ),
    )


def _choose_site() -> rx.Component:
    return rx.el.div(rx.foreach(Home.places, _site_tab), class_name="tabs", role="group")


def _site_tab(place: Item) -> Item:
    return rx.cond(
        rx.Var.create(HistoryPage.site_ids).contains(place["id"]),
        rx.el.button(
            place["name"],
            type="button",
            aria_pressed=place["id"] == HistoryPage.site,
            on_click=HistoryPage.choose_site(place["id"]),
            class_name="second",
        ),
    )
