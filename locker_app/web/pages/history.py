"""History for staff: the event log, filtered by what stands in the address, the newest live."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import reflex as rx

from locker_app.domain.errors import DomainError
from locker_app.live import watching
from locker_app.live.projections.events import event_row
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import ALL, Topic
from locker_app.queries import scoped
from locker_app.queries.event_filter import MAX_TEXT, Asked
from locker_app.queries.events import MAX_PAGE, PAGE
from locker_app.queries.scoped import sites_of_history
from locker_app.queries.terminal_panel import terminal_names
from locker_app.services import runtime
from locker_app.web.components.browser import Export, Follow
from locker_app.web.components.history import event_table
from locker_app.web.components.history_filter import NAMES, filter_form
from locker_app.web.components.parts import Item, in_browser, skeleton, some
from locker_app.web.live_states import Events, Home, OlderEvents, Places
from locker_app.web.pages.board import not_for_you
from locker_app.web.session import ask, watch, who
from locker_app.web.template import page

ADDRESS = "/staff/history"
MAX_ROWS = MAX_PAGE
"""How many rows a screen adds up; who looks further back goes on in a fresh one."""
_REFUSED = {"only": True, "none": False}


@set_on_load(
    *("loaded", "may_see", "site_ids", "readers", "zone", "given", "filtered", "file"),
    *("error", "wrong"),
)
class HistoryPage(rx.State):
    """Whose events are shown, what is asked for, and how many older ones.

    The rows are on the screen alone: what the server kept of them, a tab would get again when
    whoever it is then has no right to it.
    """

    loaded: bool = False
    may_see: bool = False
    site_ids: list[int] = []
    """The sites to choose from; none for who sees all of them at once."""
    site: int = ALL
    readers: dict[str, list[dict[str, Any]]] = {}
    """Id and name of the terminals to choose from, by the site that they are at."""
    zone: str = "UTC"
    given: dict[str, str] = {}
    """What is asked for, as it stands in the address."""
    filtered: bool = False
    """Whether that is less than everything, so that the newest are not simply the site's."""
    file: str = ""
    """The address of what is asked for as a file."""
    error: str = ""
    wrong: str = ""
    _before: int | None = None
    """Which event the rows come before; None when they begin with the newest."""
    _wanted: int = 0
    _asked: Asked = Asked()

    @rx.event
    async def load(self) -> None:
        """Begin to watch the newest events, and read what the address asks for."""
        query = self.router.url.query_parameters
        given = {name: str(query.get(name, ""))[:MAX_TEXT].strip() for name in NAMES}
        actor = await who(self)
        sites = sites_of_history(actor)
        self.site_ids = sorted(sites or ())
        self.site = _id(given["site"]) or ALL
        if sites is not None and self.site not in sites:
            self.site = min(sites, default=ALL)
        topic = Topic("events", self.site)
        watched = await watch(self, Topic("home", ALL), Topic("places", ALL), topic)
        self.may_see = topic in watched.topics
        self.readers = await self._terminals(sites) if self.may_see else {}
        self.given = {name: text for name, text in given.items() if text}
        self.error = self.wrong = ""
        if self.may_see:
            await self._begin()
        self.loaded = True

    @rx.event
    def choose(self, form: dict[str, Any]) -> Any:
        """Ask for what the form says, by its address, so that it can be kept and shared."""
        fields = form if isinstance(form, dict) else {}
        said = {name: str(fields.get(name, ""))[:MAX_TEXT].strip() for name in NAMES}
        said |= {"site": str(self.site or ""), "before": ""}
        asked = urlencode({name: text for name, text in said.items() if text})
        return rx.redirect(f"{ADDRESS}?{asked}" if asked else ADDRESS)

    @rx.event
    async def show_older(self, before: int) -> None:
        """Add the next page of older events."""
        if not self._wanted:
            self._before = before if isinstance(before, int) and 0 < before < 2**31 else None
        self._wanted = min(self._wanted + PAGE, MAX_ROWS)
        await self._read()

    @rx.event
    async def refresh(self, newest: int) -> None:
        """Something happened: what is asked for may have become more."""
        if self.filtered and self._before is None and self._asked.until is None:
            await self._read()

    async def _terminals(self, sites: frozenset[int] | None) -> dict[str, list[dict[str, Any]]]:
        known = await runtime.current().db.aread(terminal_names)
        return {
            str(site_id): [{"id": id_, "name": name} for id_, name in named]
            for site_id, named in known.items()
            if sites is None or site_id in sites
        }

    async def _begin(self) -> None:
        asked, zone = self._understood(), await self._zone()
        if zone is None:
            return
        self.zone = zone
        try:
            self._asked = asked(ZoneInfo(zone))
        except ValueError:
            self.error, self.wrong = "Please check the times.", "from"
            self._asked = Asked(site_id=self.site or None)
        self._before = _id(self.given.get("before", ""))
        self.filtered = bool(self.given.keys() - {"site"})
        self._wanted = PAGE if self.filtered else 0
        self.file = f"/api/v1/events.csv?{_file_query(self._asked)}"
        await self._read()

    def _understood(self) -> Any:
        """What is asked for, once the zone is known in which its times are meant."""
        given = dict(self.given)
        place, _, number = given.get("place", "").partition("-")

        def asked(zone: ZoneInfo) -> Asked:
            return Asked(
                since=_moment(given.get("from"), zone),
                until=_moment(given.get("to"), zone),
                kinds=(given["kind"],) if "kind" in given else (),
                refused=_REFUSED.get(given.get("refused", "")),
                by=given.get("by", ""),
                who=given.get("who", ""),
                door=given.get("door", ""),
                bank_id=_id(number) if place == "bank" else None,
                queue_id=_id(number) if place == "line" else None,
                charger_id=_id(number) if place == "charger" else None,
                terminal_id=_id(number) if place == "terminal" else None,
                site_id=self.site or None,
            )

        return asked

    async def _zone(self) -> str | None:
        try:
            return await ask(self, scoped.zone_of_history, site_id=self.site or None)
        except DomainError as refusal:
            self.error = str(refusal)
            return None

    async def _read(self) -> None:
        rows = await self._rows() if self._wanted and self.may_see else []
        more = len(rows) == self._wanted
        shown = {"rows": rows, "exhausted": not more, "full": more and self._wanted >= MAX_ROWS}
        watching.current().tell(self, Topic("events", self.site), OlderEvents, shown)

    async def _rows(self) -> list[list[Any]]:
        try:
            events = await ask(
                self,
                scoped.history,
                asked=self._asked,
                before=self._before,
                limit=self._wanted,
            )
        except DomainError as refusal:
            self.error, self.wrong = str(refusal), getattr(refusal, "field", None) or ""
            return []
        return [event_row(event) for event in events]


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 10 else None


def _moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    """A time of the site's clocks, as browsers write it.

    Raises:
        ValueError: it is none.
    """
    if not text:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def _file_query(asked: Asked) -> str:
    """The same question to the API."""
    named: Mapping[str, Any] = {
        "since": asked.since and asked.since.isoformat(),
        "until": asked.until and asked.until.isoformat(),
        "kind": ",".join(asked.kinds),
        "refused": None if asked.refused is None else str(asked.refused).lower(),
        "by": asked.by,
        "who": asked.who,
        "door": asked.door,
        "bank_id": asked.bank_id,
        "queue_id": asked.queue_id,
        "charger_id": asked.charger_id,
        "terminal_id": asked.terminal_id,
        "site_id": asked.site_id,
    }
    return urlencode({name: value for name, value in named.items() if value not in (None, "")})


def history() -> rx.Component:
    """The page."""
    return page(
        rx.el.h1("History"),
        rx.cond(
            HistoryPage.loaded,
            rx.cond(HistoryPage.may_see, _events(), not_for_you()),
            skeleton(tall=True),
        ),
        here=ADDRESS,
    )


def _events() -> rx.Component:
    last_live = rx.Var.create(Events.rows)[-1][0].to(int)
    last_older = rx.Var.create(OlderEvents.rows)[-1][0].to(int)
    last = rx.cond(some(OlderEvents.rows), last_older, last_live)
    return rx.fragment(
        rx.cond(rx.Var.create(HistoryPage.site_ids).length() > 1, _choose_site()),
        filter_form(
            HistoryPage.given,
            Home.places,
            Places.sites,
            HistoryPage.readers,
            HistoryPage.site,
            HistoryPage.site_ids,
            HistoryPage.zone,
            HistoryPage.wrong,
            HistoryPage.error,
            HistoryPage.choose,
        ),
        Export.create("Download as CSV", href=HistoryPage.file),
        Follow.create(
            value=rx.Var.create(Events.rows)[0][0].to(int), on_change=HistoryPage.refresh
        ),
        rx.cond(
            HistoryPage.filtered,
            rx.fragment(),
            event_table(Events.rows, "Newest events, live"),
        ),
        rx.cond(
            some(OlderEvents.rows),
            event_table(OlderEvents.rows, "Events, newest first"),
            rx.cond(
                HistoryPage.filtered & (HistoryPage.error == ""),
                rx.el.div(
                    rx.el.h2("Nothing like that happened"),
                    rx.el.p("Take something out of the filter, or choose another time."),
                    class_name="card",
                ),
            ),
        ),
        rx.cond(
            OlderEvents.full,
            rx.el.a("Go on further back", href=_before(last), class_name="button second"),
            rx.cond(
                OlderEvents.exhausted & HistoryPage.filtered,
                rx.el.p("That is all.", class_name="soft"),
                rx.el.button(
                    "Show older",
                    type="button",
                    class_name="second",
                    on_click=HistoryPage.show_older(last),
                ),
            ),
        ),
    )


def _before(last: Item) -> Item:
    """The address of what is older than the last row, with the same filter."""
    script = "`" + ADDRESS + "?${{new URLSearchParams({{...({}), before: String({} ?? '')}})}}`"
    return in_browser(script, HistoryPage.given, last).to(str)


def _choose_site() -> rx.Component:
    return rx.el.nav(
        rx.foreach(Home.places, _site_tab), class_name="tabs", aria_label="Whose history"
    )


def _site_tab(place: Item) -> Item:
    return rx.cond(
        rx.Var.create(HistoryPage.site_ids).contains(place["id"]),
        rx.el.a(
            place["name"],
            href=f"{ADDRESS}?site=" + place["id"].to(str),
            aria_current=rx.cond(place["id"] == HistoryPage.site, "page", "false"),
        ),
    )
