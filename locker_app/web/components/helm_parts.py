"""Components of the dashboard of a queue that are written for the browser in assets/helm.js."""

import reflex as rx

from locker_app.web.components.parts import Item, in_browser


class _Helm(rx.Component):
    library = "$/public/helm.js"


class PrintButton(_Helm):
    """Opens the browser's dialog for printing this page."""

    tag = "PrintButton"
    text: rx.Var[str]


class AsShown(_Helm):
    """A hidden field of a form, with the value from when the form was shown: it stays, whatever
    comes later."""

    tag = "AsShown"
    name: rx.Var[str]
    value: rx.Var[str]


class Jump(_Helm):
    """A link to a part of the page, which gets the focus."""

    tag = "Jump"
    to: rx.Var[str]


class Timer(_Helm):
    """The time since a moment, running."""

    tag = "Timer"
    since: rx.Var[int]
    label: rx.Var[str]


class BigButton(_Helm):
    """The one big button, which Space and Enter press too."""

    tag = "BigButton"
    text: rx.Var[str]
    hint: rx.Var[str]
    disabled: rx.Var[bool]
    on_press: rx.EventHandler[rx.event.no_args_event_spec]


class Undo(_Helm):
    """Takes the last press back, until its seconds are over; the key U does too. `{}` in
    `left_text` are those seconds."""

    tag = "Undo"
    until: rx.Var[int]
    text: rx.Var[str]
    left_text: rx.Var[str]
    on_undo: rx.EventHandler[rx.event.no_args_event_spec]


class SteadyLine(_Helm):
    """The line, whose rows stay where they are while somebody points at them."""

    tag = "SteadyLine"
    rows: rx.Var[list[list]]
    words: rx.Var[dict[str, str]]
    label: rx.Var[str]
    on_call: rx.EventHandler[rx.event.passthrough_event_spec(int)]
    on_note: rx.EventHandler[rx.event.passthrough_event_spec(int)]
    on_remove: rx.EventHandler[rx.event.passthrough_event_spec(int)]


def large(text: Item, class_name: str, longest: int) -> rx.Component:
    """A line of a sheet in large letters; in smaller ones when it has more than so many."""
    is_long = in_browser("({}.length > {})", text, longest).to(bool)
    return rx.el.p(text, class_name=class_name, data_long=is_long)
