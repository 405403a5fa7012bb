"""Composition root: the app, its pages, and what runs while it is served."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import reflex as rx
from reflex.app import default_error_boundary
from reflex_base.registry import RegistrationContext

from locker_app.api.app import in_front_of
from locker_app.bridge.home_assistant import Address
from locker_app.bridge.runner import Bridge
from locker_app.brokers.choosing import open_broker
from locker_app.db.database import Database
from locker_app.db.outage import KINDS as OUTAGES
from locker_app.db.outage import outages
from locker_app.importing import Importer
from locker_app.learning import keep_learning
from locker_app.live import watching
from locker_app.live.follow import follow
from locker_app.live.hub import Hub
from locker_app.live.inbound import Inbound, shapes
from locker_app.live.rooms import Rooms
from locker_app.live.seen_terminals import seen
from locker_app.live.topics import Topic
from locker_app.nightly import tidy_up
from locker_app.push.follow import Pusher
from locker_app.push.post import Post
from locker_app.services import runtime
from locker_app.services.secrets import TokenKeys
from locker_app.settings import Settings, get_settings
from locker_app.timer import keep_time
from locker_app.version import VERSION
from locker_app.web.live_states import bind_topics
from locker_app.web.pages.accounts import AccountsPage, accounts
from locker_app.web.pages.after_class import AfterClassPage, after_class
from locker_app.web.pages.bank import BankPage, bank
from locker_app.web.pages.board import BoardPage, board
from locker_app.web.pages.chargers import ChargersPage, chargers
from locker_app.web.pages.display import DisplayPage, display
from locker_app.web.pages.helm import HelmPage, helm
from locker_app.web.pages.history import HistoryPage, history
from locker_app.web.pages.home import HomePage, home
from locker_app.web.pages.invite import InvitePage, invite
from locker_app.web.pages.me import MePage, me
from locker_app.web.pages.missing import MissingPage, missing
from locker_app.web.pages.people import PeoplePage, people
from locker_app.web.pages.people_import import PeopleImportPage, people_import
from locker_app.web.pages.people_imports import PeopleImportsPage, people_imports
from locker_app.web.pages.person import PersonPage, person
from locker_app.web.pages.queue import QueuePage, queue
from locker_app.web.pages.queue_settings import QueueSettingsPage, queue_settings
from locker_app.web.pages.setup import SetupPage, setup
from locker_app.web.pages.setup_bank import SetupBankPage, setup_bank
from locker_app.web.pages.setup_chargers import SetupChargersPage, setup_chargers
from locker_app.web.pages.setup_site import SetupSitePage, setup_site
from locker_app.web.pages.setup_terminals import SetupTerminalsPage, setup_terminals
from locker_app.web.pages.sheet import SheetPage, sheet
from locker_app.web.pages.sheets import SheetsPage, sheets
from locker_app.web.pages.sign_in import SignInPage, sign_in
from locker_app.web.pages.staff_chargers import StaffChargersPage, staff_chargers
from locker_app.web.pages.staff_queues import StaffQueuesPage, staff_queues
from locker_app.web.pages.staff_sign_in import (
    StaffAccountPage,
    StaffSignInPage,
    staff_account,
    staff_sign_in,
)
from locker_app.web.pages.staff_terminals import StaffTerminalsPage, staff_terminals
from locker_app.web.pages.statistics import StatisticsPage, statistics
from locker_app.web.pages.unknown_code import UnknownCodePage, unknown_code
from locker_app.web.visitor import CleanTabs

logger = logging.getLogger(__name__)

DESCRIPTION = "The shared things of this place, live: take one, give it back, see what is free."

PAGES = (
    (home, "/", "Cubby", HomePage.load),
    (bank, "/lockers/[bank]", "Lockers · Cubby", BankPage.load),
    (queue, "/q/[line_code]", "The line · Cubby", QueuePage.load),
    (chargers, "/c/[charger_code]", "Charging · Cubby", ChargersPage.load),
    (chargers, "/chargers/[charging_site]", "Charging · Cubby", ChargersPage.load),
    (display, "/queues/[queue]/display", "The line · Cubby", DisplayPage.load),
    (sign_in, "/sign-in", "Sign in · Cubby", SignInPage.load),
    (me, "/me", "My account · Cubby", MePage.load),
    (staff_sign_in, "/staff/sign-in", "Staff sign in · Cubby", StaffSignInPage.load),
    (staff_account, "/staff/account", "Account · Cubby", StaffAccountPage.load),
    (board, "/staff", "Board · Cubby", BoardPage.load),
    (board, "/staff/board/[bank]", "Board · Cubby", BoardPage.load),
    (missing, "404", "Not found · Cubby", MissingPage.load),
    (staff_chargers, "/staff/chargers", "Chargers · Cubby", StaffChargersPage.load),
    (staff_chargers, "/staff/chargers/[charging_site]", "Chargers · Cubby", StaffChargersPage.load),
    (staff_terminals, "/staff/terminals", "Terminals · Cubby", StaffTerminalsPage.load),
    (
        staff_terminals,
        "/staff/terminals/[terminals_site]",
        "Terminals · Cubby",
        StaffTerminalsPage.load,
    ),
    (staff_queues, "/staff/queues", "Queues · Cubby", StaffQueuesPage.load),
    (helm, "/staff/queues/[queue]", "Queue · Cubby", HelmPage.load),
    (
        queue_settings,
        "/staff/queues/[queue]/settings",
        "Settings · Cubby",
        QueueSettingsPage.load,
    ),
    (after_class, "/staff/queues/[queue]/after", "After class · Cubby", AfterClassPage.load),
    (sheet, "/staff/queues/[queue]/sheet", "Sheet to print · Cubby", SheetPage.load),
    (setup, "/staff/setup", "Set-up · Cubby", SetupPage.load),
    (setup_site, "/staff/setup/[site]", "Set-up · Cubby", SetupSitePage.load),
    (setup_bank, "/staff/setup/bank/[bank]", "Set-up · Cubby", SetupBankPage.load),
    (
        setup_chargers,
        "/staff/setup/chargers/[site]",
        "Set-up · Cubby",
        SetupChargersPage.load,
    ),
    (
        setup_terminals,
        "/staff/setup/terminals/[site]",
        "Set-up · Cubby",
        SetupTerminalsPage.load,
    ),
    (sheets, "/staff/sheets/[site]", "QR codes to print · Cubby", SheetsPage.load),
    (accounts, "/staff/accounts", "Staff · Cubby", AccountsPage.load),
    (invite, "/invite/[invitation]", "Welcome · Cubby", InvitePage.load),
    (unknown_code, "/unknown-code", "Nothing has this code · Cubby", UnknownCodePage.load),
    (people, "/staff/people", "People · Cubby", PeoplePage.load),
    (person, "/staff/people/[person]", "People · Cubby", PersonPage.load),
    (people_imports, "/staff/people/import", "Import people · Cubby", PeopleImportsPage.load),
    (
        people_import,
        "/staff/people/import/[people_import]",
        "Import people · Cubby",
        PeopleImportPage.load,
    ),
    (history, "/staff/history", "History · Cubby", HistoryPage.load),
    (statistics, "/staff/statistics", "Statistics · Cubby", StatisticsPage.load),
)


def _head() -> list[rx.Component]:
    return [
        rx.el.link(rel="icon", href="/logo.svg", type="image/svg+xml"),
        rx.el.link(rel="manifest", href="/manifest.webmanifest"),
        rx.el.meta(name="theme-color", content="#4338ca"),
        rx.el.meta(name="description", content=DESCRIPTION),
    ]


def _log_fault(exception: Exception) -> None:
    """A fault in a handler goes to the log. Reflex would show it to the person, by a script that
    our content security policy stops."""
    if isinstance(exception, OUTAGES):
        outages.failed(exception)
    else:
        logger.error("a handler failed", exc_info=exception)


def _post(settings: Settings) -> Post:
    """What sends web push. Push services want to know whom to ask when something is wrong."""
    known = settings.public_url.startswith("https:")
    contact = settings.public_url if known else "mailto:operator@cubby.invalid"
    return Post(settings.push_key(), contact, settings.push_hosts)


@contextlib.asynccontextmanager
async def _serving(app: rx.App) -> AsyncIterator[None]:
    """The database, the hub and the timer, from the start of the server to its end."""
    settings = get_settings()
    db = Database(settings.database)
    keys = TokenKeys(tuple(settings.signing_key().split(",")))
    runtime.start(runtime.Runtime(db, keys))
    handlers = RegistrationContext.get().event_handlers
    ours = shapes({name: registered.handler.fn for name, registered in handlers.items()})
    Inbound(app.event_namespace, ours).stand()
    rooms = Rooms(app)
    bind_topics(rooms)
    hub = Hub(db, rooms)
    watching.start(watching.Live(db, hub, rooms))
    async with hub.running():
        with seen.telling(hub.touch):
            pusher = Pusher(db, lambda: _post(settings))
            importer = Importer(
                db, runtime.current().seal, lambda one: hub.touch([Topic("people_import", one)])
            )
            bridge = Bridge(
                db,
                runtime.current().seal,
                lambda: open_broker(settings),
                home=Address(settings.home_assistant_prefix, version=VERSION),
                home_on=settings.home_assistant,
            )
            work = (
                *(
                    bridge.run(),
                    follow(db, hub, bridge.follow),
                    keep_time(db),
                    tidy_up(db),
                    keep_learning(db),
                ),
                *(pusher.follow(), importer.run()),
            )
            tasks = [asyncio.create_task(task) for task in work]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.to_thread(db.close)


def make_app() -> rx.App:
    """The application with all its pages."""
    made = rx.App(
        html_lang="en",
        stylesheets=[
            *("/cubby.css", "/helm.css", "/board.css", "/people.css", "/charging.css"),
            "/terminals.css",
        ],
        head_components=_head(),
        toaster=None,
        backend_exception_handler=_log_fault,
        api_transformer=in_front_of,
        # Without Reflex's own banner and toasts: freshness and notices are in our template.
        app_wraps={(55, "ErrorBoundary"): lambda _stateful: default_error_boundary()},
    )
    made.add_middleware(CleanTabs(), index=0)
    for component, route, title, on_load in PAGES:
        made.add_page(component, route=route, title=title, on_load=on_load)
    made.register_lifespan_task(lambda: _serving(made))
    return made


app = make_app()
