"""Small parts of pages: status words, skeletons, forms that sign out, the legend."""

from typing import Any

import reflex as rx

from locker_app.web.components.browser import NativeForm
from locker_app.web.words import STATUS_WORDS

WORDS = rx.Var.create(STATUS_WORDS)


def status(letter: Any) -> rx.Component:
    """A status as colour, icon and word."""
    word = rx.match(letter, *STATUS_WORDS.items(), "")
    return rx.el.span(word, class_name="status", data_status=letter)


def legend() -> rx.Component:
    """What the colours and icons of a cabinet mean."""
    return rx.el.ul(
        *[
            rx.el.li(rx.el.span(word, class_name="status", data_status=letter))
            for letter, word in STATUS_WORDS.items()
        ],
        class_name="legend",
        aria_label="What the doors show",
    )


def skeleton(tall: bool = False) -> rx.Component:
    """The shape of something that is about to come."""
    return rx.el.div(class_name="wait tall" if tall else "wait", aria_hidden="true")


def hidden(name: str, value: Any) -> rx.Component:
    """A form value that is not for editing."""
    return rx.el.input(type="hidden", name=name, value=value)


def sign_out_forms() -> rx.Component:
    """Sign out here, or on all devices."""
    return rx.el.div(
        NativeForm.create(
            rx.el.button("Sign out", type="submit", class_name="second"), action="/auth/sign-out"
        ),
        NativeForm.create(
            rx.el.button("Sign out on all devices", type="submit", class_name="second"),
            action="/auth/sign-out-everywhere",
        ),
        class_name="row",
    )
