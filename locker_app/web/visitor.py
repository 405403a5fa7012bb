"""Whose tab it is: a new session in it, or none any more, finds nothing of the last.

A tab's token and with it its state on the server outlive signing in and out, and who knows the
token can come with it while the tab is away. What is typed into a form, or said about a command,
is meant for the session in which it was; the first event of any other begins with a clean state.
"""

from typing import Any

import reflex as rx
from reflex.middleware.middleware import Middleware
from reflex_base.event import Event

from locker_app.web.session import session_key


class Visitor(rx.State):
    """The session that this tab's state belongs to."""

    _key: str = ""
    _known: bool = False


class CleanTabs(Middleware):
    """Looks at every event before its handler does."""

    async def preprocess(self, app: Any, state: Any, event: Event) -> None:
        """Reset the whole state when the event comes by another session than those before it."""
        visitor = await state.get_state(Visitor)
        key = session_key(state) or ""
        if visitor._known and visitor._key != key:
            state.reset()
        visitor._key, visitor._known = key, True
