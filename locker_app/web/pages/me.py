"""My account: what kind of locker I prefer, and signing out."""

import reflex as rx

from locker_app.services import people
from locker_app.web.components.browser import Download, new_request_id
from locker_app.web.components.parts import checkbox, sign_out_forms
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
            rx.cond(
                Me.signed_in,
                rx.fragment(_preferences(), _data(), sign_out_forms()),
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


def _data() -> rx.Component:
    return rx.el.section(
        rx.el.h2("My data"),
        rx.el.p("All that is known of you here, as a file. To have it erased, ask at the desk."),
        Download.create("Download my data", href="/api/v1/me/data"),
        class_name="card",
    )
