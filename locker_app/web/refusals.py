"""What pages with forms share: which form was refused, and saying why beside it."""

import reflex as rx

from locker_app.domain.errors import DomainError
from locker_app.web.components.parts import Item


class Refusable(rx.State, mixin=True):
    """A page's State that knows which of its forms was refused last."""

    at: str = ""
    """Which form; with the next two, at which field, and why."""
    wrong: str = ""
    why: str = ""

    def _begin(self, at: str = "") -> None:
        """Forget the last refusal: this form is sent now, or a dialog is opened."""
        self.at, self.wrong, self.why = at, "", ""

    def _refused(self, refused: DomainError) -> None:
        """Keep why, and at which field that was."""
        self.wrong, self.why = getattr(refused, "field", None) or "", str(refused)


def refusal(state: Item, form: str) -> Item:
    """Why the form was refused, unless that is about one field."""
    return rx.cond(
        (state.at == form) & (state.wrong == "") & (state.why != ""),
        rx.el.div(rx.el.p(state.why), class_name="box", data_tone="bad", role="alert"),
    )
