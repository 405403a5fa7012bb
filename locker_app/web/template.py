"""The frame around every page: skip link, header with freshness, main, notices."""

from typing import Any

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from locker_app.domain.actors import Right
from locker_app.web.components.browser import Freshness, Notice, SkipLink
from locker_app.web.live_states import Me, Pulse, StaffMe
from locker_app.web.session import Feedback


def page(*content: Any, here: str = "", **props: Any) -> rx.Component:
    """A page with its content in the frame; `here` is the menu entry that is current."""
    return rx.fragment(
        SkipLink.create("Skip to content", to="content"),
        _header(here),
        rx.el.main(*content, id="content", tab_index=-1, **props),
        Notice.create(text=Feedback.text, tone=Feedback.tone, count=Feedback.count),
    )


def _header(here: str) -> rx.Component:
    return rx.el.header(
        rx.el.div(
            rx.el.a(
                rx.el.img(src="/logo.svg", alt="", width="28", height="28"),
                "Cubby",
                href="/",
                class_name="brand",
            ),
            rx.el.nav(_menu(here), aria_label="Main", class_name="menu"),
            Freshness.create(
                beat=Pulse.beat_at,
                disconnected=has_connection_errors,
                session=Pulse.session,
                live_text="Live",
                lost_text="Reconnecting",
                as_of_text="· as of",
                refused_text="Not sent: there is no connection. Please try again in a moment.",
            ),
            class_name="top-in",
        ),
        class_name="top",
    )


def _menu(here: str) -> rx.Component:
    def entry(text: Any, to: str) -> rx.Component:
        current: dict[str, Any] = {"aria_current": "page"} if to == here else {}
        return rx.el.a(text, href=to, **current)

    return rx.fragment(
        entry("Home", "/"),
        rx.cond(
            StaffMe.signed_in,
            rx.fragment(
                _if_may(Right.SEE_BOARD, entry("Board", "/staff")),
                _if_may(Right.SERVE_QUEUE, entry("Queues", "/staff/queues")),
                _if_may(Right.SEE_EVENTS, entry("History", "/staff/history")),
                entry("Account", "/staff/account"),
            ),
            rx.cond(Me.signed_in, entry(Me.name, "/me"), entry("Sign in", "/sign-in")),
        ),
    )


def _if_may(right: Right, shown: rx.Component) -> Any:
    """What only staff with a right have to do with. Who may is checked where it is done."""
    return rx.cond(rx.Var.create(StaffMe.may).contains(right.value), shown)
