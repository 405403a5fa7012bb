"""How Reflex compiles and runs the app. Everything an operator sets is in `locker_app.settings`."""

import reflex as rx
from reflex.plugins import SitemapPlugin

from locker_app.settings import get_settings
from locker_app.web.frontend import SameOrigin

config = rx.Config(
    app_name="locker_app",
    # One origin for pages, websocket and API, so nobody else is let in. The browser takes
    # host and port from its own address (SameOrigin): a build fits every address.
    plugins=[SameOrigin()],
    cors_allowed_origins=[],
    trusted_proxy_hops=get_settings().trusted_proxy_hops,
    frontend_compression_formats=["brotli", "gzip"],
    # Per-tab state is form fields and a page's filters: nothing worth a disk write or a backup.
    state_manager_mode=rx.constants.StateManagerMode.MEMORY,
    # The pages of a locker system are not for search engines, and every visit is somebody's.
    disable_plugins=[SitemapPlugin],
    telemetry_enabled=False,
    show_built_with_reflex=False,
)
