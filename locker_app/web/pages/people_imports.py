"""Imports of people: send a file, and those that were sent."""

import reflex as rx

from locker_app.domain.people_import import MAX_BYTES
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import ALL, Topic
from locker_app.web.components.browser import Moment
from locker_app.web.components.parts import Item, skeleton, some
from locker_app.web.components.people_parts import (
    IMPORTS,
    PEOPLE,
    STATUS_WORDS,
    SendFile,
    counted,
)
from locker_app.web.live_states import Imports
from locker_app.web.pages.board import not_for_you
from locker_app.web.session import watch
from locker_app.web.template import page


@set_on_load("loaded", "may_see")
class PeopleImportsPage(rx.State):
    """The page keeps nothing of its own."""

    loaded: bool = False
    may_see: bool = False

    @rx.event
    async def load(self) -> None:
        """Begin to watch the imports."""
        topic = Topic("imports", ALL)
        watched = await watch(self, topic)
        self.may_see = topic in watched.topics
        self.loaded = True


def people_imports() -> rx.Component:
    """The page."""
    state = PeopleImportsPage
    return page(
        rx.el.div(
            rx.el.p(rx.el.a("People", href=PEOPLE, class_name="touch")),
            rx.el.h1("Import people"),
            class_name="stack",
        ),
        rx.cond(
            state.loaded,
            rx.cond(state.may_see, _imports(), not_for_you("Admins of all sites")),
            skeleton(tall=True),
        ),
        here=PEOPLE,
    )


def _imports() -> rx.Component:
    return rx.fragment(
        SendFile.create(
            to="/api/v1/people/imports",
            then=f"{IMPORTS}/",
            label="A file of people",
            hint="CSV from any spreadsheet: a line for each person, with at least a number and a "
            "name. Its encoding and columns are recognised, and nobody is changed before you have "
            f"seen what it would do. Up to {MAX_BYTES // 2**20} MB.",
            send_text="Send",
            sending_text="The file is on its way…",
            none_text="Choose a file first.",
            failed_text="That did not work. Please try again in a moment.",
            large_text=f"The file is larger than {MAX_BYTES // 2**20} MB.",
            most=MAX_BYTES,
        ),
        rx.cond(
            Imports.ready,
            rx.cond(
                some(Imports.rows),
                rx.el.section(
                    rx.el.h2("Files that were sent"),
                    rx.el.ul(rx.foreach(Imports.rows, _file), class_name="people"),
                    class_name="stack",
                ),
                rx.el.p("No file has been sent yet.", class_name="soft"),
            ),
            skeleton(),
        ),
    )


def _file(row: Item) -> rx.Component:
    return rx.el.li(
        rx.el.a(
            rx.el.strong(row["file_name"]),
            rx.el.span(rx.match(row["status"], *STATUS_WORDS.items(), "")),
            rx.el.small(
                Moment.create(at=row["created_at"], zone="", form="clock"),
                rx.cond(
                    row["by"] != "", rx.fragment(" by ", row["by"]), " by the operator at the shell"
                ),
                rx.cond(
                    row["status"] == "done",
                    rx.fragment(
                        ": ",
                        counted(row["new"]),
                        " added, ",
                        counted(row["changed"]),
                        " changed, ",
                        counted(row["wrong"]),
                        " left out",
                    ),
                ),
                class_name="soft",
            ),
            href=f"{IMPORTS}/" + row["id"].to(str),
        ),
        key=row["id"].to(str),
    )
