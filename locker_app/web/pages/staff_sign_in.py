"""Staff sign in with login and password, by a form that the browser sends itself; their account."""

import reflex as rx

from locker_app.live.rooms import set_on_load
from locker_app.web.components.browser import NativeForm
from locker_app.web.components.parts import Item, sign_out_forms, some
from locker_app.web.live_states import StaffMe
from locker_app.web.pages.accounts import sign_in_row
from locker_app.web.pages.invite import password_field
from locker_app.web.session import watch
from locker_app.web.template import page
from locker_app.web.words import PASSWORD_REFUSALS, SIGN_IN_REFUSALS


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


@set_on_load("told")
class StaffAccountPage(rx.State):
    """What became of the form for another password."""

    told: str = ""

    @rx.event
    async def load(self) -> None:
        """Begin to watch who is signed in."""
        await watch(self)
        self.told = str(self.router.url.query_parameters.get("refused", ""))[:40]


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
            rx.cond(StaffMe.signed_in, rx.fragment(_password(), _sign_ins())),
            class_name="narrow",
        ),
        here="/staff/account",
    )


def _password() -> rx.Component:
    told = StaffAccountPage.told
    return NativeForm.create(
        rx.el.h2("Another password"),
        rx.cond(
            told != "",
            rx.el.div(
                rx.match(told, *PASSWORD_REFUSALS.items(), "That did not work."),
                class_name="box",
                data_tone=rx.cond(told == "changed", "good", "bad"),
                role="alert",
            ),
        ),
        password_field("old", "The old one", "current-password"),
        password_field("password", "The new one", "new-password", "At least 10 characters."),
        password_field("again", "The new one again", "new-password"),
        rx.el.button("Change it", type="submit", class_name="second"),
        action="/auth/password",
        class_name="card",
    )


def _sign_ins() -> Item:
    return rx.cond(
        some(StaffMe.sign_ins),
        rx.el.section(
            rx.el.h2("Last sign-ins"),
            rx.el.ul(rx.foreach(StaffMe.sign_ins, sign_in_row)),
            rx.el.p("If one of them was not you, change the password.", class_name="hint"),
            class_name="card",
        ),
    )
