"""What a running server has: every event handler and every route, as JSON.

`python -m tests.security.registered`, in a process of its own: Reflex knows one app for each.
"""

import inspect
import json
import os
from typing import Any

from starlette.routing import Mount


def main() -> None:
    """Print the names of all handlers with their parameters, and all routes."""
    from locker_app.serving.environment import SERVING

    os.environ.update(SERVING)
    from reflex_base.registry import RegistrationContext

    from locker_app.locker_app import app

    app()
    handlers = RegistrationContext.get().event_handlers
    names = {
        name: list(inspect.signature(known.handler.fn).parameters)[1:]
        for name, known in handlers.items()
    }
    assert app._api is not None
    print(json.dumps({"handlers": names, "routes": [_route(r) for r in app._api.routes]}))


def _route(route: Any) -> list[str]:
    """The route's path, and the methods that it takes."""
    if isinstance(route, Mount):
        return [f"{route.path}/…", "mount"]
    return [route.path, " ".join(sorted(route.methods or ()))]


if __name__ == "__main__":
    main()
