"""A bank of lockers: one button to get one; then its number, large, and the way to give it back."""

import reflex as rx

from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.services import lockers, waiting
from locker_app.web.components.browser import Cabinet, new_request_id
from locker_app.web.components.locker_cards import (
    claim_card,
    closing_soon,
    if_open,
    lost_locker,
    take_button,
    wait_card,
)
from locker_app.web.components.parts import (
    WORDS,
    Item,
    checkbox,
    in_browser,
    legend,
    skeleton,
    some,
)
from locker_app.web.confirming import tap_to_confirm
from locker_app.web.live_states import Bank, Me, StaffMe
from locker_app.web.session import id_in_address, perform, watch
from locker_app.web.template import page


@set_on_load("shown", "missing")
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
            BankPage.missing | (Bank.archived & (Bank.bank_id == BankPage.shown)),
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
        tap_to_confirm(),
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
        rx.foreach(Me.claims, lambda claim: claim_card(claim, BankPage)),
        rx.foreach(Me.waits, lambda place: wait_card(place, BankPage)),
        lost_locker(),
        rx.cond(has_any, rx.fragment(), _get_one()),
    )


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
        closing_soon(),
        rx.cond(
            Bank.has_terminal & some(Me.cards),
            rx.el.p("Or tap your card at the terminal there.", class_name="soft"),
        ),
        rx.cond(
            Me.signed_in, if_open(_take_or_wait()), rx.cond(StaffMe.signed_in, _staff(), _sign_in())
        ),
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
            take_button(BankPage),
            rx.fragment(
                rx.el.p(
                    rx.cond(
                        BankPage.low_only | Me.accessible,
                        "No locker at accessible height is free right now.",
                        "No locker is free right now.",
                    ),
                    aria_live="polite",
                ),
                rx.el.div(
                    rx.el.button(
                        "Join the waiting list",
                        type="button",
                        on_click=BankPage.join(new_request_id()),
                        class_name="primary",
                    ),
                    class_name="act",
                ),
            ),
        ),
    )


def _staff() -> rx.Component:
    return rx.fragment(
        rx.el.p("You are signed in as staff. Lockers are for students.", class_name="soft"),
        rx.el.a("See the board", href=f"/staff/board/{BankPage.shown}", class_name="button second"),
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
