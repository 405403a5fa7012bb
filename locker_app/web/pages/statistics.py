"""Statistics: how a site was used, in pictures, tables and files. No names are in it."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import reflex as rx
from sqlalchemy import Connection

from locker_app.domain.actors import Actor, Right
from locker_app.domain.days import today
from locker_app.domain.errors import DomainError
from locker_app.live import watching
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import ALL, Topic
from locker_app.queries import scoped
from locker_app.queries.statistics import Statistics
from locker_app.queries.statistics_tables import TABLES, WEEKDAYS
from locker_app.web.components.browser import Download
from locker_app.web.components.charging_figures import (
    charging_said,
    charging_section,
    charging_vars,
    long_words,
    short_day,
)
from locker_app.web.components.figures import (
    bars_picture,
    figure,
    heat_map,
    hours_picture,
    key_of,
)
from locker_app.web.components.parts import Item, in_browser, legend, skeleton
from locker_app.web.live_states import Home, SiteFigures
from locker_app.web.pages.board import not_for_you
from locker_app.web.session import ask, call_of, watch, who
from locker_app.web.template import page

ADDRESS = "/staff/statistics"
SPANS = ((1, "Today"), (7, "7 days"), (30, "30 days"), (365, "A year"))
DAYS = 30
MOST_DAYS = 366
"""What is looked back on when nothing is said."""


@set_on_load(
    *("loaded", "may_see", "site_ids", "everywhere"),
    *("site", "days", "first", "last", "latest", "error", "runs_spots"),
)
class StatisticsPage(rx.State):
    """Which site is looked back on, and which days: what stands in the address."""

    loaded: bool = False
    may_see: bool = False
    runs_spots: bool = False
    """Whether who looks may see who had a charging spot booked."""
    everywhere: bool = False
    site_ids: list[int] = []
    """The sites to choose from, unless all are."""
    site: int = 0
    days: int = 0
    """How many days back, if that is what was chosen."""
    first: str = ""
    last: str = ""
    latest: str = ""
    """The day that it is at the site."""
    error: str = ""

    @rx.event
    async def load(self) -> None:
        """Look back on what the address says."""
        query = self.router.url.query_parameters
        actor = await who(self)
        sites = actor.sites_with(Right.SEE_STATISTICS)
        self.everywhere, self.site_ids = sites is None, sorted(sites or ())
        self.site = _id(str(query.get("site", ""))) or min(sites or (1,))
        self.runs_spots = actor.may(Right.RUN_CHARGERS, self.site)
        topic = Topic("figures", self.site)
        watched = await watch(self, Topic("home", ALL), topic)
        self.may_see = topic in watched.topics
        self.error = ""
        if self.may_see:
            await self._look(*(str(query.get(name, "")) for name in ("first", "last", "days")))
        self.loaded = True

    @rx.event
    def choose(self, form: dict[str, Any]) -> Any:
        """Look back on the days that were entered."""
        fields = form if isinstance(form, dict) else {}
        days = {name: str(fields.get(name, ""))[:10] for name in ("first", "last")}
        return rx.redirect(f"{ADDRESS}?{urlencode({'site': self.site, **days})}")

    async def _look(self, first: str, last: str, days: str) -> None:
        """Show these days; what is wrong with them is said, and the usual ones are shown."""
        zone = await ask(self, scoped.zone_of_statistics, site_id=self.site)
        here = today(call_of(self).now, zone)
        self.latest, self.days = here.isoformat(), 0
        shown = await self._asked(first or last, last or first) if first or last else None
        if shown is None:
            self.days = DAYS if self.error else min(_id(days) or DAYS, MOST_DAYS)
            shown = await self._shown(here - timedelta(days=self.days - 1), here)
        self.first, self.last = shown["first"], shown["last"]
        watching.current().tell(self, Topic("figures", self.site), SiteFigures, shown)

    async def _asked(self, first: str, last: str) -> dict[str, Any] | None:
        """What there is of days as they were written; None if they are none, and why is said."""
        try:
            return await self._shown(date.fromisoformat(first), date.fromisoformat(last))
        except DomainError as refusal:
            self.error = str(refusal)
        except ValueError:
            self.error = "Please check the days."
        return None

    async def _shown(self, first: date, last: date) -> dict[str, Any]:
        return await ask(self, _seen, site_id=self.site, first=first, last=last)


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 10 else None


def _seen(conn: Connection, actor: Actor, now: datetime, **asked: Any) -> dict[str, Any]:
    """What the page shows, all of it made in the thread that reads: a year is many rows."""
    return _vars(scoped.site_statistics(conn, actor, now, **asked))


def _vars(found: Statistics) -> dict[str, Any]:
    tables = {name: table.rows(found) for name, table in TABLES.items() if name != "now"}
    most = max((hour.held for hour in found.by_weekday), default=0)
    return {
        "site_id": found.site_id,
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "zone": found.time_zone,
        "assigned": found.assigned,
        "refused": found.refused,
        "open": found.open,
        "median_stay": long_words(found.stays.median) if found.stays.count else "–",
        "tables": {name: rows if _any(rows) else [] for name, rows in tables.items()},
        "hours": [{"hour": f"{h.hour:02}", "held": round(h.held, 1)} for h in found.by_hour],
        "days": [
            {"name": short_day(day.day), "assigned": day.assigned, "refused": day.refused}
            for day in found.by_day
        ],
        "stays": [{"name": name, "count": count} for name, count in tables["stays"]],
        "waits": [{"name": name, "count": count} for name, count in tables["waits"]],
        "refusals": [{"name": why, "count": count} for why, count in tables["refusals"][:8]],
        "banks": [{"name": row[0], "share": row[4]} for row in tables["banks"][:20]],
        "lines": [{"name": row[0], "wait": row[5], "help": row[8]} for row in tables["lines"][:20]],
        "joins": _joins(found),
        "week": _week(found, most),
        "said": {**_said(found), **charging_said(found.charging)},
        **charging_vars(found.charging, tables),
    }


def _any(rows: list[list[Any]]) -> bool:
    """Whether there is anything but noughts in a table."""
    return any(isinstance(cell, int | float) and cell for row in rows for cell in row)


def _joins(found: Statistics) -> list[dict[str, Any]]:
    """For each day how many joined all lines together, and how many were helped."""
    sums: dict[date, list[int]] = {day.day: [0, 0] for day in found.by_day}
    for one in found.line_days:
        both = sums.setdefault(one.day, [0, 0])
        both[0] += one.joined
        both[1] += one.done
    return [{"name": short_day(day), "joined": a, "helped": b} for day, (a, b) in sums.items()]


def _week(found: Statistics, most: float) -> list[list[Any]]:
    held = {(hour.weekday, hour.hour): hour.held for hour in found.by_weekday}
    return [
        [
            day,
            [
                [
                    f"{day}, {hour:02}:00: {held.get((weekday, hour), 0):.0f}",
                    round(100 * held.get((weekday, hour), 0) / most) if most else 0,
                ]
                for hour in range(24)
            ],
        ]
        for weekday, day in enumerate(WEEKDAYS)
    ]


def _said(found: Statistics) -> dict[str, str]:
    """What the pictures show, in a sentence."""
    said = {}
    doors = sum(count.total for count in found.now)
    top = max(found.by_hour, key=lambda hour: hour.held, default=None)
    if top is not None and top.held:
        said["hours"] = (
            f"Most are held at {top.hour:02}:00: {top.held:.0f} of {doors} lockers on average."
        )
    peak = max(found.by_weekday, key=lambda hour: hour.held, default=None)
    if peak is not None and peak.held and peak.weekday is not None:
        said["week"] = (
            f"The fullest hour of the week is {WEEKDAYS[peak.weekday]}, {peak.hour:02}:00, "
            f"with {peak.held:.0f} lockers on average."
        )
    busiest = max(found.by_day, key=lambda day: day.assigned, default=None)
    if busiest is not None and busiest.assigned:
        said["days"] = (
            f"Lockers given: {found.assigned}, most of them on {busiest.day:%A}, "
            f"{short_day(busiest.day)}: {busiest.assigned}. Refused: {found.refused}."
        )
    if found.stays.count:
        said["stays"] = (
            f"Half of them up to {long_words(found.stays.median)}, nine of ten up to "
            f"{long_words(found.stays.p90)}. {found.open} are held still."
        )
    if found.waits.count:
        took = found.waits.count
        others = sum(found.wait_outcomes.values()) - took
        said["waits"] = (
            f"Got one after a wait: {took}, half of them within {long_words(found.waits.median)}. "
            f"Left, or let it pass: {others}."
        )
    joined, helped = (
        sum(getattr(line, what) for line in found.lines) for what in ("joined", "done")
    )
    if joined or helped:
        said["joins"] = f"Joined: {joined}. Helped: {helped}."
    return said


def statistics() -> rx.Component:
    """The page."""
    return page(
        rx.el.h1("Statistics"),
        rx.cond(
            StatisticsPage.loaded,
            rx.cond(
                StatisticsPage.may_see,
                rx.fragment(
                    _choose_site(),
                    _choose_days(),
                    rx.cond(
                        SiteFigures.site_id == StatisticsPage.site,
                        _figures(),
                        skeleton(tall=True),
                    ),
                ),
                not_for_you("Staff of this site"),
            ),
            skeleton(tall=True),
        ),
        here=ADDRESS,
    )


def _choose_site() -> rx.Component:
    def tab(place: Item) -> Item:
        theirs = rx.Var.create(StatisticsPage.site_ids).contains(place["id"])
        return rx.cond(
            theirs | StatisticsPage.everywhere,
            rx.el.a(
                place["name"],
                href=f"{ADDRESS}?site=" + place["id"].to(str),
                aria_current=rx.cond(place["id"] == StatisticsPage.site, "page", "false"),
            ),
        )

    return rx.el.nav(rx.foreach(Home.places, tab), class_name="tabs", aria_label="Which site")


def _choose_days() -> rx.Component:
    def day(name: str, label: str, value: Item) -> rx.Component:
        return rx.el.div(
            rx.el.label(label, html_for=name),
            rx.el.input(
                id=name,
                name=name,
                type="date",
                default_value=value,
                key=value,
                max=StatisticsPage.latest,
                required=True,
            ),
            class_name="field",
        )

    address = f"{ADDRESS}?site=" + rx.Var.create(StatisticsPage.site).to(str) + "&days="
    return rx.el.section(
        rx.el.nav(
            *[
                rx.el.a(
                    text,
                    href=address + str(days),
                    aria_current=rx.cond(StatisticsPage.days == days, "page", "false"),
                )
                for days, text in SPANS
            ],
            class_name="tabs",
            aria_label="How far back",
        ),
        rx.el.form(
            day("first", "From", StatisticsPage.first),
            day("last", "To", StatisticsPage.last),
            rx.el.button("Show", type="submit", class_name="second"),
            on_submit=StatisticsPage.choose,
            class_name="days",
        ),
        rx.cond(
            StatisticsPage.error != "",
            rx.el.p(StatisticsPage.error, class_name="error", role="alert"),
        ),
        class_name="card",
        aria_label="Which days",
    )


def _figures() -> rx.Component:
    of = SiteFigures.tables
    said = SiteFigures.said
    return rx.fragment(
        rx.el.p(
            "From ",
            SiteFigures.first,
            " to ",
            SiteFigures.last,
            ", by the clocks of ",
            SiteFigures.zone,
            ".",
            class_name="soft",
        ),
        rx.el.dl(
            _fact("Got a locker", SiteFigures.assigned),
            _fact("Refused", SiteFigures.refused),
            _fact("Median stay", SiteFigures.median_stay),
            _fact("Held still", SiteFigures.open),
            class_name="in-short",
            aria_label="In short",
        ),
        _now(),
        _of("hours", hours_picture(SiteFigures.hours), of, said),
        _of("week", heat_map(SiteFigures.week), of, said),
        _of(
            "days",
            rx.fragment(
                bars_picture(SiteFigures.days, ("assigned", "held"), ("refused", "overdue")),
                key_of(("got a locker", "held"), ("refused", "overdue")),
            ),
            of,
            said,
        ),
        _of("refusals", bars_picture(SiteFigures.refusals, ("count", "overdue")), of, said),
        _of("stays", bars_picture(SiteFigures.stays, ("count", "held")), of, said),
        _of(
            "banks",
            rx.fragment(
                bars_picture(SiteFigures.banks, ("share", "held")),
                rx.el.p("Percent of the lockers that were held, day and night", class_name="soft"),
            ),
            of,
            said,
        ),
        _of("waits", bars_picture(SiteFigures.waits, ("count", "reserved")), of, said),
        _of(
            "lines",
            rx.fragment(
                bars_picture(SiteFigures.lines, ("wait", "reserved"), ("help", "free")),
                key_of(("mean wait, minutes", "reserved"), ("mean help, minutes", "free")),
            ),
            of,
            said,
        ),
        _of(
            "joins",
            rx.fragment(
                bars_picture(SiteFigures.joins, ("joined", "held"), ("helped", "free")),
                key_of(("joined", "held"), ("helped", "free")),
            ),
            of,
            said,
        ),
        rx.cond(
            SiteFigures.has_spots,
            charging_section(lambda name, picture: _of(name, picture, of, said)),
        ),
        rx.cond(
            SiteFigures.has_spots & StatisticsPage.runs_spots,
            rx.el.p(Download.create("CSV: All bookings of these days", href=_bookings_file())),
        ),
    )


def _of(name: str, picture: rx.Component, tables: Item, said: Item) -> rx.Component:
    sentence = said[name].to(str)
    rows = tables[name].to(list[list[Any]])
    return figure(
        name,
        picture,
        in_browser("({} ?? [])", rows).to(list[list[Any]]),
        _file(name),
        rx.cond(sentence, sentence, ""),
    )


def _now() -> rx.Component:
    """The banks as they are at this moment, live."""
    banks = in_browser(
        "(({}).find((place) => place.id === {})?.banks ?? [])", Home.places, StatisticsPage.site
    ).to(list[dict[str, Any]])
    columns = ("name", "total", "free", "held", "reserved", "overdue", "out_of_service", "waiting")
    rows = in_browser(
        "({}).map((bank) => [" + ", ".join(f"bank.{name}" for name in columns) + "])", banks
    ).to(list[list[Any]])
    picture = rx.fragment(
        bars_picture(
            banks,
            ("held", "held"),
            ("reserved", "reserved"),
            ("overdue", "overdue"),
            ("out_of_service", "out"),
            ("free", "free"),
            stacked=True,
        ),
        legend(),
    )
    return figure("now", picture, rows, _file("now"), "At this moment, live.")


def _file(name: str) -> Item:
    days = "?first=" + SiteFigures.first + "&last=" + SiteFigures.last
    return (
        "/api/v1/sites/"
        + rx.Var.create(StatisticsPage.site).to(str)
        + f"/statistics/{name}.csv"
        + days
    )


def _bookings_file() -> Item:
    days = "?first=" + SiteFigures.first + "&last=" + SiteFigures.last
    return "/api/v1/sites/" + rx.Var.create(StatisticsPage.site).to(str) + "/bookings.csv" + days


def _fact(name: str, value: Item) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(value, class_name="fact"), class_name="card")
