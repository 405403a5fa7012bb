"""What a bank's page shows of mine: the locker, the one held for me, my place in the line."""

import reflex as rx

from locker_app.web.components.browser import Attention, Countdown, Moment, new_request_id
from locker_app.web.components.parts import Item, in_browser, status
from locker_app.web.live_states import Bank, Me


def lost_locker() -> rx.Component:
    """That my locker was taken back, and why, where else it would just be gone."""
    by_staff = rx.fragment(
        "Staff released locker ", rx.el.strong(Me.lost_label), " (", Me.lost_bank, "): "
    )
    return rx.cond(
        Me.lost_label != "",
        rx.el.div(
            rx.cond(
                Me.lost_cause == "forced",
                rx.fragment(by_staff, Me.lost_reason, ". Ask at the desk for what was in it."),
                rx.fragment(
                    "The time for locker ",
                    rx.el.strong(Me.lost_label),
                    " was over, and it was given back. Ask at the desk for what was in it.",
                ),
            ),
            class_name="box",
            data_tone="bad",
            role="alert",
            data_testid="lost-locker",
        ),
    )


def claim_card(claim: Item, page: Item) -> rx.Component:
    """A locker that is mine or held for me, as the page with the State class `page` shows it."""
    here = claim["bank_id"] == Bank.bank_id
    return rx.cond(
        here,
        rx.cond(claim["held_until"] > 0, _held_for_me(claim, page), _mine(claim, page)),
        _elsewhere(claim),
    )


def _mine(claim: Item, page: Item) -> rx.Component:
    return rx.el.section(
        rx.el.p("Your locker", class_name="soft"),
        rx.el.p(claim["label"], class_name="number", data_testid="my-locker"),
        rx.cond(
            claim["status"] == "o",
            status("o"),
            _yours(),
        ),
        rx.el.p(
            "since ",
            Moment.create(at=claim["since"], zone=Bank.time_zone, form="clock"),
            class_name="soft",
        ),
        rx.cond(claim["due_at"] > 0, _due(claim)),
        rx.el.div(
            rx.el.button(
                "Give it back",
                type="button",
                on_click=page.give_back(claim["assignment_id"], new_request_id()),
                class_name="primary",
            ),
            class_name="act",
        ),
        aria_label="Your locker",
        class_name="card ticket",
        data_status=claim["status"],
    )


def _yours() -> rx.Component:
    return rx.el.span("yours", class_name="status", data_status="h")


def _due(claim: Item) -> rx.Component:
    when = Moment.create(at=claim["due_at"], zone=Bank.time_zone, form="clock")
    soon = Moment.create(at=claim["due_at"], zone=Bank.time_zone, form="relative")
    return rx.cond(
        claim["status"] == "o",
        rx.el.p("The time was over at ", when, ". Please give it back.", class_name="error"),
        rx.cond(
            claim["reminded"],
            rx.el.p("Nearly over: give it back by ", when, " (", soon, ").", class_name="box"),
            rx.el.p("Give it back by ", when),
        ),
    )


def _held_for_me(claim: Item, page: Item) -> rx.Component:
    return rx.el.section(
        Attention.create(text="Locker held for you"),
        rx.el.p("Held for you"),
        rx.el.p(claim["label"], class_name="number", data_testid="held-locker"),
        rx.el.p(
            "Take it within ",
            Countdown.create(until=claim["held_until"], over="no time left"),
            ", or it goes to the next in line.",
        ),
        rx.el.div(
            if_open(
                rx.el.button(
                    "Take this locker",
                    type="button",
                    on_click=page.take_held(claim["assignment_id"], new_request_id()),
                    class_name="primary",
                )
            ),
            rx.el.button(
                "Let it go",
                type="button",
                on_click=page.leave(claim["wait_id"], new_request_id()),
                class_name="second",
            ),
            class_name="act",
        ),
        aria_label="Held for you",
        aria_live="polite",
        class_name="card ticket",
        data_status="r",
    )


def _elsewhere(claim: Item) -> rx.Component:
    return rx.el.section(
        rx.el.h2("Locker ", claim["label"], " is yours"),
        rx.el.p("It is in ", claim["bank_name"], ". Give it back there to get one here."),
        rx.el.a(
            "Go to locker ",
            claim["label"],
            href=f"/lockers/{claim['bank_id']}",
            class_name="button second",
        ),
        class_name="card",
    )


def wait_card(place: Item, page: Item) -> rx.Component:
    """My place in a waiting list."""
    ahead = _index_in_line(place["wait_id"])
    return rx.cond(
        place["bank_id"] == Bank.bank_id,
        rx.el.section(
            rx.el.p("Your place in the waiting list", class_name="soft"),
            rx.el.p(ahead + 1, class_name="number", data_testid="my-place"),
            rx.el.p(
                "When a locker is free, it is held for you for ",
                Bank.hold_minutes,
                " minutes. This page tells you.",
            ),
            rx.el.div(
                rx.el.button(
                    "Leave the waiting list",
                    type="button",
                    on_click=page.leave(place["wait_id"], new_request_id()),
                    class_name="second",
                ),
                class_name="act",
            ),
            aria_label="Waiting list",
            class_name="card ticket",
        ),
        rx.el.section(
            rx.el.h2("You are waiting for a locker in ", place["bank_name"]),
            rx.el.p("If you take one here, you leave that waiting list."),
            take_button(page),
            rx.el.a("Go there", href=f"/lockers/{place['bank_id']}", class_name="button second"),
            class_name="card",
        ),
    )


def _index_in_line(wait_id: Item) -> Item:
    """How many are before this place, counted in the browser: the line is the same for all."""
    return in_browser("Math.max(0, {}.indexOf({}))", Bank.line, wait_id).to(int)


def if_open(shown: rx.Component) -> Item:
    """What there is to do while the site gives lockers out; else when it does again."""
    return rx.cond(Bank.is_open, shown, _closed())


def _closed() -> rx.Component:
    return rx.el.div(
        rx.el.p(rx.el.strong("Closed now: no lockers are given out.")),
        rx.cond(
            Bank.opens_at > 0,
            rx.el.p("Opens ", Moment.create(at=Bank.opens_at, zone=Bank.time_zone, form="clock")),
        ),
        rx.el.p("Giving back is always possible.", class_name="soft"),
        class_name="box",
        role="status",
        data_testid="closed",
    )


def closing_soon() -> Item:
    """When the hours end, where there are any."""
    return rx.cond(
        Bank.closes_at > 0,
        rx.el.p(
            "Lockers are given out until ",
            Moment.create(at=Bank.closes_at, zone=Bank.time_zone, form="clock"),
            ".",
            class_name="soft",
        ),
    )


def take_button(page: Item) -> Item:
    """The one button that matters."""
    return if_open(_take_button(page))


def _take_button(page: Item) -> rx.Component:
    return rx.el.div(
        rx.el.button(
            "Get a locker",
            type="button",
            on_click=page.take(new_request_id()),
            class_name="primary",
        ),
        class_name="act",
    )
