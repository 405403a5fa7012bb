"""Set-up of a site's charging spots: which there are, in which order, and their rules."""

from typing import Any

import reflex as rx

from locker_app.domain.chargers import (
    MAX_DETAILS_LENGTH,
    MAX_NAME_LENGTH,
    MAX_PLACE_LENGTH,
    AtEnd,
    ChargerPlan,
    ChargingRules,
    Priority,
    check_charging,
    read_names,
)
from locker_app.domain.errors import BadInput, DomainError
from locker_app.domain.sites import version_of
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.services import chargers
from locker_app.web.components.browser import Modal, new_request_id
from locker_app.web.components.charging_rules import rules_form
from locker_app.web.components.fields import field, text_of, ticked
from locker_app.web.components.helm_parts import AsShown
from locker_app.web.components.parts import Item, in_browser, skeleton, some
from locker_app.web.components.setup_parts import (
    archive_dialog,
    number_if_any,
    number_of,
    refusal,
)
from locker_app.web.live_states import SiteSetUp
from locker_app.web.pages.board import not_for_you
from locker_app.web.session import id_in_address, perform, unsay, watch
from locker_app.web.template import page

QUESTIONS = ("change", "archive")
_MAY_BE_EMPTY = ("check_in_minutes", "day_minutes", "week_minutes")
_TICKS = ("book_later", "sign_in_needed")
_NUMBERS = (
    *("max_stay_minutes", "bookings_per_holder", "grace_minutes", "overstay_minutes"),
    *("reminder_minutes", "offer_minutes", "snoozes", "snooze_minutes"),
    *("extend_while_waiting_minutes", "cooling_off_minutes"),
)


@set_on_load("shown", "may_see", "loaded")
class SetupChargersPage(rx.State):
    """Which site is shown, which question is open, and what was wrong with what was entered."""

    shown: int = 0
    may_see: bool = False
    loaded: bool = False
    asking: str = ""
    """One of `QUESTIONS`; empty while none is open."""
    about: int = 0
    """The spot that it is about."""
    at: str = ""
    """Which form was refused; with the next two, at which field, and why."""
    wrong: str = ""
    why: str = ""
    _kept: tuple[str, str] = ("", "")
    """The version of the rules that the form shows, and what was made of it here."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the site that the address names."""
        before, self.shown = self.shown, id_in_address(self, "site")
        if self.shown != before:  # else the same page was disconnected for a moment
            self.asking, self.about = "", 0
        self.at, self.wrong, self.why, self._kept = "", "", "", ("", "")
        topic = Topic("site_setup", self.shown)
        watched = await watch(self, topic)
        self.may_see = topic in watched.topics
        self.loaded = True

    @rx.event
    async def add(self, form: dict[str, Any], site_id: int, request_id: str) -> Any:
        """Set up new spots."""
        self._begin("add")
        try:
            names = read_names(text_of(form, "names"))
        except BadInput as refused:
            self._refused(refused)
            return rx.set_focus("add-names")
        place, details = text_of(form, "place"), text_of(form, "details")
        made = await perform(
            self,
            chargers.add_chargers,
            request_id,
            "1 spot was added." if len(names) == 1 else f"{len(names)} spots were added.",
            refused=self._refused,
            site_id=site_id,
            plans=[ChargerPlan(name, place, details) for name in names],
        )
        if made is None:
            return rx.set_focus(f"add-{self.wrong}") if self.wrong else None
        return [rx.set_value("add-names", ""), rx.set_focus("add-names")]

    @rx.event
    async def change(self, form: dict[str, Any], charger_id: int, request_id: str) -> Any:
        """Change what is said of a spot."""
        self._begin("change")
        plan = ChargerPlan(text_of(form, "name"), text_of(form, "place"), text_of(form, "details"))
        done = await perform(
            self,
            chargers.change_charger,
            request_id,
            "It is kept.",
            refused=self._refused,
            charger_id=charger_id,
            plan=plan,
            version=text_of(form, "version"),
        )
        if done is not None:
            self.asking, self.about = "", 0
        return rx.set_focus(f"change-{self.wrong}") if self.wrong else None

    @rx.event
    async def move(self, charger_id: int, up: bool, request_id: str) -> None:
        """List a spot one place further up, or down."""
        await perform(self, chargers.move_charger, request_id, charger_id=charger_id, up=up)

    @rx.event
    def ask(self, what: str, charger_id: int) -> None:
        """Open a question about a spot."""
        self.asking = what if what in QUESTIONS else ""
        self.about = charger_id if type(charger_id) is int and 0 < charger_id < 2**31 else 0
        self._begin("")

    @rx.event
    def close(self) -> None:
        """Close it."""
        self.asking, self.about = "", 0

    @rx.event
    async def archive(self, charger_id: int, request_id: str) -> None:
        """Take a spot out of use, as the open question says."""
        if self.asking != "archive":
            return
        self._begin("archive")
        done = await perform(
            self,
            chargers.archive_charger,
            request_id,
            "The spot is archived.",
            refused=self._refused,
            charger_id=charger_id,
        )
        if done is not None:
            self.asking, self.about = "", 0

    @rx.event
    async def restore(self, charger_id: int, request_id: str) -> None:
        """Take a spot back into use."""
        said = "The spot is in use again."
        await perform(self, chargers.restore_charger, request_id, said, charger_id=charger_id)

    @rx.event
    async def save(self, form: dict[str, Any], site_id: int, request_id: str) -> Any:
        """Give the spots of the site these rules."""
        self._begin("rules")
        try:
            rules = rules_of(form)
        except BadInput as refused:
            self._refused(refused)
            return rx.set_focus(self.wrong)
        shown = text_of(form, "version")
        done = await perform(
            self,
            chargers.change_charging,
            request_id,
            "The rules are kept. They hold from now on; what was booked stays booked.",
            refused=self._refused,
            site_id=site_id,
            rules=rules,
            version=self._kept[1] if shown == self._kept[0] else shown,
        )
        if done is not None:
            self._kept = shown, version_of(ChargingRules, check_charging(rules))
        return rx.set_focus(self.wrong) if self.wrong else None

    def _begin(self, at: str) -> None:
        """Forget the last attempt, what was said of it too: this form is sent now."""
        unsay(self)
        self.at, self.wrong, self.why = at, "", ""

    def _refused(self, refused: DomainError) -> None:
        self.wrong, self.why = getattr(refused, "field", None) or "", str(refused)
        if self.at == "add" and self.wrong in ("name", "plans"):
            self.wrong = "names"


def rules_of(form: Any) -> ChargingRules:
    """The rules that were entered.

    Raises:
        BadInput: a number can't be read, or there is no such choice.
    """
    try:
        at_end = AtEnd(text_of(form, "at_end"))
    except ValueError:
        raise BadInput(field="at_end") from None
    try:
        priority = Priority(text_of(form, "priority"))
    except ValueError:
        raise BadInput(field="priority") from None
    limits = ChargingRules.LIMITS
    values: dict[str, Any] = {name: number_of(form, name, limits) for name in _NUMBERS}
    values |= {name: number_if_any(form, name, limits) for name in _MAY_BE_EMPTY}
    values |= {name: ticked(form, name) for name in _TICKS}
    return ChargingRules(at_end=at_end, priority=priority, **values)


def setup_chargers() -> rx.Component:
    """The page."""
    state = SetupChargersPage
    return page(
        rx.cond(
            state.loaded,
            rx.cond(
                state.may_see,
                rx.cond(SiteSetUp.site_id == state.shown, _site(), _waiting()),
                rx.fragment(rx.el.h1("Chargers"), not_for_you()),
            ),
            _waiting(),
        ),
        here="/staff/setup",
    )


def _waiting() -> rx.Component:
    return rx.fragment(rx.el.h1("Chargers"), skeleton(tall=True))


def _site() -> rx.Component:
    state = SetupChargersPage
    return rx.fragment(
        rx.el.div(
            rx.el.p(rx.el.a(SiteSetUp.name, href=f"/staff/setup/{SiteSetUp.site_id}")),
            rx.el.h1("Chargers"),
            rx.el.div(
                rx.el.a(
                    "How they are used now",
                    href=f"/staff/chargers/{SiteSetUp.site_id}",
                    class_name="button second",
                ),
                rx.el.a(
                    "QR codes to print",
                    href=f"/staff/sheets/{SiteSetUp.site_id}",
                    class_name="button second",
                ),
                class_name="row",
            ),
            class_name="stack",
        ),
        rx.cond(
            SiteSetUp.archived,
            rx.el.p("This site is archived: nobody sees it.", class_name="card"),
            rx.fragment(_spots(), _add(), rules_form(state)),
        ),
        _change_dialog(),
        archive_dialog(
            state,
            "Archive spot " + _of(state.about, "name") + "?",
            "Nobody sees it any more. What happened there stays in the history, and it can be "
            "taken back into use. It is refused while somebody has it, or has booked it.",
            state.archive(state.about, new_request_id()),
            label="Archive the spot",
        ),
    )


def _of(charger_id: Item, name: str) -> Item:
    script = "({0}.find((c) => c.id === {1})?.[" + repr(name) + "] ?? '')"
    return in_browser(script, SiteSetUp.chargers, charger_id).to(str)


def _spots() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Spots"),
        rx.cond(
            some(SiteSetUp.chargers),
            rx.el.ol(rx.foreach(SiteSetUp.chargers, _spot), class_name="card spot-list"),
            rx.el.p("No charging spot has been set up here yet.", class_name="soft"),
        ),
        class_name="stack",
    )


def _spot(spot: Item) -> rx.Component:
    state = SetupChargersPage

    def act(text: Any, say: str, *on: Any, **props: Any) -> rx.Component:
        label = f"{say} spot " + spot["name"].to(str)
        return rx.el.button(
            text, type="button", class_name="second", aria_label=label, on_click=on, **props
        )

    return rx.el.li(
        rx.el.span(spot["name"], class_name="post"),
        rx.el.div(
            rx.el.p(spot["place"]),
            rx.el.p(
                spot["details"],
                rx.cond(spot["details"] != "", " · ", ""),
                "code ",
                spot["code"],
                class_name="soft small",
            ),
            class_name="stack tight",
        ),
        rx.cond(
            spot["archived"],
            rx.el.div(
                rx.el.span("archived", class_name="soft"),
                act("Use it again", "Use again", state.restore(spot["id"], new_request_id())),
                class_name="row",
            ),
            rx.el.div(
                act("↑", "Move up", state.move(spot["id"], True, new_request_id())),
                act("↓", "Move down", state.move(spot["id"], False, new_request_id())),
                act("Change…", "Change", state.ask("change", spot["id"])),
                act("Archive…", "Archive", state.ask("archive", spot["id"])),
                class_name="row",
            ),
        ),
        data_testid="setup-spot",
    )


def _field(form: str, name: str, label: str, hint: str, value: Item = "", **props: Any) -> Item:
    state = SetupChargersPage
    bad = (state.at == form) & (state.wrong == name)
    ident = f"{form}-{name}"
    return field(name, label, hint, bad, state.why, ident, default_value=value, **props)


def _about(form: str, place: Item = "", details: Item = "") -> rx.Component:
    return rx.fragment(
        _field(
            form,
            "place",
            "Place",
            "Such as “Car park, north side”.",
            place,
            max_length=MAX_PLACE_LENGTH,
        ),
        _field(
            form,
            "details",
            "What it gives",
            "Such as “Type 2, 11 kW”.",
            details,
            max_length=MAX_DETAILS_LENGTH,
        ),
    )


def _add() -> rx.Component:
    state = SetupChargersPage
    return rx.el.section(
        rx.el.h2("Add spots"),
        rx.el.form(
            refusal(state, "add"),
            _field(
                "add",
                "names",
                "Names",
                "What stands on the posts, such as 1-8, or North 1, North 2.",
                max_length=2000,
            ),
            _about("add"),
            rx.el.button("Add them", type="submit", class_name="primary"),
            on_submit=lambda form: state.add(form, SiteSetUp.site_id, new_request_id()),
            no_validate=True,
            class_name="narrow",
        ),
        class_name="card",
    )


def _change_dialog() -> rx.Component:
    state = SetupChargersPage
    return Modal.create(
        rx.el.div(
            rx.el.h2("Change spot ", _of(state.about, "name")),
            rx.el.form(
                AsShown.create(name="version", value=_of(state.about, "version")),
                refusal(state, "change"),
                _field(
                    "change",
                    "name",
                    "Name",
                    "What stands on the post.",
                    _of(state.about, "name"),
                    max_length=MAX_NAME_LENGTH,
                ),
                _about("change", _of(state.about, "place"), _of(state.about, "details")),
                rx.el.div(
                    rx.el.button("Keep this", type="submit", class_name="second"),
                    rx.el.button(
                        "Leave it", type="button", class_name="second", on_click=state.close
                    ),
                    class_name="row",
                ),
                on_submit=lambda form: state.change(form, state.about, new_request_id()),
                no_validate=True,
                key=f"change-{state.about}",
            ),
            class_name="stack",
        ),
        open=state.asking == "change",
        label="Change a spot",
        on_close=state.close,
    )
