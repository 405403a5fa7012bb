"""Set-up of one site: its rules and hours, its banks, and taking it out of use."""

from typing import Any

import reflex as rx

from locker_app.domain.banks import MAX_PLACE_LENGTH, BankRules
from locker_app.domain.errors import BadInput, DomainError
from locker_app.domain.hours_text import WEEKDAYS, field_of, read
from locker_app.domain.sites import MAX_NAME_LENGTH, SiteRules, check_site, version_of
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.services import banks, sites
from locker_app.web.components.browser import new_request_id
from locker_app.web.components.fields import text_of, tick, ticked
from locker_app.web.components.helm_parts import AsShown
from locker_app.web.components.parts import Item, in_browser, skeleton, some
from locker_app.web.components.setup_parts import (
    archive_dialog,
    digits,
    doors_fields,
    doors_in,
    line,
    number_if_any,
    number_of,
    part,
    value_of,
    week,
)
from locker_app.web.live_states import SiteSetUp
from locker_app.web.pages.board import not_for_you
from locker_app.web.refusals import Refusable, refusal
from locker_app.web.session import id_in_address, perform, watch
from locker_app.web.template import page

_NOTHING: dict[str, str] = {}


@set_on_load("shown", "may_see", "loaded")
class SetupSitePage(Refusable, rx.State):
    """Which site is shown, and what was wrong with what was entered last."""

    shown: int = 0
    may_see: bool = False
    loaded: bool = False
    asking: str = ""
    _kept: tuple[str, str] = ("", "")
    """The version that the form shows, and what was made of it here: both are this one's own."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the site that the address names."""
        self.shown = id_in_address(self, "site")
        self._begin()
        self.asking = ""
        self._kept = ("", "")
        topic = Topic("site_setup", self.shown)
        watched = await watch(self, topic)
        self.may_see = topic in watched.topics
        self.loaded = True

    @rx.event
    async def save(self, form: dict[str, Any], site_id: int, request_id: str) -> Any:
        """Give the site these rules."""
        self._begin("rules")
        try:
            rules = rules_of(form)
        except BadInput as refused:
            self._refused(refused)
            return rx.set_focus(self.wrong)
        shown = text_of(form, "version")
        version = self._kept[1] if shown == self._kept[0] else shown
        done = await perform(
            self,
            sites.change_site,
            request_id,
            "The settings are kept.",
            refused=self._refused,
            site_id=site_id,
            rules=rules,
            version=version,
        )
        if done is not None:
            self._kept = shown, version_of(SiteRules, check_site(rules))
        return rx.set_focus(self.wrong) if self.wrong else None

    @rx.event
    async def create_bank(self, form: dict[str, Any], site_id: int, request_id: str) -> Any:
        """Set up a bank at the site."""
        self._begin("bank")
        rules = BankRules(
            text_of(form, "bank_name"), text_of(form, "place"), text_of(form, "prefix")
        )
        made = await perform(
            self,
            banks.set_up_bank,
            request_id,
            refused=self._refused_bank,
            site_id=site_id,
            rules=rules,
            doors=doors_in(form),
        )
        return rx.redirect(f"/staff/setup/bank/{made}") if made is not None else None

    @rx.event
    def ask(self) -> None:
        """Ask whether to archive the site."""
        self._begin()
        self.asking = "archive"

    @rx.event
    def close(self) -> None:
        """Close the question."""
        self.asking = ""

    @rx.event
    async def archive(self, site_id: int, request_id: str) -> None:
        """Take the site out of use, as the open question says."""
        if self.asking != "archive":
            return
        self._begin("archive")
        done = await perform(
            self,
            sites.archive_site,
            request_id,
            "The site is archived.",
            refused=self._refused,
            site_id=site_id,
        )
        if done is not None:
            self.asking = ""

    @rx.event
    async def restore(self, site_id: int, request_id: str) -> None:
        """Take the site back into use."""
        self._begin("archive")
        await perform(
            self,
            sites.restore_site,
            request_id,
            "The site is in use again.",
            refused=self._refused,
            site_id=site_id,
        )

    def _refused(self, refused: DomainError) -> None:
        super()._refused(refused)
        if self.wrong == "hours":
            self.wrong = field_of(0)

    def _refused_bank(self, refused: DomainError) -> None:
        self._refused(refused)
        if self.wrong == "name":
            self.wrong = "bank_name"


def rules_of(form: Any) -> SiteRules:
    """The rules that were entered.

    Raises:
        BadInput: a number or an opening hour can't be read.
    """
    return SiteRules(
        name=text_of(form, "name"),
        time_zone=text_of(form, "time_zone"),
        hours=read([text_of(form, field_of(day)) for day in range(len(WEEKDAYS))]),
        lockers_per_person=number_of(form, "lockers_per_person", SiteRules.LIMITS),
        hold_minutes=number_of(form, "hold_minutes", SiteRules.LIMITS),
        viewers_see_names=ticked(form, "viewers_see_names"),
        names_kept_days=number_if_any(form, "names_kept_days", SiteRules.LIMITS),
    )


def setup_site() -> rx.Component:
    """The page."""
    state = SetupSitePage
    return page(
        rx.cond(
            state.loaded,
            rx.cond(
                state.may_see,
                rx.cond(SiteSetUp.site_id == state.shown, _site(), _waiting()),
                rx.fragment(rx.el.h1("Set-up"), not_for_you()),
            ),
            _waiting(),
        ),
        here="/staff/setup",
    )


def _waiting() -> rx.Component:
    return rx.fragment(rx.el.h1("Set-up"), skeleton(tall=True))


def _site() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.p(rx.el.a("All sites", href="/staff/setup")),
            rx.el.h1(SiteSetUp.name),
            class_name="stack",
        ),
        rx.cond(SiteSetUp.archived, _archived(), _in_use()),
        archive_dialog(
            SetupSitePage,
            "Archive " + SiteSetUp.name + "?",
            "Its banks, queues and charging spots go out of use with it. What happened there stays "
            "in the history, and it can be taken back into use. It is refused while somebody has a "
            "locker or a spot, waits for one, or is in line.",
            SetupSitePage.archive(SiteSetUp.site_id, new_request_id()),
            label="Archive the site",
        ),
    )


def _archived() -> rx.Component:
    return rx.el.div(
        rx.el.p("This site is archived: nobody sees it."),
        refusal(SetupSitePage, "archive"),
        rx.el.button(
            "Take it back into use",
            type="button",
            class_name="second",
            on_click=SetupSitePage.restore(SiteSetUp.site_id, new_request_id()),
        ),
        class_name="card",
    )


def _in_use() -> rx.Component:
    return rx.fragment(
        _banks(),
        _queues(),
        _chargers(),
        _terminals(),
        _rules(),
        rx.el.div(
            rx.el.button(
                "Archive this site…", type="button", class_name="second", on_click=SetupSitePage.ask
            ),
            class_name="row",
        ),
    )


def _banks() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Banks of lockers"),
            rx.el.a(
                "QR codes to print",
                href=f"/staff/sheets/{SiteSetUp.site_id}",
                class_name="button second",
            ),
            class_name="row apart",
        ),
        rx.cond(
            some(SiteSetUp.banks),
            rx.el.div(rx.foreach(SiteSetUp.banks, _bank), class_name="cards"),
            rx.el.p("No bank has been set up here yet.", class_name="soft"),
        ),
        _new_bank(),
        class_name="stack",
    )


def _bank(bank: Item) -> rx.Component:
    return rx.el.a(
        rx.el.h3(bank["name"]),
        rx.el.p(bank["place"], class_name="soft"),
        rx.el.p(
            rx.cond(
                bank["archived"],
                "archived",
                bank["doors"].to_string() + rx.cond(bank["doors"] == 1, " door", " doors"),
            )
        ),
        href=f"/staff/setup/bank/{bank['id']}",
        class_name="card link",
    )


def _queues() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Queues"),
            rx.el.a("Set up a queue", href="/staff/queues", class_name="button second"),
            class_name="row apart",
        ),
        rx.cond(
            some(SiteSetUp.queues),
            rx.el.div(rx.foreach(SiteSetUp.queues, _queue), class_name="cards"),
            rx.el.p("No queue has been set up here yet.", class_name="soft"),
        ),
        class_name="stack",
    )


def _queue(queue: Item) -> rx.Component:
    return rx.el.a(
        rx.el.h3(queue["name"]),
        rx.el.p(queue["place"], class_name="soft"),
        href=f"/staff/queues/{queue['id']}/settings",
        class_name="card link",
    )


def _chargers() -> rx.Component:
    count = in_browser("{}.filter((c) => !c.archived).length", SiteSetUp.chargers).to(int)
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Charging spots"),
            rx.el.a(
                "Set up chargers",
                href=f"/staff/setup/chargers/{SiteSetUp.site_id}",
                class_name="button second",
            ),
            class_name="row apart",
        ),
        rx.cond(
            count > 0,
            rx.el.p(count, rx.cond(count == 1, " spot", " spots")),
            rx.el.p("No charging spot has been set up here yet.", class_name="soft"),
        ),
        class_name="stack",
    )


def _terminals() -> rx.Component:
    count = in_browser("{}.filter((t) => !t.archived).length", SiteSetUp.terminals).to(int)
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Card terminals and visits"),
            rx.el.a(
                "Set up terminals",
                href=f"/staff/setup/terminals/{SiteSetUp.site_id}",
                class_name="button second",
            ),
            class_name="row apart",
        ),
        rx.cond(
            count > 0,
            rx.el.p(count, rx.cond(count == 1, " terminal", " terminals")),
            rx.el.p("No card terminal has been set up here yet.", class_name="soft"),
        ),
        class_name="stack",
    )


def _new_bank() -> rx.Component:
    state = SetupSitePage
    return rx.el.details(
        rx.el.summary("Set up a bank"),
        rx.el.form(
            refusal(state, "bank"),
            line(state, "bank_name", "Name", "What everybody reads.", max_length=MAX_NAME_LENGTH),
            line(
                state,
                "place",
                "Place",
                "Such as “Ground floor, left of the door”.",
                max_length=MAX_PLACE_LENGTH,
            ),
            line(
                state,
                "prefix",
                "Prefix",
                "Stands before the number on each door, such as the A of A17. Empty for none.",
                max_length=7,
            ),
            doors_fields(state, _NOTHING),
            rx.el.button("Set it up", type="submit", class_name="primary"),
            on_submit=lambda form: SetupSitePage.create_bank(
                form, SiteSetUp.site_id, new_request_id()
            ),
            no_validate=True,
            class_name="narrow",
        ),
        class_name="card",
    )


def _rules() -> rx.Component:
    state, rules = SetupSitePage, SiteSetUp.rules
    return rx.el.form(
        AsShown.create(name="version", value=value_of(rules, "version")),
        refusal(state, "rules"),
        part(
            "Name and clock",
            line(
                state,
                "name",
                "Name",
                "What everybody reads.",
                SiteSetUp.name,
                max_length=MAX_NAME_LENGTH,
            ),
            line(
                state,
                "time_zone",
                "Time zone",
                "Such as Europe/Berlin. All times here are shown in it.",
                value_of(rules, "time_zone"),
                max_length=60,
            ),
        ),
        part(
            "When lockers are given out",
            rx.el.p(
                "Such as 9:00-12:00, 14:00-16:30. With no hours at all, always. Giving back always "
                "works. A locker that is held for somebody waits while it is closed.",
                class_name="hint",
            ),
            week(state, rules),
        ),
        part(
            "Lockers",
            digits(
                state,
                "lockers_per_person",
                "Lockers of one person",
                "At the same time. Who has more already keeps them.",
                value_of(rules, "lockers_per_person"),
            ),
            digits(
                state,
                "hold_minutes",
                "Minutes that a locker is held",
                "For the next in the waiting list.",
                value_of(rules, "hold_minutes"),
            ),
        ),
        part(
            "Names",
            tick(
                "viewers_see_names",
                "Viewers see names",
                "Else staff who only look see doors, not who has them.",
                default_checked=in_browser("Boolean({}['viewers_see_names'])", rules).to(bool),
            ),
            digits(
                state,
                "names_kept_days",
                "Days that names stay in the history",
                "After them the counts stay and the names go. Empty keeps them.",
                value_of(rules, "names_kept_days"),
            ),
        ),
        rx.el.button("Keep these settings", type="submit", class_name="primary"),
        on_submit=lambda form: SetupSitePage.save(form, SiteSetUp.site_id, new_request_id()),
        no_validate=True,
        key=f"site-{SiteSetUp.site_id}",
        class_name="settings",
    )
