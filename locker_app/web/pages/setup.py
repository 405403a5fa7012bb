"""Set-up: all sites, and another one."""

from typing import Any

import reflex as rx

from locker_app.domain.actors import Right
from locker_app.domain.sites import MAX_NAME_LENGTH, SiteRules
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import ALL, Topic
from locker_app.services import sites
from locker_app.web.components.browser import new_request_id
from locker_app.web.components.fields import text_of
from locker_app.web.components.parts import Item, skeleton, some
from locker_app.web.components.setup_parts import line
from locker_app.web.live_states import SitesToSetUp
from locker_app.web.pages.board import not_for_you
from locker_app.web.refusals import Refusable, refusal
from locker_app.web.session import perform, watch
from locker_app.web.template import page


@set_on_load("may_see", "everywhere", "site_ids", "loaded")
class SetupPage(Refusable, rx.State):
    """Whose sites are shown, and what was wrong with what was entered last."""

    loaded: bool = False
    may_see: bool = False
    everywhere: bool = False
    site_ids: list[int] = []
    """The sites that are theirs, unless all are."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the sites."""
        watched = await watch(self, Topic("sites", ALL))
        theirs = watched.actor.sites_with(Right.SET_UP)
        self.everywhere, self.site_ids = theirs is None, sorted(theirs or ())
        self.may_see = watched.actor.may(Right.SET_UP, None)
        self._begin()
        self.loaded = True

    @rx.event
    async def create(self, form: dict[str, Any], request_id: str) -> Any:
        """Set up a site with this name and time zone."""
        self._begin("site")
        rules = SiteRules(text_of(form, "name"), text_of(form, "time_zone"))
        made = await perform(
            self, sites.set_up_site, request_id, refused=self._refused, rules=rules
        )
        return rx.redirect(f"/staff/setup/{made}") if made is not None else None


def setup() -> rx.Component:
    """The page."""
    state = SetupPage
    return page(
        rx.el.h1("Set-up"),
        rx.cond(
            state.loaded,
            rx.cond(
                state.may_see,
                rx.cond(SitesToSetUp.ready, _sites(), skeleton(tall=True)),
                not_for_you(),
            ),
            skeleton(tall=True),
        ),
        here="/staff/setup",
    )


def _sites() -> rx.Component:
    return rx.fragment(
        rx.cond(
            some(SitesToSetUp.sites),
            rx.el.div(rx.foreach(SitesToSetUp.sites, _site), class_name="cards"),
            rx.el.p("No site has been set up yet. Begin with the first one.", class_name="soft"),
        ),
        rx.cond(SetupPage.everywhere, _new()),
    )


def _site(site: Item) -> Item:
    theirs = SetupPage.everywhere | rx.Var.create(SetupPage.site_ids).contains(site["id"])
    return rx.cond(
        theirs,
        rx.el.a(
            rx.el.h2(site["name"]),
            rx.el.p(
                rx.cond(
                    site["archived"],
                    "archived",
                    _has(site),
                ),
                class_name="soft",
            ),
            href=f"/staff/setup/{site['id']}",
            class_name="card link",
        ),
    )


def _has(site: Item) -> Item:
    """How many banks and charging spots; what it has none of is not counted, unless it has
    nothing."""
    spots, banks = (
        site[many].to_string() + rx.cond(site[many] == 1, f" {one}", f" {one}s")
        for many, one in (("chargers", "charging spot"), ("banks", "bank"))
    )
    some_spots = rx.cond(site["banks"] == 0, spots, banks + ", " + spots)
    return rx.cond(site["chargers"] == 0, banks, some_spots)


def _new() -> rx.Component:
    state = SetupPage
    return rx.el.details(
        rx.el.summary("Set up a site"),
        rx.el.form(
            refusal(state, "site"),
            line(
                state, "name", "Name", "A library, a pool, a building.", max_length=MAX_NAME_LENGTH
            ),
            line(
                state,
                "time_zone",
                "Time zone",
                "Such as Europe/Berlin or Asia/Kolkata.",
                max_length=60,
            ),
            rx.el.button("Set it up", type="submit", class_name="primary"),
            on_submit=lambda form: SetupPage.create(form, new_request_id()),
            no_validate=True,
            class_name="narrow",
        ),
        class_name="card",
    )
