"""Sheets of paper with the QR codes of a site's banks, queues and charging spots: one on a page,
or many."""

import reflex as rx

from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.serving.addresses import is_for_phones, join_address
from locker_app.settings import get_settings
from locker_app.web.components.helm_parts import PrintButton, large
from locker_app.web.components.parts import Item, checkbox, skeleton, some
from locker_app.web.live_states import SiteSetUp
from locker_app.web.pages.board import not_for_you
from locker_app.web.session import id_in_address, watch
from locker_app.web.template import page
from locker_app.web.words import ONLY_HERE

SIZES = (("page", "One on a page"), ("post", "Two on a page"), ("door", "Eight on a page"))
_MOST_LEFT_OUT = 1000
CHARGE = "Charge here. Book this spot, or see when one is free:"


@set_on_load("shown", "may_see", "loaded", "address", "for_phones")
class SheetsPage(rx.State):
    """Which site's codes are shown, how large, and which of them are left out."""

    shown: int = 0
    may_see: bool = False
    loaded: bool = False
    address: str = ""
    for_phones: bool = True
    """Whether the address means the same on other machines."""
    size: str = "page"
    left_out: list[str] = []

    @rx.event
    async def load(self) -> None:
        """Begin to watch the site that the address names."""
        before, self.shown = self.shown, id_in_address(self, "site")
        if self.shown != before:
            self.left_out = []
        topic = Topic("site_setup", self.shown)
        watched = await watch(self, topic)
        self.may_see = topic in watched.topics
        asked = join_address(get_settings(), f"http://{self.router.headers.host}")
        self.address, self.for_phones = asked.partition("://")[2], is_for_phones(asked)
        self.loaded = True

    @rx.event
    def choose_size(self, size: str) -> None:
        """Print them so large."""
        self.size = size if size in dict(SIZES) else "page"

    @rx.event
    def choose(self, code: str, wanted: bool) -> None:
        """Print this one, or leave it out."""
        left = [kept for kept in self.left_out if kept != code]
        if wanted is not True and isinstance(code, str) and len(code) <= 12:
            left.append(code)
        self.left_out = left[:_MOST_LEFT_OUT]


def sheets() -> rx.Component:
    """The page."""
    state = SheetsPage
    return page(
        rx.cond(
            state.loaded,
            rx.cond(
                state.may_see,
                rx.cond(SiteSetUp.site_id == state.shown, _ready(), _waiting()),
                rx.fragment(rx.el.h1("QR codes to print"), not_for_you()),
            ),
            _waiting(),
        ),
        here="/staff/setup",
    )


def _waiting() -> rx.Component:
    return rx.fragment(rx.el.h1("QR codes to print"), skeleton(tall=True))


def _ready() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.p(rx.el.a(SiteSetUp.name, href=f"/staff/setup/{SiteSetUp.site_id}")),
            rx.el.h1("QR codes to print"),
            _how_large(),
            rx.el.details(
                rx.el.summary("Which ones"),
                rx.foreach(SiteSetUp.banks, lambda bank: rx.cond(~bank["archived"], _tick(bank))),
                rx.foreach(SiteSetUp.queues, lambda queue: _tick(queue)),
                rx.foreach(
                    SiteSetUp.chargers,
                    lambda spot: rx.cond(~spot["archived"], _tick(spot, "Spot ")),
                ),
                class_name="card",
            ),
            PrintButton.create(text="Print"),
            rx.el.p("On A4 or Letter. Phones open the address by their camera.", class_name="soft"),
            rx.cond(
                SheetsPage.for_phones,
                rx.fragment(),
                rx.el.p(ONLY_HERE, class_name="box", role="status", data_testid="only-here"),
            ),
            class_name="stack no-print",
        ),
        rx.cond(
            some(SiteSetUp.banks) | some(SiteSetUp.queues) | some(SiteSetUp.chargers),
            rx.el.div(
                rx.foreach(
                    SiteSetUp.banks,
                    lambda bank: rx.cond(~bank["archived"], _sheet(bank, "Get a locker here:")),
                ),
                rx.foreach(
                    SiteSetUp.queues, lambda queue: _sheet(queue, "Need help? Take a ticket:")
                ),
                rx.foreach(
                    SiteSetUp.chargers,
                    lambda spot: rx.cond(
                        ~spot["archived"],
                        _sheet(spot, CHARGE, "Spot "),
                    ),
                ),
                class_name="sheets",
                data_size=SheetsPage.size,
            ),
            rx.el.p("There is nothing to print yet: set up a bank, a queue or a charger first."),
        ),
    )


def _how_large() -> rx.Component:
    return rx.el.div(
        *[
            rx.el.button(
                text,
                type="button",
                class_name="second",
                aria_pressed=SheetsPage.size == size,
                on_click=SheetsPage.choose_size(size),
            )
            for size, text in SIZES
        ],
        class_name="row choice",
        role="group",
        aria_label="How large",
    )


def _wanted(thing: Item) -> Item:
    return ~rx.Var.create(SheetsPage.left_out).contains(thing["code"])


def _tick(thing: Item, kind: str = "") -> rx.Component:
    return checkbox(
        kind + thing["name"].to(str),
        lambda wanted: SheetsPage.choose(thing["code"], wanted),
        checked=_wanted(thing),
    )


def _sheet(thing: Item, how: str, kind: str = "") -> Item:
    return rx.cond(
        _wanted(thing),
        rx.el.section(
            large(kind + thing["name"].to(str), "sheet-name", 24),
            rx.cond(thing["place"] != "", large(thing["place"], "sheet-place", 40)),
            rx.el.p(how, class_name="sheet-how"),
            rx.el.img(
                src="/qr/go/" + thing["code"] + ".svg",
                alt="QR code of the address below",
                class_name="sheet-qr",
            ),
            rx.el.p(
                rx.el.span(SheetsPage.address, "/go/"),
                rx.el.strong(thing["code"]),
                class_name="sheet-address",
            ),
            class_name="sheet",
            aria_label=f"Sheet for {kind}" + thing["name"].to(str),
        ),
    )
