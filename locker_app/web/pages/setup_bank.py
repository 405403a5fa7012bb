"""Set-up of one bank: its rules, its doors and their numbers, and taking it out of use."""

from typing import Any

import reflex as rx

from locker_app.domain.banks import (
    MAX_NAME_LENGTH,
    MAX_PLACE_LENGTH,
    BankRules,
    check_bank,
)
from locker_app.domain.errors import BadInput
from locker_app.domain.lockers import OverdueAction
from locker_app.domain.sites import version_of
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.services import banks
from locker_app.web.components.browser import new_request_id
from locker_app.web.components.fields import text_of
from locker_app.web.components.helm_parts import AsShown
from locker_app.web.components.parts import in_browser, skeleton
from locker_app.web.components.setup_parts import (
    archive_dialog,
    choice,
    digits,
    doors_fields,
    doors_in,
    line,
    number_if_any,
    number_of,
    part,
    value_of,
)
from locker_app.web.live_states import BankSetUp
from locker_app.web.pages.board import not_for_you
from locker_app.web.refusals import Refusable, refusal
from locker_app.web.session import id_in_address, perform, watch
from locker_app.web.template import page

OVERDUE = (
    (OverdueAction.NOTIFY.value, "Tell staff"),
    (OverdueAction.RELEASE.value, "Take the locker back"),
    (OverdueAction.NOTHING.value, "Nothing"),
)


@set_on_load("shown", "may_see", "loaded")
class SetupBankPage(Refusable, rx.State):
    """Which bank is shown, and what was wrong with what was entered last."""

    shown: int = 0
    may_see: bool = False
    loaded: bool = False
    asking: str = ""
    _kept: tuple[str, str] = ("", "")
    """The version that the form shows, and what was made of it here; and that of the doors."""
    _kept_doors: tuple[str, str] = ("", "")

    @rx.event
    async def load(self) -> None:
        """Begin to watch the bank that the address names."""
        self.shown = id_in_address(self, "bank")
        self._begin()
        self.asking = ""
        self._kept, self._kept_doors = ("", ""), ("", "")
        topic = Topic("bank_setup", self.shown)
        watched = await watch(self, topic)
        self.may_see = topic in watched.topics
        self.loaded = True

    @rx.event
    async def save(self, form: dict[str, Any], bank_id: int, request_id: str) -> Any:
        """Give the bank these rules."""
        self._begin("rules")
        try:
            rules = rules_of(form)
        except BadInput as refused:
            self._refused(refused)
            return rx.set_focus(self.wrong)
        shown = text_of(form, "version")
        done = await perform(
            self,
            banks.change_bank,
            request_id,
            "The settings are kept.",
            refused=self._refused,
            bank_id=bank_id,
            rules=rules,
            version=self._kept[1] if shown == self._kept[0] else shown,
        )
        if done is not None:
            self._kept = shown, version_of(BankRules, check_bank(rules))
        return rx.set_focus(self.wrong) if self.wrong else None

    @rx.event
    async def save_doors(self, form: dict[str, Any], bank_id: int, request_id: str) -> Any:
        """Let the bank have just these doors."""
        self._begin("doors")
        plan, shown = doors_in(form), text_of(form, "version")
        done = await perform(
            self,
            banks.change_doors,
            request_id,
            "The doors are kept: {0.added} added, {0.removed} removed, {0.altered} changed.",
            refused=self._refused,
            bank_id=bank_id,
            doors=plan,
            version=self._kept_doors[1] if shown == self._kept_doors[0] else shown,
        )
        if done is not None:
            self._kept_doors = shown, done.version
        return rx.set_focus(self.wrong) if self.wrong else None

    @rx.event
    async def renumber(
        self, form: dict[str, Any], bank_id: int, version: str, request_id: str
    ) -> Any:
        """Number the doors anew."""
        self._begin("numbers")
        try:
            first = number_of(form, "first")
            if first < 1:
                raise BadInput("Numbers begin at 1.", field="first")
        except BadInput as refused:
            self._refused(refused)
            return rx.set_focus(self.wrong)
        await perform(
            self,
            banks.renumber_bank,
            request_id,
            "The doors are numbered anew.",
            refused=self._refused,
            bank_id=bank_id,
            first=first,
            version=version,
        )
        return rx.set_focus(self.wrong) if self.wrong else None

    @rx.event
    def ask(self) -> None:
        """Ask whether to archive the bank."""
        self._begin()
        self.asking = "archive"

    @rx.event
    def close(self) -> None:
        """Close the question."""
        self.asking = ""

    @rx.event
    async def archive(self, bank_id: int, request_id: str) -> None:
        """Take the bank out of use, as the open question says."""
        if self.asking != "archive":
            return
        self._begin("archive")
        done = await perform(
            self,
            banks.archive_bank,
            request_id,
            "The bank is archived.",
            refused=self._refused,
            bank_id=bank_id,
        )
        if done is not None:
            self.asking = ""

    @rx.event
    async def restore(self, bank_id: int, request_id: str) -> None:
        """Take the bank back into use."""
        self._begin("archive")
        await perform(
            self,
            banks.restore_bank,
            request_id,
            "The bank is in use again.",
            refused=self._refused,
            bank_id=bank_id,
        )


def rules_of(form: Any) -> BankRules:
    """The rules that were entered.

    Raises:
        BadInput: a number can't be read, or there is no such action.
    """
    try:
        action = OverdueAction(text_of(form, "overdue_action"))
    except ValueError:
        raise BadInput(field="overdue_action") from None
    return BankRules(
        name=text_of(form, "name"),
        place=text_of(form, "place"),
        prefix=text_of(form, "prefix"),
        limit_minutes=number_if_any(form, "limit_minutes", BankRules.LIMITS),
        reminder_minutes=number_of(form, "reminder_minutes", BankRules.LIMITS),
        overdue_action=action,
    )


def setup_bank() -> rx.Component:
    """The page."""
    state = SetupBankPage
    return page(
        rx.cond(
            state.loaded,
            rx.cond(
                state.may_see,
                rx.cond(BankSetUp.bank_id == state.shown, _bank(), _waiting()),
                rx.fragment(rx.el.h1("Set-up"), not_for_you()),
            ),
            _waiting(),
        ),
        here="/staff/setup",
    )


def _waiting() -> rx.Component:
    return rx.fragment(rx.el.h1("Set-up"), skeleton(tall=True))


def _bank() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.p(rx.el.a(BankSetUp.site_name, href=f"/staff/setup/{BankSetUp.site_id}")),
            rx.el.h1(BankSetUp.name),
            rx.cond(
                BankSetUp.archived,
                rx.fragment(),
                rx.el.p(_how_it_stands(), class_name="soft", data_testid="stands"),
            ),
            class_name="stack",
        ),
        rx.cond(BankSetUp.archived, _archived(), _in_use()),
        archive_dialog(
            SetupBankPage,
            "Archive " + BankSetUp.name + "?",
            "Nobody sees it any more. What happened there stays in the history, and it can be "
            "taken back into use. It is refused while somebody has a locker here or waits for one.",
            SetupBankPage.archive(BankSetUp.bank_id, new_request_id()),
            label="Archive the bank",
        ),
    )


def _how_it_stands() -> rx.Var:
    return in_browser(
        "`${{{0}}} ${{{0} === 1 ? 'door' : 'doors'}}, ${{{1}}} taken"
        "${{{1} > 0 ? ` (number ${{{2}}})` : ''}}, ${{{3}}} waiting`",
        BankSetUp.count,
        BankSetUp.taken,
        BankSetUp.taken_numbers,
        BankSetUp.waiting,
    ).to(str)


def _archived() -> rx.Component:
    return rx.el.div(
        rx.el.p("This bank is archived: nobody sees it."),
        refusal(SetupBankPage, "archive"),
        rx.el.button(
            "Take it back into use",
            type="button",
            class_name="second",
            on_click=SetupBankPage.restore(BankSetUp.bank_id, new_request_id()),
        ),
        class_name="card",
    )


def _in_use() -> rx.Component:
    return rx.fragment(
        _rules(),
        _doors(),
        _numbers(),
        rx.el.div(
            rx.el.button(
                "Archive this bank…", type="button", class_name="second", on_click=SetupBankPage.ask
            ),
            class_name="row",
        ),
    )


def _rules() -> rx.Component:
    state, rules = SetupBankPage, BankSetUp.rules
    return rx.el.form(
        AsShown.create(name="version", value=value_of(rules, "version")),
        refusal(state, "rules"),
        part(
            "Name and place",
            line(state, "name", "Name", "", BankSetUp.name, max_length=MAX_NAME_LENGTH),
            line(
                state, "place", "Place", "", value_of(rules, "place"), max_length=MAX_PLACE_LENGTH
            ),
            line(
                state,
                "prefix",
                "Prefix",
                "Stands before the number on each door. It stays while somebody has one.",
                value_of(rules, "prefix"),
                max_length=7,
            ),
        ),
        part(
            "How long a locker may be kept",
            digits(
                state,
                "limit_minutes",
                "Minutes",
                "For those who get one from now on. Empty sets no limit.",
                value_of(rules, "limit_minutes"),
            ),
            digits(
                state,
                "reminder_minutes",
                "Reminder, minutes before",
                "",
                value_of(rules, "reminder_minutes"),
            ),
            choice(
                "overdue_action",
                "When the time is over",
                OVERDUE,
                value_of(rules, "overdue_action"),
            ),
        ),
        rx.el.button("Keep these settings", type="submit", class_name="primary"),
        on_submit=lambda form: SetupBankPage.save(form, BankSetUp.bank_id, new_request_id()),
        no_validate=True,
        key=f"bank-{BankSetUp.bank_id}",
        class_name="settings",
    )


def _doors() -> rx.Component:
    state, doors = SetupBankPage, BankSetUp.doors
    return rx.el.form(
        AsShown.create(name="version", value=value_of(doors, "version")),
        refusal(state, "doors"),
        part(
            "Doors",
            rx.el.p(
                "Numbers that are added become doors; those that are missing are removed, unless "
                "somebody has one.",
                class_name="hint",
            ),
            doors_fields(state, doors),
        ),
        rx.el.button("Keep these doors", type="submit", class_name="primary"),
        on_submit=lambda form: SetupBankPage.save_doors(form, BankSetUp.bank_id, new_request_id()),
        no_validate=True,
        key=f"doors-{BankSetUp.bank_id}-{BankSetUp.first}",
        class_name="settings",
    )


def _numbers() -> rx.Component:
    state = SetupBankPage
    return rx.el.form(
        refusal(state, "numbers"),
        part(
            "Number the doors anew",
            digits(
                state,
                "first",
                "The first door is number",
                "The others follow in their order, one by one. Only while nobody has a door that "
                "would get another number.",
                in_browser("String({})", BankSetUp.first).to(str),
            ),
        ),
        rx.el.button("Number them anew", type="submit", class_name="second"),
        on_submit=lambda form: SetupBankPage.renumber(
            form, BankSetUp.bank_id, value_of(BankSetUp.doors, "version"), new_request_id()
        ),
        no_validate=True,
        key=f"numbers-{BankSetUp.bank_id}-{BankSetUp.first}",
        class_name="settings",
    )
