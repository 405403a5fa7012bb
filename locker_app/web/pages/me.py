"""My account: what kind of locker I prefer, and signing out."""

import reflex as rx

from locker_app.services import people
from locker_app.web.components.browser import Download, Moment, new_request_id
from locker_app.web.components.parts import Item, checkbox, sign_out_forms, some
from locker_app.web.confirming import tap_to_confirm
from locker_app.web.live_states import Me
from locker_app.web.session import perform, watch
from locker_app.web.template import page


class MePage(rx.State):
    """The account page keeps nothing of its own."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch who is signed in."""
        await watch(self)

    @rx.event
    async def prefer(self, accessible: bool, near_last: bool, request_id: str) -> None:
        """Change which lockers I prefer."""
        await perform(
            self,
            people.change_preferences,
            request_id,
            said="Kept.",
            accessible=accessible,
            near_last=near_last,
        )


def me() -> rx.Component:
    """The page."""
    return page(
        rx.el.div(
            rx.el.h1("My account"),
            tap_to_confirm(),
            rx.cond(
                Me.signed_in,
                rx.fragment(_preferences(), _cards(), _visits(), _data(), sign_out_forms()),
                rx.el.div(
                    rx.el.p("You are not signed in."),
                    rx.el.a("Sign in", href="/sign-in", class_name="button primary"),
                    class_name="card",
                ),
            ),
            class_name="narrow",
        ),
        here="/me",
    )


def _preferences() -> rx.Component:
    return rx.el.section(
        rx.el.p(Me.name, " · ", Me.number),
        rx.el.h2("When I get a locker"),
        checkbox(
            "Only at accessible height",
            lambda on: MePage.prefer(on, Me.near_last, new_request_id()),
            checked=Me.accessible,
        ),
        checkbox(
            "As near as possible to my last one",
            lambda on: MePage.prefer(Me.accessible, on, new_request_id()),
            checked=Me.near_last,
        ),
        class_name="card",
    )


def _cards() -> rx.Component:
    return rx.el.section(
        rx.el.h2("My cards"),
        rx.cond(
            some(Me.cards),
            rx.el.ul(rx.foreach(Me.cards, _card), class_name="visits"),
            rx.el.p("No card is linked to you. Ask at the desk.", class_name="soft"),
        ),
        rx.cond(
            some(Me.cards),
            rx.el.p("Lost one? Tell the desk: it is blocked at once.", class_name="soft small"),
        ),
        class_name="card",
    )


def _card(card: Item) -> rx.Component:
    return rx.el.li(
        rx.el.strong("…", card[1].to(str)),
        rx.cond(card[2].to(str) != "", " " + card[2].to(str), ""),
        rx.el.span(
            ", since ",
            Moment.create(at=card[3].to(int), zone="", form="clock"),
            class_name="soft small",
        ),
    )


def _visits() -> rx.Component:
    return rx.cond(
        some(Me.visits),
        rx.el.section(
            rx.el.h2("My visits"),
            rx.el.ul(rx.foreach(Me.visits, _visit), class_name="visits"),
            class_name="card",
        ),
    )


def _visit(visit: Item) -> rx.Component:
    def clock(at: Item) -> rx.Component:
        return Moment.create(at=at, zone=visit["time_zone"], form="clock")

    return rx.el.li(
        visit["site_name"],
        ": ",
        rx.cond(
            visit["left_at"] > 0,
            rx.fragment(clock(visit["came_at"]), " to ", clock(visit["left_at"])),
            rx.el.strong("inside since ", clock(visit["came_at"])),
        ),
        data_testid="visit",
    )


def _data() -> rx.Component:
    return rx.el.section(
        rx.el.h2("My data"),
        rx.el.p("All that is known of you here, as a file. To have it erased, ask at the desk."),
        Download.create("Download my data", href="/api/v1/me/data"),
        class_name="card",
    )
