"""A bank of lockers: one button to get one; then its number, large, and the way to give it back."""

import reflex as rx

from locker_app.live.topics import Topic
from locker_app.services import lockers, waiting
from locker_app.web.components.browser import Attention, Cabinet, Countdown, Moment, new_request_id
from locker_app.web.components.parts import (
    WORDS,
    Item,
    checkbox,
    in_browser,
    legend,
    skeleton,
    some,
    status,
)
from locker_app.web.live_states import Bank, Me
from locker_app.web.session import id_in_address, perform, watch
from locker_app.web.template import page


class BankPage(rx.State):
    """Which bank the page shows, and what its visitor ticked."""

    shown: int = 0
    missing: bool = False
    low_only: bool = False

    @rx.event
    async def load(self) -> None:
        """Begin to watch the bank that the address names."""
        self.shown = id_in_address(self, "bank")
        topic = Topic("bank", self.shown)
        watched = await watch(self, topic)
        self.missing = topic not in watched.topics

    @rx.event
    def set_low_only(self, wanted: bool) -> None:
        """Ask only for lockers at accessible height, or for any."""
        self.low_only = wanted is True

    @rx.event
    async def take(self, request_id: str) -> None:
        """Get a locker here."""
        await perform(
            self,
            lockers.take_locker,
            request_id,
            said="Locker {0.label} is yours.",
            bank_id=self.shown,
            accessible=self.low_only,
        )

    @rx.event
    async def take_held(self, assignment_id: int, request_id: str) -> None:
        """Take the locker that is held for me."""
        said = "Locker {0.label} is yours."
        await perform(self, waiting.take_held, request_id, said, assignment_id=assignment_id)

    @rx.event
    async def give_back(self, assignment_id: int, request_id: str) -> None:
        """Give my locker back."""
        said = "Locker {0} is given back. Thank you."
        await perform(self, lockers.give_back, request_id, said, assignment_id=assignment_id)

    @rx.event
    async def join(self, request_id: str) -> None:
        """Join the waiting list."""
        said = "You are on the waiting list."
        await perform(
            self,
            waiting.join_waiting,
            request_id,
            said,
            bank_id=self.shown,
            accessible=self.low_only,
        )

    @rx.event
    async def leave(self, wait_id: int, request_id: str) -> None:
        """Leave the waiting list, or let the held locker go."""
        said = "You are no longer on the waiting list."
        await perform(self, waiting.leave_waiting, request_id, said, wait_id=wait_id)


def bank() -> rx.Component:
    """The page."""
    return page(
        rx.cond(
            BankPage.missing,
            _missing(),
            rx.cond((Bank.bank_id == BankPage.shown) & (BankPage.shown > 0), _shown(), _coming()),
        ),
    )


def _coming() -> rx.Component:
    return rx.el.div(
        rx.el.h1("Lockers", class_name="unseen"),
        skeleton(),
        rx.el.div(skeleton(tall=True), skeleton(tall=True), class_name="two"),
        class_name="stack",
    )


def _missing() -> rx.Component:
    return rx.el.div(
        rx.el.h1("There are no lockers at this address"),
        rx.el.p("The bank may have been moved or removed."),
        rx.el.a("See all lockers", href="/", class_name="button second"),
        class_name="card narrow",
    )


def _shown() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.h1(Bank.name),
            rx.el.p(Bank.site_name, " · ", Bank.place, class_name="soft"),
        ),
        rx.el.div(
            rx.el.div(_action(), class_name="stack"),
            _doors(),
            class_name="two",
        ),
    )


def _action() -> rx.Component:
    """The one thing to do here now."""
    has_any = some(Me.claims) | some(Me.waits)
    return rx.fragment(
        rx.foreach(Me.claims, _claim),
        rx.foreach(Me.waits, _wait),
        rx.cond(has_any, rx.fragment(), _get_one()),
    )


def _claim(claim: Item) -> rx.Component:
    here = claim["bank_id"] == Bank.bank_id
    return rx.cond(
        here, rx.cond(claim["held_until"] > 0, _held_for_me(claim), _mine(claim)), _elsewhere(claim)
    )


def _mine(claim: Item) -> rx.Component:
    return rx.el.section(
        rx.el.p("Your locker", class_name="soft"),
        rx.el.p(claim["label"], class_name="number", data_testid="my-locker"),
        rx.cond(
            claim["status"] == "o",
            status("o"),
            _yours(),
        ),
        rx.el.p("since ", Moment.create(at=claim["since"], zone=Bank.time_zone), class_name="soft"),
        rx.cond(claim["due_at"] > 0, _due(claim)),
        rx.el.div(
            rx.el.button(
                "Give it back",
                type="button",
                on_click=BankPage.give_back(claim["assignment_id"], new_request_id()),
                class_name="primary",
            ),
            class_name="act thumb",
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


def _held_for_me(claim: Item) -> rx.Component:
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
            rx.el.button(
                "Take this locker",
                type="button",
                on_click=BankPage.take_held(claim["assignment_id"], new_request_id()),
                class_name="primary",
            ),
            rx.el.button(
                "Let it go",
                type="button",
                on_click=BankPage.leave(claim["wait_id"], new_request_id()),
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


def _wait(place: Item) -> rx.Component:
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
                    on_click=BankPage.leave(place["wait_id"], new_request_id()),
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
            _take_button(),
            rx.el.a("Go there", href=f"/lockers/{place['bank_id']}", class_name="button second"),
            class_name="card",
        ),
    )


def _index_in_line(wait_id: Item) -> Item:
    """How many are before this place, counted in the browser: the line is the same for all."""
    return in_browser("Math.max(0, {}.indexOf({}))", Bank.line, wait_id).to(int)


def _get_one() -> rx.Component:
    return rx.el.section(
        rx.el.p(
            Bank.free,
            rx.el.small(" of ", Bank.total, " free"),
            class_name="fact",
            data_testid="free-count",
        ),
        rx.cond(
            Bank.limit_minutes > 0,
            rx.el.p("You may keep a locker here for ", _hours(), ".", class_name="soft"),
        ),
        rx.cond(Me.signed_in, _take_or_wait(), _sign_in()),
        aria_label="Get a locker",
        class_name="card",
    )


def _hours() -> Item:
    minutes = rx.Var.create(Bank.limit_minutes)
    hours = (minutes // 60).to_string() + rx.cond(minutes == 60, " hour", " hours").to(str)
    return rx.cond(minutes % 60 == 0, hours, minutes.to_string() + " minutes")


def _take_or_wait() -> rx.Component:
    return rx.fragment(
        checkbox(
            "Only at accessible height",
            BankPage.set_low_only,
            checked=BankPage.low_only | Me.accessible,
            disabled=Me.accessible,
        ),
        rx.cond(
            rx.cond(BankPage.low_only | Me.accessible, Bank.free_accessible > 0, Bank.free > 0),
            _take_button(),
            rx.fragment(
                rx.el.p("No such locker is free right now.", aria_live="polite"),
                rx.el.div(
                    rx.el.button(
                        "Join the waiting list",
                        type="button",
                        on_click=BankPage.join(new_request_id()),
                        class_name="primary",
                    ),
                    class_name="thumb",
                ),
            ),
        ),
    )


def _take_button() -> rx.Component:
    return rx.el.div(
        rx.el.button(
            "Get a locker",
            type="button",
            on_click=BankPage.take(new_request_id()),
            class_name="primary",
        ),
        class_name="thumb",
    )


def _sign_in() -> rx.Component:
    return rx.el.a(
        "Sign in to get a locker",
        href=f"/sign-in?next=/lockers/{BankPage.shown}",
        class_name="button primary",
    )


def _doors() -> rx.Component:
    return rx.el.section(
        rx.el.h2("The doors"),
        Cabinet.create(
            numbers=Bank.numbers,
            doors=Bank.doors,
            low=Bank.accessible_numbers,
            words=WORDS,
            prefix=Bank.prefix,
            label=in_browser("`${{{}}} of ${{{}}} lockers free`", Bank.free, Bank.total),
        ),
        legend(),
        rx.el.p("Doors with a thick lower edge are at accessible height.", class_name="soft small"),
        class_name="stack",
        aria_label="The doors",
    )
