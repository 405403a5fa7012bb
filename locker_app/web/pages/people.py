"""People for staff: all of them, found by name or number while one types, and another one."""

from typing import Any, get_args

import reflex as rx

from locker_app.domain.actors import Right
from locker_app.domain.errors import DomainError
from locker_app.live import watching
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import ALL, Topic
from locker_app.queries import scoped_people
from locker_app.queries.people_list import PAGE
from locker_app.queries.scoped_people import MAX_TEXT, Shown
from locker_app.services import people as commands
from locker_app.web.components.browser import Export, Follow, new_request_id
from locker_app.web.components.fields import text_of, tick, ticked
from locker_app.web.components.parts import Item, in_browser, skeleton, some
from locker_app.web.components.people_parts import IMPORTS, PEOPLE, LookUp, counted, nobody_there
from locker_app.web.components.setup_parts import line
from locker_app.web.live_states import Found, People
from locker_app.web.pages.board import not_for_you
from locker_app.web.refusals import Refusable, refusal
from locker_app.web.session import ask, id_in, perform, watch
from locker_app.web.template import page

TABS = (("", "Everybody"), ("no_pin", "Without a PIN"), ("archived", "Archive"))


@set_on_load("loaded", "may_see", "manages", "text", "shown", "after", "error")
class PeoplePage(Refusable, rx.State):
    """Whom this screen looks for. Who was found is on the screen alone."""

    loaded: bool = False
    may_see: bool = False
    manages: bool = False
    text: str = ""
    shown: str = ""
    """Which of `TABS`."""
    after: int = 0
    """The person whom this page of the list comes after; 0 at the beginning."""
    error: str = ""

    @rx.event
    async def load(self) -> None:
        """Begin to watch how many there are, and find those whom the address asks for."""
        query = self.router.url.query_parameters
        self.text = str(query.get("text", ""))[:MAX_TEXT].strip()
        self.shown = _shown(str(query.get("shown", "")))
        self.after = id_in(str(query.get("after", "")))
        topic = Topic("people", ALL)
        watched = await watch(self, topic)
        self.may_see = topic in watched.topics
        self.manages = watched.actor.sites_with(Right.MANAGE_PEOPLE) is None
        self._begin()
        await self._find()
        self.loaded = True

    @rx.event
    async def search(self, text: str) -> None:
        """Find others."""
        self.text = text[:MAX_TEXT].strip() if isinstance(text, str) else ""
        self.after = 0
        await self._find()

    @rx.event
    async def refresh(self, changed: int) -> None:
        """Somebody came, left or is called otherwise: find them again."""
        await self._find()

    @rx.event
    async def add(self, form: dict[str, Any], request_id: str) -> Any:
        """Make somebody known."""
        self._begin("add")
        added = await perform(
            self,
            commands.add_person,
            request_id,
            refused=self._refused,
            number=text_of(form, "number"),
            name=text_of(form, "name"),
            accessible=ticked(form, "accessible"),
        )
        return rx.redirect(f"{PEOPLE}/{added}") if added is not None else None

    async def _find(self) -> None:
        if not self.may_see:
            return
        self.error = ""
        try:
            rows = await ask(
                self,
                scoped_people.people,
                text=self.text,
                shown=_shown(self.shown),
                after=self.after or None,
            )
        except DomainError as refusal:
            rows, self.error = [], str(refusal)
        found = [
            {
                **{name: getattr(row, name) for name in _OF_ROW},
                "archived": row.archived_at is not None,
            }
            for row in rows
        ]
        shown = {"rows": found, "text": self.text, "more": len(rows) == PAGE, "ready": True}
        watching.current().tell(self, Topic("people", ALL), Found, shown)


_OF_ROW = ("id", "number", "name", "accessible", "has_pin")


def _shown(text: str) -> Any:
    return text if text in get_args(Shown) else ""


def people() -> rx.Component:
    """The page."""
    state = PeoplePage
    return page(
        rx.el.h1("People"),
        rx.cond(
            state.loaded,
            rx.cond(state.may_see, _people(), not_for_you()),
            skeleton(tall=True),
        ),
        here=PEOPLE,
    )


def _people() -> rx.Component:
    state = PeoplePage
    return rx.fragment(
        rx.cond(
            state.manages,
            rx.el.div(
                rx.el.p(
                    counted(People.people),
                    rx.cond(People.people == 1, " person", " people"),
                    ", ",
                    counted(People.archived),
                    " in the archive",
                    class_name="soft",
                    data_testid="counts",
                ),
                rx.el.a("Import a file…", href=IMPORTS, class_name="button second"),
                Export.create(
                    "Export as CSV",
                    href=rx.cond(
                        state.shown == "archived",
                        "/api/v1/people.csv?archived=true",
                        "/api/v1/people.csv",
                    ),
                ),
                class_name="row",
            ),
        ),
        LookUp.create(
            value=state.text,
            label="Name or enrolment number",
            hint="",
            on_search=state.search,
        ),
        rx.el.nav(*[_tab(*tab) for tab in TABS], class_name="tabs", aria_label="Who is shown"),
        Follow.create(value=People.changed, on_change=state.refresh),
        rx.cond(
            state.error != "",
            rx.el.p(state.error, role="status"),
            rx.cond(Found.ready, _found(), skeleton(tall=True)),
        ),
        rx.cond(state.manages, _add()),
    )


def _tab(shown: str, text: str) -> rx.Component:
    return rx.el.a(
        text,
        href=_address(shown, 0),
        aria_current=rx.cond(PeoplePage.shown == shown, "page", "false"),
    )


def _address(shown: Any, after: Any) -> Item:
    script = (
        "(() => {{ const asked = new URLSearchParams();"
        " if ({0}) asked.set('text', {0}); if ({1}) asked.set('shown', {1});"
        " if ({2}) asked.set('after', String({2}));"
        " return `" + PEOPLE + "?${{asked}}`.replace(/\\?$/, ''); }})()"
    )
    return in_browser(script, PeoplePage.text, shown, after).to(str)


def _found() -> rx.Component:
    last = rx.Var.create(Found.rows)[-1]["id"].to(int)
    return rx.fragment(
        rx.cond(
            some(Found.rows),
            rx.el.ul(rx.foreach(Found.rows, _row), class_name="people", aria_label="People"),
            nobody_there(
                "Nobody is found",
                rx.el.p(
                    rx.cond(
                        Found.text != "",
                        "No number begins like that, and no word of a name.",
                        rx.match(
                            PeoplePage.shown,
                            ("no_pin", "Everybody here has chosen a PIN."),
                            ("archived", "Nobody is in the archive."),
                            "Nobody is known here yet. Import a file, or add somebody.",
                        ),
                    )
                ),
            ),
        ),
        rx.el.div(
            rx.cond(
                PeoplePage.after > 0,
                rx.el.a(
                    "To the beginning",
                    href=_address(PeoplePage.shown, 0),
                    class_name="button second",
                ),
            ),
            rx.cond(
                Found.more,
                rx.el.a(
                    "Further", href=_address(PeoplePage.shown, last), class_name="button second"
                ),
            ),
            class_name="row",
        ),
    )


def _row(row: Item) -> rx.Component:
    return rx.el.li(
        rx.el.a(
            rx.el.strong(row["name"]),
            rx.el.span(row["number"], class_name="digits"),
            rx.cond(
                row["archived"],
                rx.el.small("in the archive", class_name="soft"),
                rx.cond(row["has_pin"], None, rx.el.small("no PIN yet", class_name="soft")),
            ),
            href=f"{PEOPLE}/" + row["id"].to(str),
        ),
        key=row["id"].to(str),
    )


def _add() -> rx.Component:
    state = PeoplePage
    return rx.el.details(
        rx.el.summary("Add a person"),
        rx.el.form(
            refusal(state, "add"),
            line(state, "number", "Enrolment number", ""),
            line(state, "name", "Name", ""),
            tick("accessible", "Accessible height", "Wants lockers at accessible height only."),
            rx.el.p("They choose a PIN when they sign in for the first time.", class_name="hint"),
            rx.el.button("Add this person", type="submit", class_name="primary"),
            on_submit=lambda form: PeoplePage.add(form, new_request_id()),
            no_validate=True,
        ),
        class_name="card",
    )
