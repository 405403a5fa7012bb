"""Staff sign in with login and password, by a form that the browser sends itself."""

import reflex as rx

from locker_app.web.components.browser import NativeForm
from locker_app.web.components.parts import sign_out_forms
from locker_app.web.live_states import StaffMe
from locker_app.web.session import watch
from locker_app.web.template import page
from locker_app.web.words import SIGN_IN_REFUSALS


class StaffSignInPage(rx.State):
    """What the form was refused for."""

    refused: str = ""

    @rx.event
    async def load(self) -> None:
        """Show what the sign-in form was refused for, if it was."""
        await watch(self)
        self.refused = str(self.router.url.query_parameters.get("refused", ""))[:40]


def staff_sign_in() -> rx.Component:
    """The page."""
    return page(
        rx.el.div(
            rx.el.h1("Staff sign in"),
            rx.cond(
                StaffSignInPage.refused != "",
                rx.el.div(
                    rx.match(
                        StaffSignInPage.refused, *SIGN_IN_REFUSALS.items(), "That did not work."
                    ),
                    class_name="box",
                    data_tone="bad",
                    role="alert",
                ),
            ),
            NativeForm.create(
                rx.el.div(
                    rx.el.label("Name", html_for="login"),
                    rx.el.input(
                        id="login",
                        name="login",
                        type="text",
                        auto_complete="username",
                        auto_capitalize="none",
                        spell_check=False,
                        required=True,
                        max_length=100,
                    ),
                    class_name="field",
                ),
                rx.el.div(
                    rx.el.label("Password", html_for="password"),
                    rx.el.input(
                        id="password",
                        name="password",
                        type="password",
                        auto_complete="current-password",
                        required=True,
                        max_length=200,
                    ),
                    class_name="field",
                ),
                rx.el.button("Sign in", type="submit", class_name="primary"),
                action="/auth/staff",
                class_name="card",
            ),
            rx.el.p(rx.el.a("Students sign in here", href="/sign-in", class_name="small")),
            class_name="narrow",
        ),
        here="/staff/sign-in",
    )


class StaffAccountPage(rx.State):
    """The account page keeps nothing of its own."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch who is signed in."""
        await watch(self)


def staff_account() -> rx.Component:
    """The page."""
    return page(
        rx.el.div(
            rx.el.h1("Account"),
            rx.cond(
                StaffMe.signed_in,
                rx.el.div(
                    rx.el.p("Signed in as ", rx.el.strong(StaffMe.name)),
                    sign_out_forms(),
                    class_name="card",
                ),
                rx.el.a("Sign in", href="/staff/sign-in", class_name="button primary"),
            ),
            class_name="narrow",
        ),
        here="/staff/account",
    )
