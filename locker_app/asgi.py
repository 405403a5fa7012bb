"""What the server serves: the guard, and inside it the Reflex app with pages, websocket and API.

The guard is put around here and not through `api_transformer`, since Reflex puts its own
CORS layer around that: only this way is it the first to see a request.
"""

from locker_app.api.guard import ASGIApp, Guard
from locker_app.api.hosts import Hosts
from locker_app.api.pages import Pages
from locker_app.locker_app import app
from locker_app.serving.frontend import BUILT
from locker_app.settings import get_settings


def create() -> ASGIApp:
    """The whole application, once in each process."""
    settings = get_settings()
    return Guard(
        app(),
        Hosts(settings.allowed_hosts, settings.public_url),
        Pages(BUILT),
        settings.trusted_proxy_hops,
    )
