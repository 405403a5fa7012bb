"""The frame around every page: skip link, header with freshness, navigation, main, notices."""

from typing import Any, NamedTuple

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from locker_app.domain.actors import Right
from locker_app.web.components.browser import Freshness, Notice, SkipLink
from locker_app.web.live_states import Me, Pulse, StaffMe
from locker_app.web.session import Feedback


class Entry(NamedTuple):
    """An entry of the staff's navigation."""

    text: str
    to: str
    icon: str
    right: Right | None = None
    """Who lacks it everywhere has no such entry. Who may is checked where it is done."""


ENTRIES = (
    Entry("Board", "/staff", "board", Right.SEE_BOARD),
    Entry("Queues", "/staff/queues", "queues", Right.SERVE_QUEUE),
    Entry("Chargers", "/staff/chargers", "chargers", Right.RUN_CHARGERS),
    Entry("Terminals", "/staff/terminals", "terminals", Right.RUN_TERMINALS),
    Entry("People", "/staff/people", "people", Right.RESET_PIN),
    Entry("History", "/staff/history", "history", Right.SEE_EVENTS),
)
MORE = (
    Entry("Statistics", "/staff/statistics", "statistics", Right.SEE_STATISTICS),
    Entry("Set-up", "/staff/setup", "setup", Right.SET_UP),
    Entry("Staff", "/staff/accounts", "staff", Right.MANAGE_STAFF),
    Entry("Account", "/staff/account", "account"),
    Entry("Home", "/", "home"),
)
"""What a phone shows only when asked for more."""


def page(*content: Any, here: str = "", **props: Any) -> rx.Component:
    """A page with its content in the frame; `here` is the menu entry that is current. The pages
    of staff have the navigation at the side, on phones at the bottom."""
    for_staff = here == "/staff" or here in {entry.to for entry in (*ENTRIES, *MORE)} - {"/"}
    main = rx.el.main(*content, id="content", tab_index=-1, **props)
    return rx.fragment(
        SkipLink.create("Skip to content", to="content"),
        _header(None if for_staff else here),
        rx.el.div(_side(here), main, class_name="staff") if for_staff else main,
        Notice.create(text=Feedback.text, tone=Feedback.tone, count=Feedback.count),
    )


def _header(here: str | None) -> rx.Component:
    """What stands above all pages; without `here`, the menu is elsewhere."""
    menu = rx.el.nav(_menu(here or ""), aria_label="Main", class_name="menu")
    return rx.el.header(
        rx.el.div(
            rx.el.a(
                rx.el.img(src="/logo.svg", alt="", width="28", height="28"),
                "Cubby",
                href="/",
                class_name="brand",
            ),
            rx.el.span(class_name="menu") if here is None else menu,
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
    return rx.fragment(
        _link("Home", "/", here),
        rx.cond(
            StaffMe.signed_in,
            rx.fragment(
                *[
                    _if_may(entry, _link(entry.text, entry.to, here))
                    for entry in (*ENTRIES, *MORE)
                    if entry.to != "/"
                ],
            ),
            rx.cond(Me.signed_in, _link(Me.name, "/me", here), _link("Sign in", "/sign-in", here)),
        ),
    )


def _side(here: str) -> rx.Component:
    """The staff's navigation. Its place is kept while it isn't known yet who looks."""
    more: dict[str, Any] = {"data_here": "true"} if here in {entry.to for entry in MORE} else {}
    return rx.el.nav(
        rx.cond(
            StaffMe.signed_in,
            rx.fragment(
                rx.el.div(
                    *[_if_may(entry, _side_link(entry, here)) for entry in ENTRIES],
                    rx.el.button(
                        "More",
                        type="button",
                        custom_attrs={"popoverTarget": "more-pages"},
                        data_icon="more",
                        class_name="side-link",
                        **more,
                    ),
                    class_name="side-first",
                ),
                rx.el.div(
                    *[_if_may(entry, _side_link(entry, here)) for entry in MORE],
                    id="more-pages",
                    custom_attrs={"popover": "auto"},
                    class_name="side-more",
                ),
            ),
            rx.el.div(
                _side_link(Entry("Home", "/", "home"), here),
                _side_link(Entry("Sign in", "/staff/sign-in", "account"), here),
                class_name="side-first",
            ),
        ),
        aria_label="Main",
        class_name="side",
    )


def _side_link(entry: Entry, here: str) -> rx.Component:
    return _link(entry.text, entry.to, here, class_name="side-link", data_icon=entry.icon)


def _link(text: Any, to: str, here: str, **props: Any) -> rx.Component:
    current: dict[str, Any] = {"aria_current": "page"} if to == here else {}
    return rx.el.a(text, href=to, **current, **props)


def _if_may(entry: Entry, shown: rx.Component) -> Any:
    """What only staff with a right have to do with."""
    if entry.right is None:
        return shown
    return rx.cond(rx.Var.create(StaffMe.may).contains(entry.right.value), shown)
