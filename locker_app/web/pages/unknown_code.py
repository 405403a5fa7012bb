"""What a short address leads to that nothing has."""

import reflex as rx

from locker_app.web.session import watch
from locker_app.web.template import page


class UnknownCodePage(rx.State):
    """The page keeps nothing of its own."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch who is signed in."""
        await watch(self)


def unknown_code() -> rx.Component:
    """The page."""
    return page(
        rx.el.div(
            rx.el.h1("Nothing has this code"),
            rx.el.p(
                "Check the letters and digits once more: there are six, and no O, I, L, U, 0 or 1 "
                "among them. If they are right, what it stood for may have been removed."
            ),
            rx.el.a("See all there is", href="/", class_name="button primary"),
            class_name="card narrow",
        ),
    )
