"""After class: what became of a queue's tickets on some days, in pictures, tables and a file."""

from datetime import date, timedelta
from typing import Any

import reflex as rx

from locker_app.domain.days import today
from locker_app.domain.waits import Pace
from locker_app.live import watching
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.queries import scoped
from locker_app.queries.after_class import AfterClass, Part, Times, bar_names
from locker_app.web.components.browser import Download
from locker_app.web.components.charts import bars, duration, parts_table
from locker_app.web.components.helm_rules import helm_head
from locker_app.web.components.parts import Item, in_browser, skeleton, some
from locker_app.web.live_states import Helm, LookBack
from locker_app.web.pages.board import no_such_queue
from locker_app.web.session import call_of, id_in_address, read, watch
from locker_app.web.template import page

_ANY_END = "All tickets count, however they ended."
SPANS = ((1, "Today"), (7, "7 days"), (30, "30 days"), (182, "Half a year"))


@set_on_load("shown", "may_see", "loaded")
class AfterClassPage(rx.State):
    """Which queue is looked back on, and on which days. What was found is on the screen alone."""

    shown: int = 0
    may_see: bool = False
    loaded: bool = False
    _first: date | None = None
    _last: date | None = None

    @rx.event
    async def load(self) -> None:
        """Look back on the days that were chosen, or on today."""
        before, self.shown = self.shown, id_in_address(self, "queue")
        if self.shown != before:
            self._first = self._last = None
        topic = Topic("helm", self.shown)
        watched = await watch(self, topic)
        self.may_see = topic in watched.topics
        self.loaded = True
        await self._look()

    @rx.event
    async def choose(self, form: dict[str, Any]) -> None:
        """Look back on the days that were entered."""
        self._first, self._last = (_day(form, name) for name in ("first", "last"))
        await self._look()

    @rx.event
    async def choose_last(self, days: int) -> None:
        """Look back on today and the days before."""
        count = days if type(days) is int and 0 < days < 400 else 1
        found = await read(self, scoped.queue_looked_back, queue_id=self.shown)
        if found is not None:
            here = today(call_of(self).now, found.time_zone)
            self._first, self._last = here - timedelta(days=count - 1), here
            await self._look()

    async def _look(self) -> None:
        if not self.may_see:
            return
        found = await read(
            self,
            scoped.queue_looked_back,
            queue_id=self.shown,
            first=self._first,
            last=self._last,
        )
        if found is not None:
            topic = Topic("helm", self.shown)
            watching.current().tell(self, topic, LookBack, _vars(found))


def _day(form: Any, name: str) -> date | None:
    text = form.get(name) if isinstance(form, dict) else None
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _vars(found: AfterClass) -> dict[str, Any]:
    counts = found.counts
    return {
        "queue_id": found.queue_id,
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "tickets": found.tickets,
        "done": found.done,
        "no_shows": found.no_shows,
        "left": counts.get("withdrawn", 0) + counts.get("removed", 0),
        "cleared": counts.get("cleared", 0),
        "waits": _times(found.waits),
        "services": _times(found.services),
        "bars": _bars(found),
        "by_hour": _parts(found.by_hour),
        "by_day": _parts(found.by_day),
        "by_group": _parts(found.by_group),
        "by_staff": _parts(found.by_staff),
        "groups": found.groups,
        "estimates": _estimates(found.pace),
    }


def _times(times: Times) -> list[int]:
    return [times.mean, times.median, times.p90, times.longest] if times.count else []


def _estimates(pace: Pace) -> list[int]:
    return [round(pace.inside * pace.of), pace.of, round(pace.typical_error)] if pace.of else []


def _bars(found: AfterClass) -> list[list[Any]]:
    most = max(found.wait_bars)
    named = zip(bar_names(), found.wait_bars, strict=True)
    return [[name, count, _share(count, most)] for name, count in named] if most else []


def _parts(parts: list[Part]) -> list[list[Any]]:
    most = max((part.tickets for part in parts), default=0)
    return [
        [
            *(part.key, part.tickets, part.done, part.no_show),
            part.tickets - part.done - part.no_show,
            *(part.mean_wait, part.mean_service, _share(part.tickets, most)),
        ]
        for part in parts
    ]


def _share(count: int, most: int) -> int:
    return round(100 * count / most) if most else 0


def after_class() -> rx.Component:
    """The page."""
    state = AfterClassPage
    return page(
        rx.cond(
            state.loaded,
            rx.cond(
                state.may_see,
                rx.cond(Helm.queue_id == state.shown, _looking_back(), _waiting()),
                rx.fragment(rx.el.h1("After class"), no_such_queue()),
            ),
            _waiting(),
        ),
        here="/staff/queues",
    )


def _waiting() -> rx.Component:
    return rx.fragment(rx.el.h1("After class"), skeleton(tall=True))


def _looking_back() -> rx.Component:
    return rx.fragment(
        helm_head("after"),
        rx.cond(
            LookBack.queue_id == AfterClassPage.shown,
            rx.fragment(
                _choose(),
                rx.cond(LookBack.tickets > 0, _found(), _nothing()),
            ),
            skeleton(tall=True),
        ),
    )


def _choose() -> rx.Component:
    def day(name: str, label: str, value: Item) -> rx.Component:
        return rx.el.div(
            rx.el.label(label, html_for=name),
            rx.el.input(
                id=name, name=name, type="date", default_value=value, key=value, required=True
            ),
            class_name="field",
        )

    address = f"/api/v1/queues/{LookBack.queue_id}/tickets.csv"
    return rx.el.section(
        rx.el.div(
            *[
                rx.el.button(
                    text,
                    type="button",
                    class_name="second",
                    on_click=AfterClassPage.choose_last(days),
                )
                for days, text in SPANS
            ],
            class_name="row",
        ),
        rx.el.form(
            day("first", "From", LookBack.first),
            day("last", "To", LookBack.last),
            rx.el.button("Show", type="submit", class_name="second"),
            Download.create(
                "Download as CSV", href=f"{address}?first={LookBack.first}&last={LookBack.last}"
            ),
            on_submit=AfterClassPage.choose,
            class_name="days",
        ),
        class_name="card",
        aria_label="Which days",
    )


def _nothing() -> rx.Component:
    return rx.el.div(
        rx.el.h2("Nobody was helped in this time"),
        rx.el.p("Choose other days above. What happens today appears here as tickets end."),
        class_name="card",
    )


def _found() -> rx.Component:
    return rx.fragment(
        rx.el.dl(
            _fact("Helped", LookBack.done, ""),
            _fact("Did not come", LookBack.no_shows, ""),
            _fact("Left the line", LookBack.left, ""),
            _fact("Cleared", LookBack.cleared, "by a reset"),
            class_name="in-short",
            aria_label="In short",
        ),
        rx.el.div(
            _times_card("Waits", LookBack.waits, "from taking a ticket to being called"),
            _times_card("Help", LookBack.services, "from being called to done"),
            _estimates_card(),
            class_name="cards",
        ),
        bars("How long people waited", LookBack.bars, ("Waited", "Tickets")),
        parts_table(
            "By hour",
            "Hour",
            LookBack.by_hour,
            f"By the hour in which a ticket was taken. {_ANY_END}",
            ended=True,
        ),
        rx.cond(
            LookBack.first != LookBack.last,
            parts_table(
                "By day",
                "Day",
                LookBack.by_day,
                f"By the day on which a ticket ended. {_ANY_END}",
                ended=True,
            ),
        ),
        parts_table("By group", "Group", LookBack.by_group, _ANY_END, ended=True),
        rx.cond(
            rx.Var.create(LookBack.by_group).length() < LookBack.groups,
            rx.el.p("These groups came most often. The file has all.", class_name="soft"),
        ),
        rx.cond(
            some(LookBack.by_staff),
            parts_table(
                "Who helped",
                "Who",
                LookBack.by_staff,
                "Those whom they helped, and those who did not come when they called.",
                ended=False,
            ),
        ),
    )


def _estimates_card() -> rx.Component:
    found = LookBack.estimates

    def of(place: int) -> Item:
        return in_browser("({}[{}] ?? 0)", found, place).to(int)

    return rx.el.section(
        rx.el.h2("Estimates"),
        rx.el.p(
            "of the wait, as people read them when they took a ticket", class_name="soft small"
        ),
        rx.cond(
            some(found),
            rx.fragment(
                rx.el.p(
                    *(of(0), " of the last ", of(1), " waits were inside what was said here."),
                ),
                rx.el.p("Half of them were off by ", duration(of(2)), " or less."),
            ),
            rx.el.p("How good they are is not known yet.", class_name="soft"),
        ),
        class_name="card",
    )


def _fact(name: str, value: Item, unit: str) -> rx.Component:
    return rx.el.div(
        rx.el.dt(name),
        rx.el.dd(value, rx.el.small(" ", unit) if unit else "", class_name="fact"),
        class_name="card",
    )


def _times_card(title: str, times: Item, meaning: str) -> rx.Component:
    names = ("On average", "Half of them up to", "Nine of ten up to", "The longest")
    rows = [
        rx.el.div(rx.el.dt(name), rx.el.dd(duration(in_browser("({}[{}] ?? 0)", times, index))))
        for index, name in enumerate(names)
    ]
    return rx.el.section(
        rx.el.h2(title),
        rx.el.p(meaning, class_name="soft small"),
        rx.cond(
            some(times), rx.el.dl(*rows, class_name="times"), rx.el.p("None.", class_name="soft")
        ),
        class_name="card",
    )
