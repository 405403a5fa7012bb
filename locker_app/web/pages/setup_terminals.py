"""Set-up of a site's card terminals: which there are, what each is for, the code by which a device
becomes one, and the rules of visits."""

from typing import Any

import reflex as rx

from locker_app.domain.errors import BadInput, DomainError, TerminalMoved
from locker_app.domain.sites import version_of
from locker_app.domain.visits import VisitRules
from locker_app.live import watching
from locker_app.live.projections.wire import millis
from locker_app.live.rooms import LiveState, set_on_load
from locker_app.live.topics import Topic
from locker_app.services import provisioning, terminals, visits
from locker_app.serving.addresses import is_for_phones, join_address
from locker_app.settings import get_settings
from locker_app.web.components.browser import CopyField, Countdown, Modal, new_request_id
from locker_app.web.components.fields import text_of
from locker_app.web.components.helm_parts import AsShown
from locker_app.web.components.parts import Item, in_browser, skeleton, some
from locker_app.web.components.setup_parts import archive_dialog
from locker_app.web.components.terminal_forms import (
    FIELDS,
    plan_fields,
    plan_of,
    visits_form,
    visits_in,
)
from locker_app.web.components.terminal_words import MODES, said
from locker_app.web.live_states import SiteSetUp
from locker_app.web.pages.board import not_for_you
from locker_app.web.refusals import Refusable, refusal
from locker_app.web.session import id_in_address, perform, unsay, watch
from locker_app.web.template import page
from locker_app.web.words import ONLY_HERE_FOR_DEVICES

QUESTIONS = ("change", "archive")


class MadeCode(LiveState, rx.State):
    """A code that was just made. It is sent to the screen that asked for it, and kept nowhere."""

    code: str = ""
    name: str = ""
    command: str = ""
    until: int = 0
    only_here: bool = False
    """Whether the address in the command means this machine alone."""


@set_on_load("shown", "may_see", "loaded")
class SetupTerminalsPage(Refusable, rx.State):
    """Which site is shown, which question is open, and what was wrong with what was entered."""

    shown: int = 0
    may_see: bool = False
    loaded: bool = False
    asking: str = ""
    """One of `QUESTIONS`, or code while one is shown; empty while no dialog is open."""
    about: int = 0
    """The terminal that it is about."""
    _kept: tuple[str, str] = ("", "")
    """The version of the rules that the form shows, and what was made of it here."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the site that the address names."""
        before, self.shown = self.shown, id_in_address(self, "site")
        if self.shown != before:  # else the same page was disconnected for a moment
            self.asking, self.about = "", 0
        self._kept = "", ""
        self._begin()
        topic = Topic("site_setup", self.shown)
        watched = await watch(self, topic)
        self.may_see = topic in watched.topics
        self.loaded = True

    @rx.event
    def ask(self, what: str, terminal_id: int) -> None:
        """Open a question about a terminal."""
        self.asking = what if what in QUESTIONS else ""
        self.about = terminal_id if type(terminal_id) is int and 0 < terminal_id < 2**31 else 0
        self._attempt()

    @rx.event
    def close(self) -> None:
        """Close the dialog; a code that it showed is gone."""
        self.asking, self.about = "", 0
        watching.current().answer(self, MadeCode, {"code": "", "command": "", "until": 0})

    @rx.event
    async def add(self, form: dict[str, Any], site_id: int, request_id: str) -> Any:
        """Set up a terminal."""
        self._attempt("add")
        try:
            plan = plan_of(form)
        except BadInput as refused:
            return self._refuse(refused)
        made = await perform(
            self,
            terminals.add_terminal,
            request_id,
            "It is set up. Make a code for its device.",
            refused=self._refused,
            site_id=site_id,
            plan=plan,
        )
        if made is None:
            return rx.set_focus(f"add-{self.wrong}") if self.wrong else None
        return [rx.set_value("add-name", ""), rx.set_value("add-relays", "")]

    @rx.event
    async def change(self, form: dict[str, Any], terminal_id: int, request_id: str) -> Any:
        """Change what is said of a terminal."""
        self._attempt("change")
        try:
            plan = plan_of(form)
        except BadInput as refused:
            return self._refuse(refused)
        done = await perform(
            self,
            terminals.change_terminal,
            request_id,
            "It is kept. The terminal works by it as soon as it has heard of it.",
            refused=self._refused,
            terminal_id=terminal_id,
            plan=plan,
            version=text_of(form, "version"),
        )
        if done is not None:
            self.asking, self.about = "", 0
        return rx.set_focus(f"change-{self.wrong}") if self.wrong else None

    @rx.event
    async def archive(self, terminal_id: int, request_id: str) -> None:
        """Take a terminal down, as the open question says."""
        if self.asking != "archive":
            return
        self._attempt("archive")
        done = await perform(
            self,
            terminals.archive_terminal,
            request_id,
            "The terminal is taken down.",
            refused=self._refused,
            terminal_id=terminal_id,
        )
        if done is not None:
            self.asking, self.about = "", 0

    @rx.event
    async def restore(self, terminal_id: int, request_id: str) -> None:
        """Put a terminal up again."""
        said_then = "It is there again. Make a new code for its device."
        await perform(
            self, terminals.restore_terminal, request_id, said_then, terminal_id=terminal_id
        )

    @rx.event
    async def make_code(self, terminal_id: int, name: str, request_id: str) -> None:
        """Make a code by which a device becomes this terminal, and show it here, once."""
        self._attempt()
        made = await perform(self, provisioning.make_code, request_id, terminal_id=terminal_id)
        if made is None:
            return
        address = join_address(get_settings(), f"http://{self.router.headers.host}")
        values = {
            "code": made.code,
            "name": name[:100] if isinstance(name, str) else "",
            "command": f"python -m edge provision {address} {made.code}",
            "until": millis(made.until),
            "only_here": not is_for_phones(address),
        }
        watching.current().answer(self, MadeCode, values)
        self.asking, self.about = "code", 0

    @rx.event
    async def save_visits(self, form: dict[str, Any], site_id: int, request_id: str) -> Any:
        """Give visits to the site these rules."""
        self._attempt("visits")
        try:
            rules = visits_in(form)
        except BadInput as refused:
            self._refused(refused)
            return rx.set_focus(self.wrong)
        shown = text_of(form, "version")
        done = await perform(
            self,
            visits.change_visit_rules,
            request_id,
            "The rules are kept. They hold from now on.",
            refused=self._refused,
            site_id=site_id,
            rules=rules,
            version=self._kept[1] if shown == self._kept[0] else shown,
        )
        if done is not None:
            self._kept = shown, version_of(VisitRules, rules)
        return rx.set_focus(self.wrong) if self.wrong else None

    def _attempt(self, at: str = "") -> None:
        """Forget the last attempt, what was said of it too."""
        unsay(self)
        self._begin(at)

    def _refuse(self, refused: DomainError) -> Any:
        self._refused(refused)
        return rx.set_focus(f"{self.at}-{self.wrong}") if self.wrong else None

    def _refused(self, refused: DomainError) -> None:
        super()._refused(refused)
        if isinstance(refused, TerminalMoved) or self.wrong not in (*FIELDS, "max_minutes"):
            self.wrong = ""  # there is no such field: it is said above them


def setup_terminals() -> rx.Component:
    """The page."""
    state = SetupTerminalsPage
    return page(
        rx.cond(
            state.loaded,
            rx.cond(
                state.may_see,
                rx.cond(SiteSetUp.site_id == state.shown, _site(), _waiting()),
                rx.fragment(rx.el.h1("Terminals"), not_for_you()),
            ),
            _waiting(),
        ),
        here="/staff/setup",
    )


def _waiting() -> rx.Component:
    return rx.fragment(rx.el.h1("Terminals"), skeleton(tall=True))


def _site() -> rx.Component:
    state = SetupTerminalsPage
    return rx.fragment(
        rx.el.div(
            rx.el.p(rx.el.a(SiteSetUp.name, href=f"/staff/setup/{SiteSetUp.site_id}")),
            rx.el.h1("Terminals"),
            rx.el.div(
                rx.el.a(
                    "How they are now",
                    href=f"/staff/terminals/{SiteSetUp.site_id}",
                    class_name="button second",
                ),
                class_name="row",
            ),
            class_name="stack",
        ),
        rx.cond(
            SiteSetUp.archived,
            rx.el.p("This site is archived: nobody sees it.", class_name="card"),
            rx.fragment(_list(), _add(), visits_form(state)),
        ),
        _change_dialog(),
        archive_dialog(
            state,
            "Take " + _of(state.about, "name") + " down?",
            "It may not speak any more from now on, and nobody can tap there. What happened stays "
            "in the history. It can be put up again, with a new code.",
            state.archive(state.about, new_request_id()),
            label="Take the terminal down",
        ),
        _code_dialog(),
    )


def _of(terminal_id: Item, name: str) -> Item:
    script = "String({0}.find((t) => t.id === {1})?.[" + repr(name) + "] ?? '')"
    return in_browser(script, SiteSetUp.terminals, terminal_id).to(str)


def _list() -> rx.Component:
    return rx.el.section(
        rx.el.h2("All terminals", class_name="unseen"),
        rx.cond(
            some(SiteSetUp.terminals),
            rx.el.ul(rx.foreach(SiteSetUp.terminals, _row), class_name="card spot-list"),
            rx.el.div(
                rx.el.h2("How to begin"),
                rx.el.ol(
                    rx.el.li("Add a terminal below: at a bank of lockers, or at a gate."),
                    rx.el.li("Make a code for it. It is good once, for 15 minutes."),
                    rx.el.li(
                        "Run the command that is shown with it on the Raspberry Pi, or on any "
                        "computer: without a card reader it is simulated."
                    ),
                    class_name="numbered",
                ),
                class_name="card",
            ),
        ),
        class_name="stack",
    )


def _row(row: Item) -> rx.Component:
    state = SetupTerminalsPage

    def act(text: str, *on: Any) -> rx.Component:
        label = text.rstrip("…") + " " + row["name"].to(str)
        return rx.el.button(text, type="button", class_name="second", aria_label=label, on_click=on)

    return rx.el.li(
        rx.el.div(
            rx.el.p(rx.el.strong(row["name"])),
            rx.el.p(
                rx.cond(row["place"] != "", row["place"].to(str) + " · ", ""),
                rx.cond(row["bank_name"] != "", row["bank_name"].to(str) + " · ", ""),
                said(MODES, row["mode"].to(str)),
                rx.cond(row["relays"] != "", " · relays " + row["relays"].to(str), ""),
                class_name="soft small",
            ),
            rx.el.p(
                rx.cond(
                    row["revoked"].to(bool),
                    "Revoked. A new code lets a device become it again.",
                    rx.cond(
                        row["provisioned_at"].to(int) > 0,
                        "A device is this terminal.",
                        "No device is this terminal yet.",
                    ),
                ),
                rx.cond(
                    row["code_until"].to(int) > 0,
                    rx.fragment(
                        " A code was made. Time left: ",
                        Countdown.create(
                            until=row["code_until"].to(int), over="none, it is good no more"
                        ),
                        ".",
                    ),
                ),
                class_name="small",
            ),
            class_name="stack tight",
        ),
        rx.cond(
            row["archived"].to(bool),
            rx.el.div(
                rx.el.span("taken down", class_name="soft"),
                act("Put it up again", state.restore(row["id"], new_request_id())),
                class_name="row",
            ),
            rx.el.div(
                act("Make a code", state.make_code(row["id"], row["name"], new_request_id())),
                act("Change…", state.ask("change", row["id"])),
                act("Take down…", state.ask("archive", row["id"])),
                class_name="row",
            ),
        ),
        class_name="wordy",
        data_testid="setup-terminal",
    )


def _add() -> rx.Component:
    state = SetupTerminalsPage
    return rx.el.details(
        rx.el.summary("Add a terminal"),
        rx.el.form(
            refusal(state, "add"),
            plan_fields(state, "add"),
            rx.el.button("Add it", type="submit", class_name="primary"),
            on_submit=lambda form: state.add(form, SiteSetUp.site_id, new_request_id()),
            no_validate=True,
            class_name="narrow",
        ),
        class_name="card",
    )


def _change_dialog() -> rx.Component:
    state = SetupTerminalsPage
    return Modal.create(
        rx.el.div(
            rx.el.h2("Change ", _of(state.about, "name")),
            rx.el.form(
                AsShown.create(name="version", value=_of(state.about, "version")),
                refusal(state, "change"),
                plan_fields(state, "change", lambda name: _of(state.about, name)),
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
        label="Change a terminal",
        on_close=state.close,
    )


def _code_dialog() -> rx.Component:
    state = SetupTerminalsPage
    return Modal.create(
        rx.el.div(
            rx.el.h2("A code for ", MadeCode.name),
            rx.el.p(
                rx.el.strong(MadeCode.code, class_name="code", data_testid="code"),
            ),
            rx.el.p(
                "It is good once. Time left: ",
                Countdown.create(until=MadeCode.until, over="none, make a new one"),
                ". It is shown only here, and only now. The device that was this terminal before "
                "ends as soon as it is used.",
            ),
            rx.cond(MadeCode.only_here, rx.el.p(ONLY_HERE_FOR_DEVICES, class_name="box")),
            rx.el.p("Run this on the device, where the program of terminals is:"),
            CopyField.create(
                value=MadeCode.command,
                label="The command",
                copy_text="Copy",
                copied_text="Copied.",
            ),
            rx.el.p(
                "Then start it with ",
                rx.el.code("python -m edge"),
                ".",
                class_name="soft",
            ),
            rx.el.button(
                "Done",
                type="button",
                class_name="primary",
                on_click=state.close,
                custom_attrs={"data-first": "true"},
            ),
            class_name="stack",
        ),
        open=state.asking == "code",
        label="A code for a terminal",
        on_close=state.close,
    )
