"""Fields of forms: a label, a hint, the input, and beside it what was wrong with it."""

from typing import Any

import reflex as rx

from locker_app.web.components.parts import Item


def field(
    name: str, label: str, hint: str, bad: Item, why: Item, ident: Any = None, **props: Any
) -> rx.Component:
    """A text input with all that belongs to it. `bad` says whether it was refused, `why` what for;
    `ident` is its id where several forms have a field of this name."""
    ident = name if ident is None else ident
    wrong, hinted = f"{ident}-wrong", f"{ident}-hint"
    return rx.el.div(
        rx.el.label(label, html_for=ident),
        rx.el.span(hint, class_name="hint", id=hinted) if hint else rx.fragment(),
        rx.el.input(
            id=ident,
            name=name,
            type="text",
            auto_complete="off",
            aria_invalid=rx.cond(bad, "true", "false"),
            aria_describedby=f"{wrong} {hinted}" if hint else wrong,
            **props,
        ),
        rx.el.p(rx.cond(bad, why, ""), class_name="error", id=wrong, role="alert"),
        class_name="field",
    )


def tick(name: str, label: str, hint: str, **props: Any) -> rx.Component:
    """A box to tick, with its hint."""
    return rx.el.div(
        rx.el.label(
            rx.el.input(
                type="checkbox", id=name, name=name, aria_describedby=f"{name}-hint", **props
            ),
            label,
            class_name="check",
        ),
        rx.el.span(hint, class_name="hint", id=f"{name}-hint"),
        class_name="field",
    )


def text_of(form: Any, name: str) -> str:
    """What stands in a field of a form that a browser sent."""
    value = form.get(name, "") if isinstance(form, dict) else ""
    return value[:2000] if isinstance(value, str) else ""


def ticked(form: Any, name: str) -> bool:
    """Whether a box of a form that a browser sent is ticked."""
    value = form.get(name) if isinstance(form, dict) else None
    return value is True or value == "on"
