"""Home: what is mine at the top, then the places here with live counts."""

import reflex as rx

from locker_app.live.topics import ALL, Topic
from locker_app.web.components.browser import Countdown, Moment
from locker_app.web.components.charging import Left, stay_news
from locker_app.web.components.locker_cards import lost_locker
from locker_app.web.components.parts import (
    Item,
    in_browser,
    nothing_here,
    own_status,
    skeleton,
    some,
)
from locker_app.web.confirming import tap_to_confirm
from locker_app.web.live_states import Home, Me, Stays, TicketRow, Tickets
from locker_app.web.session import watch
from locker_app.web.template import page


class HomePage(rx.State):
    """The home page keeps nothing of its own."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch all places."""
        await watch(self, Topic("home", ALL))


def home() -> rx.Component:
    """The page."""
    return page(
        rx.el.h1(rx.cond(Me.signed_in, "Hello, " + Me.name, "Welcome"), id="title"),
        tap_to_confirm(),
        lost_locker(),
        stay_news(),
        rx.cond(
            some(Me.claims)
            | some(Me.waits)
            | some(_open_tickets())
            | some(Stays.rows)
            | some(Stays.waits),
            _mine(),
        ),
        rx.cond(
            Home.ready,
            rx.cond(some(Home.places), rx.foreach(Home.places, _place), nothing_here()),
            rx.el.div(
                skeleton(tall=True), skeleton(tall=True), skeleton(tall=True), class_name="cards"
            ),
        ),
        here="/",
    )


def _mine() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Yours"),
        rx.el.div(
            rx.foreach(Stays.rows, _stay),
            rx.foreach(Stays.waits, _line_for_a_spot),
            rx.foreach(_open_tickets(), _ticket),
            rx.foreach(Me.claims, _claim),
            rx.foreach(Me.waits, _wait),
            class_name="cards",
        ),
        aria_label="Yours",
        class_name="stack",
    )


def _open_tickets() -> Item:
    return in_browser("{}.filter((t) => t.ended_at === 0)", Tickets.rows).to(list[TicketRow])


def _ticket(ticket: Item) -> rx.Component:
    return rx.el.a(
        rx.el.span(rx.el.small("Number "), ticket["number"], class_name="fact"),
        rx.cond(
            ticket["status"] == "serving",
            rx.el.strong(
                "It's your turn", rx.cond(ticket["desk"] != "", ": " + ticket["desk"], "")
            ),
            rx.el.span("You are in line"),
        ),
        rx.el.span(ticket["queue_name"], class_name="soft"),
        href=f"/q/{ticket['code']}",
        class_name="card link",
        data_testid="my-ticket",
        data_phase=rx.cond(ticket["status"] == "serving", "turn", "wait"),
    )


def _claim(claim: Item) -> rx.Component:
    return rx.el.a(
        rx.el.span(claim["label"], class_name="fact"),
        own_status(claim["status"]),
        rx.el.span(claim["bank_name"], class_name="soft"),
        rx.cond(
            claim["held_until"] > 0,
            rx.el.span(
                "Take it within ", Countdown.create(until=claim["held_until"], over="no time left")
            ),
        ),
        rx.cond(
            claim["due_at"] > 0,
            rx.el.span("Give back by ", _due(claim)),
        ),
        href=f"/lockers/{claim['bank_id']}",
        class_name="card link",
    )


def _due(claim: Item) -> rx.Component:
    return Moment.create(at=claim["due_at"], zone=claim["time_zone"], form="clock")


def _wait(place: Item) -> rx.Component:
    return rx.el.a(
        rx.el.span("Waiting list", class_name="fact small"),
        rx.el.span(place["bank_name"], class_name="soft"),
        href=f"/lockers/{place['bank_id']}",
        class_name="card link",
    )


def _stay(stay: Item) -> rx.Component:
    """A charging spot of mine."""

    def clock(at: Item) -> rx.Component:
        return Moment.create(at=at, zone=stay["time_zone"], form="clock")

    return rx.el.a(
        rx.el.span(rx.el.small("Spot "), stay["name"], class_name="fact"),
        rx.match(
            stay["status"],
            (
                "offered",
                rx.el.strong("Held for you: take it within ", Left.create(until=stay["leaves_at"])),
            ),
            ("overstayed", rx.el.strong("Overstayed since ", clock(stay["leaves_at"]))),
            ("booked", rx.el.span("Booked from ", clock(stay["starts_at"]))),
            rx.el.span("Yours until ", clock(stay["leaves_at"])),
        ),
        rx.el.span("Charging · ", stay["site_name"], class_name="soft"),
        href=f"/c/{stay['code']}",
        class_name="card link",
        data_testid="my-stay",
        data_phase=rx.cond(stay["status"] == "offered", "turn", "wait"),
    )


def _line_for_a_spot(wait: Item) -> rx.Component:
    return rx.cond(
        wait["offered"],
        rx.fragment(),
        rx.el.a(
            rx.el.span("In line", class_name="fact small"),
            rx.el.span("for a charging spot"),
            rx.el.span(wait["site_name"], class_name="soft"),
            href=f"/c/{wait['code']}",
            class_name="card link",
        ),
    )


def _place(place: Item) -> rx.Component:
    return rx.el.section(
        rx.el.h2(place["name"]),
        rx.cond(
            ~place["is_open"],
            rx.el.p(
                "No lockers are given out now. ",
                rx.cond(
                    place["opens_at"] > 0,
                    rx.fragment(
                        "Opens ",
                        Moment.create(at=place["opens_at"], zone=place["time_zone"], form="clock"),
                    ),
                ),
                class_name="soft",
            ),
        ),
        rx.cond(
            place["inside"] >= 0,
            rx.el.p(
                rx.el.strong(place["inside"]),
                rx.cond(place["inside"] == 1, " person is inside", " people are inside"),
                class_name="soft",
                data_testid="inside",
            ),
        ),
        rx.el.div(
            rx.foreach(place["queues"], _queue),
            rx.foreach(place["chargers"], lambda row: _chargers(row, place)),
            rx.foreach(place["banks"], _bank),
            class_name="cards",
        ),
        aria_label=place["name"],
        class_name="stack",
    )


def _queue(queue: Item) -> rx.Component:
    return rx.el.a(
        rx.el.h3(queue["name"]),
        rx.el.p(
            "Line for help",
            rx.cond(queue["place"] != "", " · " + queue["place"], ""),
            class_name="soft small",
        ),
        rx.el.p(
            queue["waiting"], rx.el.small(" waiting"), class_name="fact", data_testid="waiting"
        ),
        rx.el.p(_how_it_goes(queue), class_name="soft"),
        href=f"/q/{queue['code']}",
        class_name="card link",
        data_testid="queue-card",
    )


def _how_it_goes(queue: Item) -> Item:
    """In a few words: closed, on a break, or about how long a new ticket takes."""
    return rx.match(
        queue["mode"],
        ("closed", "closed"),
        ("draining", "no more tickets"),
        rx.cond(
            queue["paused"],
            "a short break",
            rx.cond(
                (queue["waiting"] == 0) & (queue["serving"] == 0),
                "nobody is here right now",
                rx.cond(
                    queue["minutes"] > 0,
                    "about " + queue["minutes"].to_string() + " min for a new ticket",
                    rx.cond(queue["minutes"] == 0, "less than a minute", ""),
                ),
            ),
        ),
    )


def _chargers(row: Item, place: Item) -> rx.Component:
    return rx.el.a(
        rx.el.h3("Charging spots"),
        rx.el.p(
            row["free"],
            rx.el.small(" of ", row["total"], " free"),
            class_name="fact",
            data_testid="free-spots",
        ),
        rx.el.div(
            rx.el.span(style={"width": f"calc(100% * {row['free']} / max(1, {row['total']}))"}),
            class_name="bar",
            aria_hidden="true",
        ),
        rx.cond(
            row["next_at"] > 0,
            rx.el.p(
                "next about ",
                Moment.create(at=row["next_at"], zone=place["time_zone"], form="clock"),
                class_name="soft",
            ),
        ),
        rx.cond(row["waiting"] > 0, rx.el.p(row["waiting"], " waiting", class_name="soft small")),
        href=f"/chargers/{row['site_id']}",
        class_name="card link",
        data_testid="chargers-card",
    )


def _bank(bank: Item) -> rx.Component:
    return rx.el.a(
        rx.el.h3(bank["name"]),
        rx.el.p(bank["place"], class_name="soft small"),
        rx.el.p(
            bank["free"],
            rx.el.small(" of ", bank["total"], " free"),
            class_name="fact",
            data_testid="free-count",
        ),
        rx.el.div(
            rx.el.span(style={"width": f"calc(100% * {bank['free']} / max(1, {bank['total']}))"}),
            class_name="bar",
            aria_hidden="true",
        ),
        rx.cond(
            bank["waiting"] > 0,
            rx.el.p(bank["waiting"], " waiting", class_name="soft small"),
        ),
        rx.cond(
            bank["out_of_service"] > 0,
            rx.el.p(bank["out_of_service"], " out of service", class_name="soft small"),
        ),
        href=f"/lockers/{bank['id']}",
        class_name="card link",
    )
