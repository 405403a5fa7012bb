"""Signing in with enrolment number and PIN: first the number, then the PIN or a new one.

The second step is a form that the browser sends to /auth by itself, so that the session cookie is
set by an HTTP answer and no script can read it.
"""

import time
from typing import Any

import reflex as rx
from starlette.concurrency import run_in_threadpool

from locker_app.domain.errors import DomainError, WrongPin
from locker_app.live.rooms import address_of
from locker_app.services import runtime
from locker_app.services import sign_in as signing
from locker_app.web.components.browser import NativeForm
from locker_app.web.components.parts import hidden, sign_out_forms
from locker_app.web.live_states import Me
from locker_app.web.session import call_of, watch
from locker_app.web.template import page
from locker_app.web.words import SIGN_IN_REFUSALS

KEPT_SECONDS = 120.0
"""How long a number that was entered stays on the page while its PIN is typed."""


class SignInPage(rx.State):
    """The number that was entered, and whether it has a PIN yet."""

    number: str = ""
    step: str = "number"
    error: str = ""
    refused: str = ""
    goes_to: str = "/"
    asked_at: float = 0.0
    """When the number was entered, by the server's monotonic clock."""

    @rx.event
    async def load(self) -> None:
        """Show what the sign-in form was refused for, if it was."""
        await watch(self)
        asked = self.router.url.query_parameters
        code = str(asked.get("refused", ""))
        self.refused = _sentence(code, str(asked.get("left", "")))
        if not code:  # a refused form comes back here, and then goes on to where it would have
            goes_to = str(asked.get("next", "/"))
            self.goes_to = goes_to if goes_to.startswith(("/lockers/", "/q/")) else "/"
            # The next person at this screen starts anew; who was only disconnected goes on.
            if time.monotonic() - self.asked_at > KEPT_SECONDS:
                self.number, self.step = "", "number"
        self.error = ""
        if code == "pin_already_chosen" and self.number:
            self.step = "pin"

    @rx.event
    async def look_up(self, form: dict[str, Any]) -> Any:
        """Find out whether this number has a PIN yet."""
        number = str(form.get("number") if isinstance(form, dict) else "")[:100]
        self.refused = ""
        here, call, address = runtime.current(), call_of(self), address_of(self)

        def has_pin(text: str) -> bool:
            with here.limiter.sign_in(address, text):
                return signing.has_pin(here.door, call, text)

        try:
            known = await run_in_threadpool(has_pin, number)
        except DomainError as refusal:
            self.error, self.step = str(refusal), "number"
            return rx.set_focus("number")
        self.error, self.number, self.asked_at = "", number, time.monotonic()
        self.step = "pin" if known else "choose"
        return None

    @rx.event
    def start_over(self) -> None:
        """Enter another number."""
        self.number, self.step, self.error, self.refused = "", "number", "", ""


def _sentence(code: str, left: str) -> str:
    """Why the form was refused, in words; empty when it was not. Made of our own words alone, as
    anybody can make up an address."""
    if code == "wrong_pin" and left in {"1", "2", "3", "4"}:
        return str(WrongPin(int(left)))
    return SIGN_IN_REFUSALS.get(code, "That did not work.") if code else ""


def sign_in() -> rx.Component:
    """The page."""
    return page(
        rx.el.div(
            rx.el.h1("Sign in"),
            _refused(),
            rx.cond(
                Me.signed_in,
                rx.el.div(
                    rx.el.p("You are signed in as ", Me.name, "."),
                    sign_out_forms(),
                    class_name="card",
                ),
                rx.match(
                    SignInPage.step, ("pin", _enter_pin()), ("choose", _choose_pin()), _number()
                ),
            ),
            rx.el.p(
                rx.el.a("Staff sign in here", href="/staff/sign-in", class_name="small"),
                class_name="soft",
            ),
            class_name="narrow",
        ),
        here="/sign-in",
    )


def _refused() -> rx.Component:
    return rx.cond(
        SignInPage.refused != "",
        rx.el.div(
            SignInPage.refused,
            class_name="box",
            data_tone="bad",
            role="alert",
        ),
    )


def _number() -> rx.Component:
    return rx.form(
        rx.el.div(
            rx.el.label("Enrolment number", html_for="number"),
            rx.el.span("It is on your student card, for example CS2021001.", class_name="hint"),
            rx.el.input(
                id="number",
                name="number",
                type="text",
                auto_complete="username",
                auto_capitalize="characters",
                spell_check=False,
                required=True,
                max_length=40,
                auto_focus=True,
                aria_invalid=SignInPage.error != "",
                aria_describedby="number-error",
            ),
            rx.el.p(SignInPage.error, id="number-error", class_name="error", role="alert"),
            class_name="field",
        ),
        rx.el.button("Continue", type="submit", class_name="primary"),
        on_submit=SignInPage.look_up,
        class_name="card",
    )


def _who() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.p("Enrolment number ", rx.el.strong(SignInPage.number)),
            rx.el.button(
                "Change", type="button", on_click=SignInPage.start_over, class_name="asLink"
            ),
            class_name="row apart",
        ),
        # Seen by password managers, which keep the PIN with the number it belongs to.
        rx.el.input(
            name="number",
            type="text",
            value=SignInPage.number,
            read_only=True,
            auto_complete="username",
            tab_index=-1,
            aria_hidden="true",
            class_name="unseen",
        ),
        hidden("next", SignInPage.goes_to),
    )


def _pin_field(name: str, text: str, complete: str, **props: Any) -> rx.Component:
    return rx.el.div(
        rx.el.label(text, html_for=name),
        rx.el.input(
            id=name,
            name=name,
            type="password",
            input_mode="numeric",
            pattern="[0-9]{4,8}",
            title="4 to 8 digits",
            auto_complete=complete,
            required=True,
            max_length=8,
            **props,
        ),
        class_name="field",
    )


def _enter_pin() -> rx.Component:
    return NativeForm.create(
        _who(),
        _pin_field("pin", "Your PIN", "current-password", auto_focus=True),
        rx.el.button("Sign in", type="submit", class_name="primary"),
        rx.el.p("Forgotten? The desk can reset it.", class_name="hint"),
        action="/auth/sign-in",
        class_name="card",
    )


def _choose_pin() -> rx.Component:
    return NativeForm.create(
        _who(),
        rx.el.p("Welcome. Choose a PIN of 4 to 8 digits: you will be asked for it from now on."),
        _pin_field("pin", "Choose a PIN", "new-password", auto_focus=True),
        _pin_field("again", "The same PIN again", "new-password"),
        rx.el.button("Choose this PIN", type="submit", class_name="primary"),
        action="/auth/choose-pin",
        class_name="card",
    )
