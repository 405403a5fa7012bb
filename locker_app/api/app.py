"""The API as one application, and how it stands in front of the pages."""

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from locker_app.api import forms, push
from locker_app.api.openapi import ADDRESS, describe, operation_id
from locker_app.api.outage import handle_outages
from locker_app.api.problems import handle_problems
from locker_app.api.renewal import Renewal
from locker_app.api.routes import (
    after_class,
    charger_desk,
    chargers,
    charging,
    entry,
    events,
    lockers,
    me,
    people,
    people_imports,
    places,
    queues,
    serving,
    staff,
    statistics,
    terminals,
    tickets,
)
from locker_app.api.routes.health import health_router
from locker_app.api.routes.qr import go_router, qr_router
from locker_app.api.shell import Shell, is_ours
from locker_app.version import VERSION


def make_api() -> FastAPI:
    """The routes of `/api/v1`, `/auth` and `/health`. They run on `services.runtime.current()`.

    There is no page to try them out: it would be loaded from somebody else's server.
    """
    app = FastAPI(
        title="Cubby",
        version=VERSION,
        openapi_url=ADDRESS,
        docs_url=None,
        redoc_url=None,
        # a redirect to the path without the slash would name whatever host the client claims
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    for routes in (  # not by a router of them all: each route would be made twice, for a second
        entry,
        me,
        places,
        lockers,
        queues,
        tickets,
        serving,
        after_class,
        charging,
        charger_desk,
        chargers,
        staff,
        terminals,
        people_imports,  # before one person by id
        people,
        events,
        statistics,
    ):
        app.include_router(routes.router, prefix="/api/v1")
    app.include_router(forms.router)
    app.include_router(push.router)
    app.include_router(health_router())
    app.include_router(qr_router())
    app.include_router(go_router())
    handle_problems(app)
    handle_outages(app)
    describe(app)
    app.add_middleware(Shell)
    return app


def in_front_of(pages: ASGIApp) -> ASGIApp:
    """The API and the pages as one: for `rx.App(api_transformer=in_front_of)`.

    Paths of the API never reach the pages, so that an unknown one is a problem and not a page;
    the pages' requests and sockets never pass through the API's middleware.
    """
    api, renewing = make_api(), Renewal(pages)

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and is_ours(scope["path"])
        await (api if ours else renewing)(scope, receive, send)

    return both
