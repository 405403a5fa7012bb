"""The parts of a queue's staff pages that are about the queue itself: name, links, open or not."""

from typing import Any

import reflex as rx

from locker_app.domain.queues import MAX_ANNOUNCEMENT_LENGTH, MAX_LABEL_LENGTH
from locker_app.web.components.browser import Moment, new_request_id
from locker_app.web.components.helm_now import my_desk
from locker_app.web.components.parts import Item, in_browser
from locker_app.web.live_states import Helm
from locker_app.web.words import MODE_HINTS, MODE_WORDS


def helm_head(here: str) -> rx.Component:
    """The queue's name with where it stands, and the ways to its other pages."""
    base = f"/staff/queues/{Helm.queue_id}"
    pages = (
        ("dashboard", "Dashboard", base),
        ("settings", "Settings", f"{base}/settings"),
        ("after", "After class", f"{base}/after"),
        ("sheet", "QR code", f"{base}/sheet"),
    )
    return rx.el.div(
        rx.el.div(
            rx.el.h1(Helm.name),
            rx.el.p(
                mode_word(Helm.mode, Helm.paused),
                rx.cond(Helm.place != "", rx.el.span(Helm.place, class_name="soft")),
                rx.cond(
                    Helm.becomes != "",
                    rx.el.span(
                        Helm.becomes,
                        " ",
                        Moment.create(at=Helm.becomes_at, zone=Helm.time_zone, form="clock"),
                        class_name="soft small",
                    ),
                ),
                class_name="row",
            ),
        ),
        rx.el.nav(
            *[rx.el.a(text, href=to, **_current(name == here)) for name, text, to in pages],
            rx.el.a("Room display", href=f"/queues/{Helm.queue_id}/display", target="_blank"),
            aria_label="This queue",
            class_name="tabs",
        ),
        class_name="helm-head",
    )


def _current(is_it: bool) -> dict[str, Any]:
    return {"aria_current": "page"} if is_it else {}


def mode_word(mode: Item, paused: Item) -> Item:
    """Whether tickets are given, as colour, icon and word."""
    letters = (("open", "f"), ("draining", "r"), ("closed", "x"))
    return rx.cond(
        paused,
        rx.el.span("paused", class_name="status", data_status="r"),
        rx.el.span(
            rx.match(mode, *MODE_WORDS.items(), mode),
            class_name="status",
            data_status=rx.match(mode, *letters, "x"),
        ),
    )


def controls(helm: Item) -> rx.Component:
    """What is done once in a while."""
    return rx.el.div(
        _open_or_not(helm),
        _announcement(helm),
        _desk(helm),
        rx.el.section(
            rx.el.button(
                "Reset…", type="button", class_name="danger", on_click=helm.ask("reset", 0)
            ),
            class_name="row",
        ),
        id="controls",
        tab_index=-1,
        role="group",
        aria_label="Controls",
        class_name="card helm-controls",
    )


def _open_or_not(helm: Item) -> rx.Component:
    def mode(value: str) -> rx.Component:
        return rx.el.button(
            MODE_WORDS[value].capitalize(),
            type="button",
            aria_pressed=Helm.mode == value,
            on_click=helm.set_mode(Helm.queue_id, value, new_request_id()),
            class_name="second",
        )

    return rx.el.section(
        rx.el.h2("The line is"),
        rx.el.div(*[mode(value) for value in MODE_WORDS], class_name="row choice", role="group"),
        rx.el.p(rx.match(Helm.mode, *MODE_HINTS.items(), ""), class_name="hint"),
        rx.el.button(
            rx.cond(Helm.paused, "End the break", "Take a break"),
            type="button",
            aria_pressed=Helm.paused,
            on_click=helm.pause(Helm.queue_id, ~Helm.paused, new_request_id()),
            class_name="second",
        ),
        rx.el.p("During a break nobody is called. Tickets are still given.", class_name="hint"),
        class_name="stack",
    )


def _announcement(helm: Item) -> rx.Component:
    return rx.el.section(
        rx.el.form(
            rx.el.div(
                rx.el.label("Announcement", html_for="text"),
                rx.el.span(
                    "Everybody in the line and the room see it.", class_name="hint", id="text-hint"
                ),
                rx.el.input(
                    id="text",
                    name="text",
                    type="text",
                    max_length=MAX_ANNOUNCEMENT_LENGTH,
                    required=True,
                    auto_complete="off",
                    aria_describedby="text-hint",
                ),
                class_name="field",
            ),
            rx.el.button("Announce", type="submit", class_name="second"),
            on_submit=lambda form: helm.announce(form, Helm.queue_id, new_request_id()),
            reset_on_submit=True,
        ),
        rx.cond(
            Helm.announcement != "",
            rx.el.div(
                rx.el.p(Helm.announcement, data_testid="announcement"),
                rx.el.button(
                    "Take it away",
                    type="button",
                    class_name="second",
                    on_click=helm.announce({"text": ""}, Helm.queue_id, new_request_id()),
                ),
                class_name="box stack",
            ),
        ),
        class_name="stack",
    )


def _desk(helm: Item) -> rx.Component:
    label = in_browser("({} ?? '')", my_desk(helm, 2)).to(str)
    return rx.el.form(
        rx.el.div(
            rx.el.label("Your desk", html_for="label"),
            rx.el.span(
                "Where people are sent, such as “Desk 2”.", class_name="hint", id="label-hint"
            ),
            rx.el.input(
                id="label",
                name="label",
                type="text",
                default_value=label,
                key="label-" + label,
                max_length=MAX_LABEL_LENGTH,
                auto_complete="off",
                aria_describedby="label-hint",
            ),
            class_name="field",
        ),
        rx.el.button("Keep", type="submit", class_name="second"),
        on_submit=lambda form: helm.label_desk(form, Helm.queue_id, new_request_id()),
    )
