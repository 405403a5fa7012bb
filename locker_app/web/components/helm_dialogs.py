"""The dialogs of the dashboard of a queue: what a reset or a removal does, the note on a ticket."""

import reflex as rx

from locker_app.domain.queues import MAX_NOTE_LENGTH
from locker_app.web.components.browser import Modal, new_request_id
from locker_app.web.components.helm_now import (
    GROUP,
    NOTE,
    NUMBER,
    QUESTION,
    WHO,
    filled,
    ticket_of_dialog,
)
from locker_app.web.components.parts import Item, count, in_browser
from locker_app.web.live_states import Helm
from locker_app.web.session import Feedback


def _refusal() -> Item:
    """Said beside the button: the page's notice is under the dialog."""
    return rx.cond(Feedback.tone == "bad", rx.el.p(Feedback.text, class_name="error", role="alert"))


def reset_dialog(helm: Item) -> rx.Component:
    """What resetting will do, as things stand, and the question whether to."""
    waiting, served = count(Helm.line), count(Helm.serving)
    people = in_browser(
        "(({0} + {1}) === 1 ? '1 person loses' : `${{{0} + {1}}} people lose`)", waiting, served
    ).to(str)
    return Modal.create(
        rx.el.div(
            rx.el.h2("Reset ", Helm.name, "?"),
            rx.cond(
                waiting + served > 0,
                rx.el.p(rx.el.strong(people, " their place,"), " also who is being helped now."),
                rx.el.p("Nobody is in the line."),
            ),
            rx.el.p(
                "All pages say so at once and ask for the group again. Numbers begin at 1 again. "
                "It can’t be undone."
            ),
            _refusal(),
            rx.el.div(
                rx.el.button(
                    "Reset the queue",
                    type="button",
                    class_name="danger",
                    on_click=helm.reset_queue(Helm.queue_id, new_request_id()),
                ),
                rx.el.button(
                    "Keep the line",
                    type="button",
                    class_name="second",
                    on_click=helm.close,
                    # Who presses Space for the next one, with this open, must not clear the line.
                    custom_attrs={"data-first": "true"},
                ),
                class_name="row",
            ),
            class_name="stack",
        ),
        open=helm.asking == "reset",
        label="Reset the queue",
        on_close=helm.close,
    )


def remove_dialog(helm: Item) -> rx.Component:
    """One waiting ticket, and whether to take it out of the line."""
    number = in_browser("({} ?? '')", ticket_of_dialog(helm, NUMBER)).to(str)
    group = in_browser("({} ?? '')", ticket_of_dialog(helm, GROUP)).to(str)
    return Modal.create(
        rx.el.div(
            rx.el.h2("Remove number ", number, " from the line?"),
            rx.el.p(
                "For a ticket whose holder has lost it, or does not come. Group ",
                rx.el.strong(group),
                " can then take a new one, at the end. It can’t be undone.",
            ),
            _refusal(),
            rx.el.div(
                rx.el.button(
                    "Remove it",
                    type="button",
                    class_name="danger",
                    on_click=helm.remove(helm.asking_about, new_request_id()),
                ),
                rx.el.button(
                    "Keep it",
                    type="button",
                    class_name="second",
                    on_click=helm.close,
                    custom_attrs={"data-first": "true"},
                ),
                class_name="row",
            ),
            class_name="stack",
        ),
        open=helm.asking == "remove",
        label="Remove a ticket",
        on_close=helm.close,
    )


def note_dialog(helm: Item) -> rx.Component:
    """One ticket, and the note that staff keep on it."""

    def cell(which: int) -> Item:
        return ticket_of_dialog(helm, which)

    return Modal.create(
        rx.el.div(
            rx.el.h2(
                "Number ",
                in_browser("({} ?? '')", cell(NUMBER)).to(str),
                ", group ",
                in_browser("({} ?? '')", cell(GROUP)).to(str),
            ),
            rx.cond(filled(cell(WHO)), rx.el.p(cell(WHO).to(str), class_name="soft")),
            rx.cond(filled(cell(QUESTION)), rx.el.p(cell(QUESTION).to(str))),
            rx.el.form(
                rx.el.div(
                    rx.el.label("Note", html_for="note"),
                    rx.el.span(
                        "Only staff see it. Empty removes it.", class_name="hint", id="note-hint"
                    ),
                    rx.el.input(
                        id="note",
                        name="note",
                        type="text",
                        default_value=in_browser("({} ?? '')", cell(NOTE)).to(str),
                        max_length=MAX_NOTE_LENGTH,
                        auto_focus=True,
                        auto_complete="off",
                        aria_describedby="note-hint",
                        key="note-" + helm.asking_about.to_string(),
                    ),
                    class_name="field",
                ),
                _refusal(),
                rx.el.div(
                    rx.el.button("Keep the note", type="submit", class_name="second"),
                    rx.el.button("Cancel", type="button", class_name="second", on_click=helm.close),
                    class_name="row",
                ),
                on_submit=lambda form: helm.write_note(form, helm.asking_about, new_request_id()),
            ),
            class_name="stack",
        ),
        open=helm.asking == "note",
        label="Note on a ticket",
        on_close=helm.close,
    )
