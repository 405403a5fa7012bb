"""Staff accounts: who they are, what they may where, inviting them, and ending that."""

import base64
import re
from typing import Any

import reflex as rx

from locker_app.domain.actors import Role
from locker_app.domain.staff import MAX_NAME_LENGTH, MAX_ROLES, RoleAt
from locker_app.live import watching
from locker_app.live.projections.wire import millis
from locker_app.live.rooms import LiveState, set_on_load
from locker_app.live.topics import ALL, Topic
from locker_app.services import runtime, staff
from locker_app.services.sign_in import invitation_key
from locker_app.serving.addresses import is_for_phones, join_address, qr_picture
from locker_app.settings import get_settings
from locker_app.web.components.browser import CopyField, Modal, Moment, new_request_id
from locker_app.web.components.fields import text_of, ticked
from locker_app.web.components.parts import Item, hidden, in_browser, skeleton, some
from locker_app.web.components.setup_parts import line
from locker_app.web.live_states import Accounts, Home
from locker_app.web.pages.board import not_for_you
from locker_app.web.refusals import Refusable, refusal
from locker_app.web.session import perform, watch
from locker_app.web.template import page
from locker_app.web.words import ONLY_HERE

ROLES = (
    (Role.ADMIN, "admin"),
    (Role.PROFESSOR, "professor"),
    (Role.VIEWER, "viewer"),
)
_BOX = re.compile(r"role_([0-9]{1,9})_(admin|professor|viewer)")
_MOST_BOXES = 3 * MAX_ROLES


class InviteLink(LiveState, rx.State):
    """A link that was just made. It is sent to the screen that asked for it, and kept nowhere."""

    link: str = ""
    picture: str = ""
    """Its QR code."""
    name: str = ""
    until: int = 0
    only_here: bool = False
    """Whether its address means this machine alone."""


@set_on_load("may_see", "loaded")
class AccountsPage(Refusable, rx.State):
    """Which dialog is open, and what was wrong with what was entered last."""

    loaded: bool = False
    may_see: bool = False
    asking: str = ""
    """new, edit, disable or link; empty while no dialog is open."""
    chosen: int = 0
    """The account that the dialog is about."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the accounts."""
        topic = Topic("accounts", ALL)
        watched = await watch(self, topic, Topic("home", ALL))
        self.may_see = topic in watched.topics
        self.loaded = True

    @rx.event
    def ask(self, what: str, staff_id: int) -> None:
        """Open a dialog about an account, or about a new one."""
        self.asking = what if what in ("new", "edit", "disable") else ""
        self.chosen = staff_id if type(staff_id) is int and 0 <= staff_id < 2**31 else 0
        self._begin()

    @rx.event
    def close(self) -> None:
        """Close the dialog; a link that it showed is gone."""
        self.asking = ""
        watching.current().answer(self, InviteLink, {"link": "", "picture": "", "until": 0})

    @rx.event
    async def create(self, form: dict[str, Any], request_id: str) -> None:
        """Make an account, and a link for whoever it is for."""
        self._begin("new")
        made = await perform(
            self,
            staff.create_account,
            request_id,
            refused=self._refused,
            login=text_of(form, "login"),
            name=text_of(form, "name"),
            roles=roles_in(form),
        )
        if made is not None:
            await self._invite(made, text_of(form, "name"), f"{request_id}-link")

    @rx.event
    async def save(self, form: dict[str, Any], staff_id: int, request_id: str) -> None:
        """Give an account this name and these roles."""
        self._begin("edit")
        done = await perform(
            self,
            staff.change_account,
            request_id,
            "The account is kept.",
            refused=self._refused,
            staff_id=staff_id,
            name=text_of(form, "name"),
            roles=roles_in(form),
            version=text_of(form, "version"),
        )
        if done is not None:
            self.asking = ""

    @rx.event
    async def invite(self, staff_id: int, name: str, request_id: str) -> None:
        """Make a link by which the owner of an account chooses a password."""
        await self._invite(staff_id, str(name)[:MAX_NAME_LENGTH], request_id)

    @rx.event
    async def disable(self, staff_id: int, request_id: str) -> None:
        """Let an account sign in no more, as the open question says."""
        if self.asking != "disable":
            return
        self._begin("disable")
        done = await perform(
            self,
            staff.disable_account,
            request_id,
            "The account is disabled.",
            refused=self._refused,
            staff_id=staff_id,
        )
        if done is not None:
            self.asking = ""

    @rx.event
    async def enable(self, staff_id: int, request_id: str) -> None:
        """Let a disabled account sign in again."""
        await perform(
            self, staff.enable_account, request_id, "The account is enabled.", staff_id=staff_id
        )

    async def _invite(self, staff_id: int, name: str, request_id: Any) -> None:
        key = request_id if isinstance(request_id, str) else None
        link = runtime.current().keys.session_id_for(key, "invite", str(staff_id))
        until = await perform(
            self, staff.invite, request_id, staff_id=staff_id, key=invitation_key(link)
        )
        if until is None:
            return
        asked = join_address(get_settings(), f"http://{self.router.headers.host}")
        address = f"{asked}/invite/{link}"
        self.asking, self.chosen = "link", staff_id
        shown = {
            "link": address,
            "picture": _picture(address),
            "name": name,
            "until": millis(until),
            "only_here": not is_for_phones(asked),
        }
        watching.current().answer(self, InviteLink, shown)


def roles_in(form: Any) -> list[RoleAt]:
    """The roles whose boxes are ticked."""
    names = list(form)[:_MOST_BOXES] if isinstance(form, dict) else []
    found = [match for name in names if ticked(form, name) and (match := _BOX.fullmatch(str(name)))]
    return [RoleAt(Role(match[2]), int(match[1]) or None) for match in found]


def _picture(address: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(qr_picture(address)).decode()


def accounts() -> rx.Component:
    """The page."""
    state = AccountsPage
    return page(
        rx.el.h1("Staff"),
        rx.cond(
            state.loaded,
            rx.cond(
                state.may_see,
                rx.cond(Accounts.ready, _all(), skeleton(tall=True)),
                not_for_you("Admins of all sites"),
            ),
            skeleton(tall=True),
        ),
        here="/staff/accounts",
    )


def _all() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.button(
                "Invite somebody…",
                type="button",
                class_name="button second",
                on_click=AccountsPage.ask("new", 0),
            ),
            class_name="row",
        ),
        rx.el.div(rx.foreach(Accounts.rows, _account), class_name="cards"),
        _dialog(),
    )


def _account(account: Item) -> rx.Component:
    return rx.el.section(
        rx.el.h2(account["name"]),
        rx.el.p(account["login"], class_name="soft"),
        rx.el.ul(rx.foreach(account["roles"].to(list[list[Any]]), _role)),
        rx.cond(
            account["disabled"],
            rx.el.p(
                rx.el.span("disabled", class_name="status", data_status="x"),
            ),
            rx.cond(
                account["waits"],
                rx.el.p(
                    "no password chosen yet",
                    rx.cond(
                        account["invited_until"] > 0,
                        rx.fragment(
                            "; invited until ",
                            Moment.create(at=account["invited_until"], zone="", form="clock"),
                        ),
                    ),
                ),
            ),
        ),
        rx.cond(~account["waits"], _signed_in(account["sign_ins"].to(list[list[Any]]))),
        rx.el.div(
            rx.el.button(
                "Change…",
                type="button",
                class_name="second",
                on_click=AccountsPage.ask("edit", account["id"]),
                aria_label="Change " + account["name"],
            ),
            rx.cond(
                account["disabled"],
                rx.el.button(
                    "Enable",
                    type="button",
                    class_name="second",
                    on_click=AccountsPage.enable(account["id"], new_request_id()),
                    aria_label="Enable " + account["name"],
                ),
                rx.fragment(
                    rx.el.button(
                        "New link",
                        type="button",
                        class_name="second",
                        on_click=AccountsPage.invite(
                            account["id"], account["name"], new_request_id()
                        ),
                        aria_label="New link for " + account["name"],
                    ),
                    rx.el.button(
                        "Disable…",
                        type="button",
                        class_name="second",
                        on_click=AccountsPage.ask("disable", account["id"]),
                        aria_label="Disable " + account["name"],
                    ),
                ),
            ),
            class_name="row",
        ),
        class_name="card",
        data_testid="account",
    )


def _role(role: Item) -> rx.Component:
    site = in_browser(
        "({1} === 0 ? 'all sites' : ({0}.find((s) => s.id === {1})?.name ?? 'an archived site'))",
        Home.places,
        role[0],
    ).to(str)
    return rx.el.li(rx.match(role[1], *[(r.value, word) for r, word in ROLES], ""), ", ", site)


def _signed_in(rows: Item) -> Item:
    return rx.cond(
        some(rows),
        rx.el.details(
            rx.el.summary("Last sign-ins"),
            rx.el.ul(rx.foreach(rows, sign_in_row), class_name="small"),
        ),
        rx.el.p("Has not signed in lately.", class_name="soft small"),
    )


def sign_in_row(row: Item) -> rx.Component:
    """When and from where somebody signed in."""
    return rx.el.li(
        Moment.create(at=row[0].to(int), zone="", form="clock"),
        rx.cond(row[1].to(str) != "", rx.fragment(" from ", row[1].to(str))),
    )


def _roles(roles: Item) -> rx.Component:
    """Boxes for all roles at all sites and at each, ticked where `roles` has them."""

    def box(site_id: Any, role: Role, word: str) -> rx.Component:
        held = in_browser("({}).some(([s, r]) => s === {} && r === {})", roles, site_id, role.value)
        name = in_browser("`role_${{{}}}_${{{}}}`", site_id, role.value).to(str)
        return rx.el.label(
            rx.el.input(type="checkbox", name=name, default_checked=held.to(bool)),
            word,
            class_name="check",
        )

    def group(title: Any, site_id: Any) -> rx.Component:
        return rx.el.fieldset(
            rx.el.legend(title),
            rx.el.div(*[box(site_id, role, word) for role, word in ROLES], class_name="row"),
            class_name="card",
        )

    return rx.fragment(
        rx.el.p(
            "Admins do everything. Professors and assistants have queues. Viewers see the board.",
            class_name="hint",
        ),
        group("All sites", 0),
        rx.foreach(Home.places, lambda place: group(place["name"], place["id"])),
        rx.el.p(
            rx.cond(AccountsPage.wrong == "roles", AccountsPage.why, ""),
            class_name="error",
            role="alert",
        ),
    )


def _buttons(text: str) -> rx.Component:
    return rx.el.div(
        rx.el.button(text, type="submit", class_name="primary"),
        rx.el.button("Leave it", type="button", class_name="second", on_click=AccountsPage.close),
        class_name="stack",
    )


def _dialog() -> rx.Component:
    """One dialog, whatever is in it: the link comes in the place of the form that asked for it."""
    state = AccountsPage
    return Modal.create(
        rx.match(
            state.asking,
            ("new", _new()),
            ("edit", _edit()),
            ("disable", _disable()),
            ("link", _link()),
            rx.fragment(),
        ),
        open=state.asking != "",
        label="Staff account",
        on_close=state.close,
    )


def _new() -> rx.Component:
    state = AccountsPage
    return rx.el.form(
        rx.el.h2("Invite somebody"),
        refusal(state, "new"),
        line(state, "name", "Name", "How they are called.", max_length=MAX_NAME_LENGTH),
        line(
            state,
            "login",
            "Sign-in name",
            "What they sign in with: letters, digits or . _ @ -",
            max_length=64,
            auto_capitalize="none",
        ),
        _roles(rx.Var.create([]).to(list[list[Any]])),
        _buttons("Make the account and a link"),
        on_submit=lambda form: AccountsPage.create(form, new_request_id()),
        no_validate=True,
    )


def _chosen() -> Item:
    return in_browser(
        "({}.find((a) => a.id === {}) ?? {{}})", Accounts.rows, AccountsPage.chosen
    ).to(dict[str, Any])


def _edit() -> rx.Component:
    state, account = AccountsPage, _chosen()
    return rx.el.form(
        rx.el.h2("Change ", account["name"].to(str)),
        refusal(state, "edit"),
        hidden("version", account["version"].to(str)),
        line(state, "name", "Name", "", account["name"].to(str), max_length=MAX_NAME_LENGTH),
        _roles(in_browser("({}.roles ?? [])", account).to(list[list[Any]])),
        rx.el.p("With other roles they are signed out everywhere.", class_name="hint"),
        _buttons("Keep this"),
        on_submit=lambda form: AccountsPage.save(form, AccountsPage.chosen, new_request_id()),
        no_validate=True,
        key=f"edit-{AccountsPage.chosen}",
    )


def _disable() -> rx.Component:
    state, account = AccountsPage, _chosen()
    return rx.el.div(
        rx.el.h2("Disable ", account["name"].to(str), "?"),
        rx.el.p(
            "They are signed out everywhere at once and can’t sign in any more. What they did "
            "stays in the history. It can be enabled again."
        ),
        refusal(state, "disable"),
        rx.el.div(
            rx.el.button(
                "Disable the account",
                type="button",
                class_name="danger",
                on_click=AccountsPage.disable(AccountsPage.chosen, new_request_id()),
            ),
            rx.el.button(
                "Leave it enabled",
                type="button",
                class_name="second",
                on_click=state.close,
                custom_attrs={"data-first": "true"},
            ),
            class_name="row",
        ),
        class_name="stack",
    )


def _link() -> rx.Component:
    state = AccountsPage
    return rx.el.div(
        rx.el.h2("A link for ", InviteLink.name),
        rx.el.p(
            "Whoever has it chooses the password of this account. It works once, until ",
            Moment.create(at=InviteLink.until, zone="", form="clock"),
            ". Links from before work no more. It is shown only now.",
        ),
        rx.cond(
            InviteLink.link != "",
            rx.fragment(
                CopyField.create(
                    value=InviteLink.link,
                    label="The link",
                    copy_text="Copy",
                    copied_text="Copied",
                ),
                rx.cond(InviteLink.only_here, rx.el.p(ONLY_HERE, class_name="box")),
                rx.el.img(
                    src=InviteLink.picture, alt="QR code of the link", class_name="invite-qr"
                ),
            ),
        ),
        rx.el.button("Done", type="button", class_name="second", on_click=state.close),
        class_name="stack",
    )
