"""The dialog that asks whether to leave the line: it can't be taken back."""

import reflex as rx

from locker_app.web.components.browser import Modal, new_request_id
from locker_app.web.components.parts import Item
from locker_app.web.components.tickets import has_open_ticket
from locker_app.web.live_states import Tickets


def leave_dialog(page: Item) -> rx.Component:
    """Asks before the ticket `leaving` of the State `page` is left."""
    ticket_id = page.leaving
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
        open=(ticket_id > 0) & has_open_ticket(Tickets.rows),
        label="Leave the line?",
        on_close=page.stay,
    )
