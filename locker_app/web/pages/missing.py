"""What an address shows that leads nowhere."""

import reflex as rx

from locker_app.web.session import watch
from locker_app.web.template import page


class MissingPage(rx.State):
    """The page keeps nothing of its own."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch who is signed in."""
        await watch(self)


def missing() -> rx.Component:
    """The page."""
    return page(
        rx.el.div(
            rx.el.h1("There is nothing at this address"),
            rx.el.p("It may have been mistyped, or the page was removed."),
            rx.el.a("To the lockers", href="/", class_name="button second"),
            class_name="card narrow",
        ),
    )
