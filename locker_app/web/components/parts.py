"""Small parts of pages: status words, skeletons, forms that sign out, the legend."""

from typing import Any

import reflex as rx

from locker_app.web.components.browser import NativeForm
from locker_app.web.words import STATUS_WORDS

Item = Any
"""A Var whose type the checker can't follow: what `rx.foreach` gives, and what is made of it."""

WORDS = rx.Var.create(STATUS_WORDS)
ONCE = {"data-once": "true"}
"""Marks a button that stays in its place for the next thing: a double click counts once."""


def some(rows: Any) -> Item:
    """Whether a list var has anything in it."""
    return rows.length() > 0


def count(rows: Any) -> Item:
    """How many there are in a list var."""
    return rows.length()


def in_browser(script: str, *values: Any) -> rx.Var:
    """A small expression over vars that the browser evaluates, where Reflex has no words for it."""
    made = [rx.Var.create(value) for value in values]
    data = rx.vars.VarData.merge(*[var._get_all_var_data() for var in made])
    return rx.Var(script.format(*map(str, made)), _var_data=data)


def status(letter: Any) -> rx.Component:
    """A status as colour, icon and word."""
    word = rx.match(letter, *STATUS_WORDS.items(), "")
    return rx.el.span(word, class_name="status", data_status=letter)


def own_status(letter: Any) -> rx.Component:
    """The status of something of mine, to me."""
    word = rx.match(letter, *{**STATUS_WORDS, "h": "yours", "r": "held for you"}.items(), "")
    return rx.el.span(word, class_name="status", data_status=letter)


def checkbox(text: str, on_change: Any, **props: Any) -> rx.Component:
    """A box to tick with its label. `on_change` is called with whether it is ticked."""
    box = rx.el.input(type="checkbox", on_change=on_change, **props)
    return rx.el.label(box, text, class_name="check")


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


def nothing_here() -> rx.Component:
    """What a place without lockers shows."""
    return rx.el.div(
        rx.el.h2("No lockers have been set up yet"),
        rx.el.p("As soon as a bank of lockers is added, it appears here by itself."),
        class_name="card",
    )


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
