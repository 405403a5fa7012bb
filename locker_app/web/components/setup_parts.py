"""What the pages of set-up share: fields, the dialog before archiving."""

import re
from typing import Any

import reflex as rx

from locker_app.domain.banks import DoorPlan
from locker_app.domain.errors import BadInput
from locker_app.domain.hours_text import WEEKDAYS, field_of
from locker_app.domain.limits import Limits, number_needed
from locker_app.web.components.browser import Modal
from locker_app.web.components.fields import field, text_of
from locker_app.web.components.parts import Item, in_browser
from locker_app.web.refusals import refusal

MAX_DIGITS = 6
_DIGITS = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}")


def number_of(form: Any, name: str, limits: Limits | None = None) -> int:
    """The number that was entered; with `limits`, a refusal says which it may be.

    Raises:
        BadInput: it is none.
    """
    text = text_of(form, name).strip()
    if not _DIGITS.fullmatch(text):
        raise BadInput(number_needed((limits or {}).get(name)), field=name)
    return int(text)


def number_if_any(form: Any, name: str, limits: Limits | None = None) -> int | None:
    """The number that was entered; None when the field was left empty.

    Raises:
        BadInput: it is neither.
    """
    return number_of(form, name, limits) if text_of(form, name).strip() else None


def doors_in(form: Any) -> DoorPlan:
    """The doors that were entered."""
    return DoorPlan(**{name: text_of(form, name) for name in DoorPlan.__slots__})


def value_of(values: Any, name: str) -> Item:
    """A value of a dict var, as text for a field; empty when it has none."""
    return in_browser("String({}[" + repr(name) + "] ?? '')", values).to(str)


def part(title: str, *content: Any) -> rx.Component:
    """A part of a form, with its title."""
    return rx.el.fieldset(rx.el.legend(title), *content, class_name="card")


def line(
    state: Item, name: str, label: str, hint: str, value: Item = "", **props: Any
) -> rx.Component:
    """A field of a form of this state."""
    return field(name, label, hint, state.wrong == name, state.why, default_value=value, **props)


def digits(state: Item, name: str, label: str, hint: str, value: Item = "") -> rx.Component:
    """A field for a number."""
    return line(state, name, label, hint, value, input_mode="numeric", max_length=MAX_DIGITS)


def week(state: Item, values: Any) -> rx.Component:
    """A line of opening hours for each day; with none at all it is always open."""
    empty = in_browser("(({}.hours ?? []).some(Boolean) ? 'closed' : 'always')", values).to(str)
    lines = [
        line(
            state,
            field_of(day),
            name,
            "",
            in_browser("({}.hours?.[{}] ?? '')", values, day).to(str),
            max_length=200,
            placeholder=empty,
        )
        for day, name in enumerate(WEEKDAYS)
    ]
    return rx.el.div(*lines, class_name="week")


def choice(name: str, label: str, options: tuple[tuple[str, str], ...], chosen: Item) -> Any:
    """A field to choose one of a few."""
    return rx.el.div(
        rx.el.label(label, html_for=name),
        rx.el.select(
            *[rx.el.option(text, value=value) for value, text in options],
            id=name,
            name=name,
            default_value=chosen,
        ),
        class_name="field",
    )


def doors_fields(state: Item, values: Any) -> rx.Component:
    """Which doors there are."""

    def list_of(name: str, label: str, hint: str) -> rx.Component:
        return line(state, name, label, hint, value_of(values, name), max_length=2000)

    return rx.fragment(
        list_of("numbers", "Doors", "Their numbers, such as 1-50, 61-80."),
        list_of(
            "accessible", "At accessible height", "Those that can be reached from a wheelchair."
        ),
        rx.el.details(
            rx.el.summary("Sizes"),
            rx.el.div(
                list_of("small", "Small", ""),
                list_of("medium", "Medium", ""),
                list_of("large", "Large", ""),
                class_name="stack",
            ),
        ),
    )


def archive_dialog(
    state: Item, title: Item, about: str, archive: Any, *, label: str
) -> rx.Component:
    """What archiving means, and the question whether to."""
    return Modal.create(
        rx.el.div(
            rx.el.h2(title),
            rx.el.p(about),
            refusal(state, "archive"),
            rx.el.div(
                rx.el.button("Archive", type="button", class_name="danger", on_click=archive),
                rx.el.button(
                    "Keep it in use",
                    type="button",
                    class_name="second",
                    on_click=state.close,
                    custom_attrs={"data-first": "true"},
                ),
                class_name="row",
            ),
            class_name="stack",
        ),
        open=state.asking == "archive",
        label=label,
        on_close=state.close,
    )
