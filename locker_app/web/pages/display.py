"""The screen of a room: whose turn it is, who is next, and how to join. Numbers, never names.

It hangs on a wall for days, is read from the last row, and nobody touches it.
"""

from typing import Any

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.serving.addresses import is_for_phones, join_address
from locker_app.settings import get_settings
from locker_app.web.components.browser import Freshness, Moment
from locker_app.web.components.line import (
    ESTIMATE_WORDS,
    Chime,
    Estimate,
    StayAlive,
    WallClock,
)
from locker_app.web.components.parts import Item, count, in_browser, some
from locker_app.web.components.tickets import line_is_full
from locker_app.web.live_states import Line, Pulse, Room
from locker_app.web.session import id_in_address, watch
from locker_app.web.words import ONLY_HERE

NEXT_SHOWN = 6
_SIZE = "({0}.length > 120 ? 'small' : {0}.length > 60 ? 'medium' : 'large')"
"""Of the letters of what staff say: the longest they can write has to stand there whole."""


@set_on_load("shown", "missing", "join_at", "for_phones")
class DisplayPage(rx.State):
    """Which queue the screen shows, and the address that it tells the room."""

    shown: int = 0
    missing: bool = False
    join_at: str = ""
    for_phones: bool = True
    """Whether that address means this server to phones too."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the queue that the address names; for its staff, the room's code too."""
        self.shown = id_in_address(self, "queue")
        topic = Topic("queue", self.shown)
        watched = await watch(self, topic, Topic("room", self.shown))
        self.missing = topic not in watched.topics
        asked = join_address(get_settings(), f"http://{self.router.headers.host}")
        self.join_at, self.for_phones = asked.partition("://")[2], is_for_phones(asked)


def display() -> rx.Component:
    """The page."""
    return rx.el.div(
        StayAlive.create(),
        rx.cond(
            DisplayPage.missing,
            _missing(),
            rx.cond(
                (Line.queue_id == DisplayPage.shown) & (DisplayPage.shown > 0), _shown(), _coming()
            ),
        ),
        class_name="wall",
    )


def _freshness() -> rx.Component:
    return Freshness.create(
        beat=Pulse.beat_at,
        disconnected=has_connection_errors,
        session=Pulse.session,
        live_text="Live",
        lost_text="Reconnecting",
        as_of_text="· as of",
        refused_text="",
    )


def _coming() -> rx.Component:
    return rx.el.main(
        rx.el.h1("The line", class_name="unseen"), _freshness(), class_name="wall-main"
    )


def _missing() -> rx.Component:
    return rx.el.main(
        rx.el.h1("There is no line at this address"),
        rx.el.p(rx.el.a("See all lines", href="/")),
        _freshness(),
        class_name="wall-main",
    )


def _shown() -> rx.Component:
    return rx.fragment(
        rx.el.header(
            rx.el.div(
                rx.el.h1(Line.name),
                rx.el.p(Line.place, class_name="soft"),
            ),
            rx.el.div(
                Chime.create(numbers=_numbers(), button="Turn on the chime"),
                _freshness(),
                WallClock.create(zone=Line.time_zone),
                class_name="wall-corner",
            ),
            class_name="wall-top",
        ),
        rx.el.main(_now(), _next(), class_name="wall-main"),
        rx.el.footer(_announcement(), _join(), class_name="wall-foot"),
    )


def _numbers() -> Item:
    return in_browser("{}.map((row) => row[0])", Line.serving).to(list[int])


def _now() -> rx.Component:
    return rx.el.section(
        rx.el.h2(rx.cond(some(Line.serving), "Now serving", _idle_title())),
        rx.cond(
            some(Line.serving),
            rx.el.ul(
                rx.foreach(Line.serving, _turn),
                class_name="wall-numbers",
                data_count=rx.cond(count(Line.serving) > 8, 9, count(Line.serving)),
            ),
            rx.el.p(
                rx.cond(Line.shown > 0, Line.shown, "–"),
                class_name="wall-number last",
                data_testid="last-called",
            ),
        ),
        aria_live="polite",
        class_name="wall-now",
    )


def _idle_title() -> Item:
    return rx.cond(
        Line.mode == "closed", "Closed", rx.cond(Line.shown > 0, "Called last", "Nobody yet")
    )


def _turn(row: Item) -> rx.Component:
    return rx.el.li(
        rx.el.span(row[0].to_string(), class_name="wall-number", data_testid="serving"),
        rx.cond(row[1] != "", rx.el.span(row[1], class_name="wall-desk")),
        key=row[0].to_string(),
    )


def _next() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Next"),
        rx.cond(
            some(Line.line),
            rx.el.ol(
                rx.foreach(
                    rx.Var.create(Line.line)[:NEXT_SHOWN],
                    lambda number: rx.el.li(number.to_string(), data_testid="next"),
                ),
                class_name="wall-next",
            ),
            rx.el.p("Nobody is waiting.", class_name="soft"),
        ),
        rx.el.p(
            rx.el.strong(count(Line.line), " waiting"),
            rx.cond(
                some(Line.line) & ~Line.paused & (Line.mode == "open") & Line.pace["known"],
                rx.el.span(
                    " · a new ticket: ",
                    Estimate.create(
                        pace=Line.pace, ahead=count(Line.line), words=ESTIMATE_WORDS, brief=True
                    ),
                    class_name="soft",
                ),
            ),
            class_name="wall-waiting",
        ),
        class_name="wall-side",
    )


def _state(text: Any) -> rx.Component:
    return rx.el.p(text, class_name="wall-state", data_testid="state")


def _announcement() -> rx.Component:
    """What is to be known now: what staff say, and what the line does not do."""
    return rx.el.div(
        rx.cond(
            Line.announcement != "",
            rx.el.p(
                Line.announcement,
                class_name="wall-said",
                data_size=in_browser(_SIZE, Line.announcement).to(str),
                data_testid="announcement",
            ),
        ),
        rx.match(
            Line.mode,
            ("draining", _state("No more tickets. Those in line are still helped.")),
            (
                "closed",
                _state(
                    rx.cond(
                        Line.opens_at > 0,
                        rx.el.span(
                            "The line is closed. It opens ",
                            Moment.create(at=Line.opens_at, zone=Line.time_zone, form="auto"),
                            ".",
                        ),
                        "The line is closed.",
                    )
                ),
            ),
            rx.cond(
                Line.paused,
                _state("A short break. Everybody keeps their place."),
                rx.cond(
                    line_is_full(),
                    _state("The line is full for the moment."),
                    rx.fragment(),
                ),
            ),
        ),
        role="status",
        class_name="wall-says",
    )


def _join() -> rx.Component:
    return rx.cond(
        Line.mode == "open",
        rx.el.div(
            rx.el.div(
                rx.el.p("Need help? Take a ticket:", class_name="soft"),
                rx.el.p(
                    rx.el.span(DisplayPage.join_at, "/q/"),
                    rx.el.strong(Line.code),
                    class_name="wall-address",
                    data_testid="address",
                ),
                rx.cond(
                    (Room.queue_id == Line.queue_id) & ~DisplayPage.for_phones,
                    rx.el.p(ONLY_HERE, class_name="wall-only-here", data_testid="only-here"),
                ),
                rx.cond(
                    Line.wants_room_pin,
                    rx.cond(
                        (Room.queue_id == Line.queue_id) & (Room.room_pin != ""),
                        rx.el.p(
                            "Code of the room: ",
                            rx.el.strong(Room.room_pin, data_testid="room-pin"),
                            class_name="wall-pin",
                        ),
                        rx.el.p(
                            "You also need the code of the room. ",
                            rx.el.small(
                                rx.el.a("Sign in as staff", href="/staff/sign-in"),
                                " here to show it.",
                            ),
                            class_name="soft",
                        ),
                    ),
                ),
            ),
            rx.el.img(
                src="/qr/q/" + Line.code + ".svg",
                alt="QR code of this address",
                class_name="wall-qr",
            ),
            class_name="wall-join",
        ),
    )
