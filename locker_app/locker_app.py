"""Composition root: the app, its pages, its lifespan tasks. A placeholder for now."""

import reflex as rx


class Hello(rx.State):
    """Shows that the live connection works."""

    presses: int = 0

    @rx.event
    def press(self) -> None:
        """Count a press."""
        self.presses += 1


def index() -> rx.Component:
    """The one page of the placeholder."""
    return rx.el.main(
        rx.el.h1("Cubby"),
        rx.el.button("Pressed ", Hello.presses, " times", on_click=Hello.press),
    )


app = rx.App(html_lang="en")
app.add_page(index, route="/", title="Cubby")
