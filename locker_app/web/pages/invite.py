"""Where the link of an invitation leads: choose a password, and one is signed in."""

from typing import Any

import reflex as rx

from locker_app.live.rooms import set_on_load
from locker_app.queries.staff import invited_by
from locker_app.services import runtime
from locker_app.services.sign_in import invitation_key
from locker_app.web.components.browser import NativeForm
from locker_app.web.components.parts import hidden, skeleton
from locker_app.web.session import call_of, watch
from locker_app.web.template import page
from locker_app.web.words import PASSWORD_REFUSALS

_MAX_LINK = 128


@set_on_load("loaded", "link", "login", "name", "refused")
class InvitePage(rx.State):
    """Whom the link invites. It is looked at anew with each load."""

    loaded: bool = False
    link: str = ""
    login: str = ""
    """Empty when the link works no more, or never did."""
    name: str = ""
    refused: str = ""

    @rx.event
    async def load(self) -> None:
        """Look whom the link invites."""
        await watch(self)
        self.link = str(getattr(self, "invitation", ""))[:_MAX_LINK]
        key, now = invitation_key(self.link), call_of(self).now
        known = await runtime.current().db.aread(lambda conn: invited_by(conn, key, now))
        self.login, self.name = (known.login, known.name) if known else ("", "")
        self.refused = str(self.router.url.query_parameters.get("refused", ""))[:40]
        self.loaded = True


def invite() -> rx.Component:
    """The page."""
    state = InvitePage
    return page(
        rx.el.div(
            rx.el.h1("Welcome to Cubby"),
            rx.cond(
                state.loaded,
                rx.cond(state.login != "", _choose(), _over()),
                skeleton(tall=True),
            ),
            class_name="narrow",
        ),
    )


def _over() -> rx.Component:
    return rx.el.div(
        rx.el.h2("This link works no more"),
        rx.el.p(
            "It has been used, or is too old. If it was you, sign in with the password you chose. "
            "Else ask whoever sent it for a new one."
        ),
        rx.el.a("Staff sign in", href="/staff/sign-in", class_name="button second"),
        class_name="card",
    )


def _choose() -> rx.Component:
    return rx.fragment(
        rx.cond(
            InvitePage.refused != "",
            rx.el.div(
                rx.match(InvitePage.refused, *PASSWORD_REFUSALS.items(), "That did not work."),
                class_name="box",
                data_tone="bad",
                role="alert",
            ),
        ),
        NativeForm.create(
            rx.el.p(InvitePage.name, ", choose a password. You sign in with it as "),
            rx.el.p(rx.el.strong(InvitePage.login)),
            hidden("link", InvitePage.link),
            rx.el.input(
                type="text",
                name="login",
                value=InvitePage.login,
                read_only=True,
                auto_complete="username",
                class_name="unseen",
                tab_index=-1,
                aria_hidden="true",
            ),
            password_field("password", "Password", "new-password", "At least 10 characters."),
            password_field("again", "The same again", "new-password"),
            rx.el.button("Choose it and sign in", type="submit", class_name="primary"),
            action="/auth/invite",
            class_name="card",
        ),
    )


def password_field(name: str, label: str, fills: str, hint: str = "") -> rx.Component:
    """A field for a password, which password managers know."""
    described: dict[str, Any] = {"aria_describedby": f"{name}-hint"} if hint else {}
    return rx.el.div(
        rx.el.label(label, html_for=name),
        rx.el.span(hint, class_name="hint", id=f"{name}-hint") if hint else rx.fragment(),
        rx.el.input(
            id=name,
            name=name,
            type="password",
            auto_complete=fills,
            required=True,
            max_length=200,
            **described,
        ),
        class_name="field",
    )
