"""Components that are written for the browser in assets/cubby.js."""

from typing import Any

import reflex as rx


class _Browser(rx.Component):
    library = "$/public/cubby.js"


class Moment(_Browser):
    """A moment in the site's zone: near ones as "in 12 min", others by the clock."""

    tag = "Moment"
    at: rx.Var[int]
    zone: rx.Var[str]
    form: rx.Var[str]


class Countdown(_Browser):
    """The time left until a moment, by the second; then the text `over`."""

    tag = "Countdown"
    until: rx.Var[int]
    over: rx.Var[str]


class Freshness(_Browser):
    """Whether the screen is live, or as of when it is."""

    tag = "Freshness"
    beat: rx.Var[int]
    disconnected: rx.Var[bool]
    session: rx.Var[int]
    live_text: rx.Var[str]
    lost_text: rx.Var[str]
    as_of_text: rx.Var[str]
    refused_text: rx.Var[str]


class Cabinet(_Browser):
    """The doors of a bank, drawn as they stand. With `on_choose` each is a button."""

    tag = "Cabinet"
    numbers: rx.Var[list[int]]
    doors: rx.Var[str]
    low: rx.Var[list[int]]
    words: rx.Var[dict[str, str]]
    prefix: rx.Var[str]
    label: rx.Var[str]
    chosen: rx.Var[int]
    on_choose: rx.EventHandler[rx.event.passthrough_event_spec(int)]


class Modal(_Browser):
    """A dialog of the browser's own, open while the var says so."""

    tag = "Modal"
    open: rx.Var[bool]
    label: rx.Var[str]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


class Notice(_Browser):
    """What just happened, shown for some seconds and read out."""

    tag = "Notice"
    text: rx.Var[str]
    tone: rx.Var[str]
    count: rx.Var[int]


class Attention(_Browser):
    """Puts a text into the title and lets a phone vibrate, while it is on the page."""

    tag = "Attention"
    text: rx.Var[str]


class SkipLink(_Browser):
    """A link that moves the focus into the page, past what all pages have."""

    tag = "SkipLink"
    to: rx.Var[str]


class Download(_Browser):
    """A link to a file, which the browser keeps."""

    tag = "Download"
    href: rx.Var[str]


class Export(_Browser):
    """A button that fetches a long file, says how far it is, and keeps it."""

    tag = "Export"
    href: rx.Var[str]


class Follow(_Browser):
    """Tells the server when a var has changed, once a second at most."""

    tag = "Follow"
    value: rx.Var[int]
    on_change: rx.EventHandler[rx.event.passthrough_event_spec(int)]


class NativeForm(_Browser):
    """A form that the browser sends by itself, as a POST."""

    tag = "NativeForm"
    action: rx.Var[str]


def new_request_id() -> Any:
    """An idempotency key made in the browser at the moment of the click."""
    script = "(Date.now().toString(36) + Math.random().toString(36).slice(2))"
    return rx.Var(script).to(str)
