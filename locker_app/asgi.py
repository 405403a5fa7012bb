"""What the server serves: the Reflex app with pages, websocket and API."""

from reflex.utils.types import ASGIApp

from locker_app.locker_app import app


def create() -> ASGIApp:
    """The whole application, once in each process."""
    return app()
