"""A sheet of paper for the door of a room: how to take a ticket, by phone or by typing."""

import reflex as rx

from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.serving.addresses import is_for_phones, join_address
from locker_app.settings import get_settings
from locker_app.web.components.helm_parts import PrintButton, large
from locker_app.web.components.helm_rules import helm_head
from locker_app.web.components.parts import skeleton
from locker_app.web.live_states import Helm
from locker_app.web.pages.board import no_such_queue
from locker_app.web.session import id_in_address, watch
from locker_app.web.template import page
from locker_app.web.words import ONLY_HERE


@set_on_load("shown", "may_see", "loaded", "join_at", "for_phones")
class SheetPage(rx.State):
    """Which queue the sheet is for, and the address of this server."""

    shown: int = 0
    may_see: bool = False
    loaded: bool = False
    join_at: str = ""
    for_phones: bool = True
    """Whether that address means this server to phones too."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the queue that the address names."""
        self.shown = id_in_address(self, "queue")
        topic = Topic("helm", self.shown)
        watched = await watch(self, topic)
        self.may_see = topic in watched.topics
        asked = join_address(get_settings(), f"http://{self.router.headers.host}")
        self.join_at, self.for_phones = asked.partition("://")[2], is_for_phones(asked)
        self.loaded = True


def sheet() -> rx.Component:
    """The page."""
    state = SheetPage
    return page(
        rx.cond(
            state.loaded,
            rx.cond(
                state.may_see,
                rx.cond(Helm.queue_id == state.shown, _ready(), _waiting()),
                rx.fragment(rx.el.h1("Sheet to print"), no_such_queue()),
            ),
            _waiting(),
        ),
        here="/staff/queues",
    )


def _waiting() -> rx.Component:
    return rx.fragment(rx.el.h1("Sheet to print"), skeleton(tall=True))


def _ready() -> rx.Component:
    return rx.fragment(
        helm_head("sheet"),
        rx.el.div(
            PrintButton.create(text="Print it"),
            rx.el.p("One page of A4 or Letter, to hang up where people wait.", class_name="soft"),
            class_name="row no-print",
        ),
        rx.cond(
            SheetPage.for_phones,
            rx.fragment(),
            rx.el.p(ONLY_HERE, class_name="box no-print", role="status", data_testid="only-here"),
        ),
        _paper(),
    )


def _paper() -> rx.Component:
    return rx.el.section(
        large(Helm.name, "sheet-name", 30),
        rx.cond(Helm.place != "", large(Helm.place, "sheet-place", 50)),
        rx.el.p("Need help? Take a ticket:", class_name="sheet-how"),
        rx.el.img(
            src="/qr/q/" + Helm.code + ".svg",
            alt="QR code of the address below",
            class_name="sheet-qr",
        ),
        rx.el.p(
            rx.el.span(SheetPage.join_at, "/q/"),
            rx.el.strong(Helm.code),
            class_name="sheet-address",
            data_testid="address",
        ),
        rx.el.p("Scan the code, or type the address.", class_name="sheet-how"),
        class_name="sheet",
        aria_label="The sheet",
    )
