"""A tap of one's own card that waits for the PIN: asked on whatever page its holder looks at."""

from typing import Any

import reflex as rx

from locker_app.services import confirms, runtime
from locker_app.web.components.browser import Attention, Countdown, new_request_id
from locker_app.web.components.fields import text_of
from locker_app.web.components.parts import hidden
from locker_app.web.live_states import Me
from locker_app.web.refusals import Refusable
from locker_app.web.session import perform, perform_secret, say


class Confirming(Refusable, rx.State):
    """What was wrong with the PIN that was entered last; the PIN itself is kept nowhere."""

    tap: str = ""
    """Which tap that was for: the next one is another question."""

    @rx.event
    async def confirm(self, form: dict[str, Any], request_id: str) -> Any:
        """Confirm one's own tap with the PIN."""
        self._begin("confirm")
        self.tap = text_of(form, "tap")[:20]
        door, pin = runtime.current().door, text_of(form, "pin")
        done = await perform_secret(
            self,
            "confirm_tap",
            lambda call: confirms.confirm_tap(door, call, pin),
            request_id,
            refused=self._refused,
        )
        if done is None:
            return [rx.set_value("tap-pin", ""), rx.set_focus("tap-pin")]
        say(self, f"Locker {done.label} " + ("is open." if done.opens else "is yours."))
        return None

    @rx.event
    async def decline(self, request_id: str) -> None:
        """Say that one does not want it."""
        self._begin("confirm")
        said = "Nothing was opened. Tell the desk if your card is not with you."
        await perform(self, confirms.decline_tap, request_id, said)


def tap_to_confirm() -> rx.Component:
    """The question, while a tap waits; it comes by itself."""
    state = Confirming
    wrong = rx.cond(state.tap == rx.Var.create(Me.confirm_id).to_string(), state.why, "")
    return rx.el.div(
        rx.cond(
            Me.confirm_id > 0,
            rx.el.section(
                Attention.create(text="Your card was tapped"),
                rx.el.h2("Your card was tapped"),
                rx.el.p(
                    "At ",
                    rx.el.strong(Me.confirm_at),
                    rx.cond(Me.confirm_for != "", ", " + Me.confirm_for, ""),
                    ". Enter your PIN within ",
                    Countdown.create(until=Me.confirm_until, over="no time any more"),
                    " to open the locker.",
                ),
                rx.el.form(
                    hidden("tap", rx.Var.create(Me.confirm_id).to_string()),
                    rx.el.div(
                        rx.el.label("Your PIN", html_for="tap-pin"),
                        rx.el.input(
                            id="tap-pin",
                            name="pin",
                            type="password",
                            input_mode="numeric",
                            auto_complete="current-password",
                            max_length=8,
                            aria_invalid=rx.cond(wrong != "", "true", "false"),
                            aria_describedby="tap-pin-wrong",
                        ),
                        rx.el.p(wrong, class_name="error", id="tap-pin-wrong", role="alert"),
                        class_name="field",
                    ),
                    rx.el.button("Confirm", type="submit", class_name="primary"),
                    rx.el.button(
                        "It was not me",
                        type="button",
                        class_name="second",
                        on_click=state.decline(new_request_id()),
                    ),
                    on_submit=lambda form: state.confirm(form, new_request_id()),
                    no_validate=True,
                    key="confirm-" + rx.Var.create(Me.confirm_id).to_string(),
                ),
                class_name="card confirm-tap",
                aria_label="Your card was tapped",
                data_testid="confirm-tap",
            ),
        ),
        aria_live="assertive",
        class_name="says",
    )
