"""History for staff: the newest events live, older ones by the page, refusals alone if wanted."""

from typing import Any

import reflex as rx

from locker_app.live.rooms import set_on_load
from locker_app.live.topics import ALL, Topic, event_row
from locker_app.queries import scoped
from locker_app.queries.events import PAGE
from locker_app.queries.scoped import sites_of_history
from locker_app.web.components.history import event_table
from locker_app.web.components.parts import Item, checkbox, skeleton, some
from locker_app.web.live_states import Events, Home
from locker_app.web.pages.board import not_for_you
from locker_app.web.session import read, watch, who
from locker_app.web.template import page

MAX_ROWS = 1000
"""How many older rows a screen keeps; who looks further back filters or exports."""


@set_on_load("loaded", "may_see", "site_ids")
class HistoryPage(rx.State):
    """Whose events are shown, the older rows that were asked for, and the filter."""

    loaded: bool = False
    may_see: bool = False
    site_ids: list[int] = []
    """The sites to choose from; none for who sees all of them at once."""
    site: int = ALL
    refused_only: bool = False
    older: list[list[Any]] = []
    exhausted: bool = False

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
        self.older, self.exhausted = [], False
        if self.refused_only:
            await self._read(None)

    @rx.event
    async def show_older(self, before: int) -> None:
        """Add the next page of older events."""
        valid = isinstance(before, int) and 0 < before < 2**31
        if valid and len(self.older) < MAX_ROWS:
            await self._read(before)

    async def _show(self, wanted: Any) -> None:
        """Watch one site's events, or those of all for who may see all."""
        self.older, self.exhausted = [], False
        actor = await who(self)
        sites = sites_of_history(actor)
        self.site_ids = sorted(sites or ())
        self.site = next((id_ for id_ in self.site_ids if id_ == wanted), min(sites or (ALL,)))
        topic = Topic("events", self.site)
        watched = await watch(self, Topic("home", ALL), topic)
        self.may_see = topic in watched.topics
        if self.refused_only and self.may_see:
            await self._read(None)

    async def _read(self, before: int | None) -> None:
        rows = await read(
            self,
            scoped.history,
            before=before,
            limit=PAGE,
            refused_only=self.refused_only,
            site_id=self.site or None,
        )
        if rows is not None:
            self.older = [*self.older, *[event_row(event) for event in rows]]
            self.exhausted = len(rows) < PAGE


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
    last_older = rx.Var.create(HistoryPage.older)[-1][0].to(int)
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
            some(HistoryPage.older),
            event_table(HistoryPage.older, "Events, newest first"),
        ),
        rx.cond(
            HistoryPage.exhausted,
            rx.el.p("That is all.", class_name="soft"),
            rx.el.button(
                "Show older",
                type="button",
                class_name="second",
                on_click=HistoryPage.show_older(
                    rx.cond(some(HistoryPage.older), last_older, last_live)
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
