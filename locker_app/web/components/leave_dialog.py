"""The dialog that asks whether to leave the line: it can't be taken back."""

import reflex as rx

from locker_app.web.components.browser import Modal, new_request_id
from locker_app.web.components.parts import Item, in_browser
from locker_app.web.live_states import Tickets


def leave_dialog(page: Item) -> rx.Component:
    """Asks before the ticket `leaving` of the State `page` is left. When it becomes one's turn
    meanwhile, that is what has to be seen: who wants to leave even so is asked anew."""
    ticket_id = page.leaving
    as_asked = in_browser(
        "{}.some((t) => t.ticket_id === {} && t.ended_at === 0 && t.status === {})",
        Tickets.rows,
        ticket_id,
        page.leaving_while,
    ).to(bool)
    return Modal.create(
        rx.el.div(
            rx.el.h2("Leave the line?"),
            rx.el.p("Your place is gone then. To come back you take a new ticket, at the end."),
            rx.el.div(
                rx.el.button(
                    "Leave the line",
                    type="button",
                    on_click=page.leave(ticket_id, new_request_id()),
                    class_name="danger",
                ),
                rx.el.button("Stay", type="button", on_click=page.stay, class_name="second"),
                class_name="row",
            ),
        ),
        open=(ticket_id > 0) & as_asked,
        label="Leave the line?",
        on_close=page.stay,
    )
