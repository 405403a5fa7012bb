"""One import of people: how far it is, which column is what, what it would do, and to have it done
or discarded. All of it is in the database, so that it may be left and found again."""

from typing import Any

import reflex as rx

from locker_app.domain.csv_text import DELIMITERS
from locker_app.domain.errors import DomainError
from locker_app.domain.headings import Field
from locker_app.domain.people_import import ENCODINGS, RowKind
from locker_app.live import watching
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.queries import scoped_people
from locker_app.queries.people_imports import PAGE, ImportRow
from locker_app.services import people_import as commands
from locker_app.web.components.browser import Export, Follow, Moment, new_request_id
from locker_app.web.components.fields import text_of, tick, ticked
from locker_app.web.components.parts import Item, in_browser, skeleton, some
from locker_app.web.components.people_parts import (
    FIELD_WORDS,
    IMPORTS,
    KIND_WORDS,
    PEOPLE,
    STATUS_WORDS,
    counted,
    nobody_there,
)
from locker_app.web.live_states import ImportRows, PeopleImport
from locker_app.web.pages.board import not_for_you
from locker_app.web.refusals import Refusable, refusal
from locker_app.web.session import ask, id_in, id_in_address, perform, watch
from locker_app.web.template import page

_NAMES = ("comma", "semicolon", "tab", "bar")
_DELIMITERS: dict[str, str] = dict(zip(_NAMES, DELIMITERS, strict=True))


@set_on_load("loaded", "shown", "may_see")
class PeopleImportPage(Refusable, rx.State):
    """Which import is shown, and which of its rows. The rows themselves are on the screen alone."""

    loaded: bool = False
    shown: int = 0
    may_see: bool = False
    _kind: str = ""
    """Which kind of rows; empty as long as nobody chose, for the most telling one."""
    _after: int = 0

    @rx.event
    async def load(self) -> None:
        """Begin to watch the import that the address names."""
        before, self.shown = self.shown, id_in_address(self, "people_import")
        topic = Topic("people_import", self.shown)
        watched = await watch(self, topic)
        self.may_see = topic in watched.topics
        if before != self.shown:
            self._kind, self._after = "", 0
        self._begin()
        await self._read()
        self.loaded = True

    @rx.event
    async def refresh(self, turn: int) -> None:
        """It has come to another stage: other rows are there."""
        self._after = 0
        await self._read()

    @rx.event
    async def show(self, kind: str, after: int) -> None:
        """Show rows of one kind, those behind a line."""
        self._kind = kind if kind in KIND_WORDS else ""
        self._after = after if type(after) is int and 0 <= after < 2**31 else 0
        await self._read()

    @rx.event
    async def choose(self, form: dict[str, Any], import_id: int, request_id: str) -> None:
        """Have the file read anew, with these columns."""
        self._kind = ""
        await self._do(
            "columns",
            commands.choose_columns,
            request_id,
            import_id=import_id,
            columns=_columns_in(form),
            has_head=ticked(form, "has_head"),
            encoding=text_of(form, "encoding"),
            delimiter=_DELIMITERS.get(text_of(form, "delimiter"), ""),
        )

    @rx.event
    async def confirm(self, import_id: int, good_only: bool, request_id: str) -> None:
        """Have it done."""
        await self._do(
            "confirm",
            commands.confirm_import,
            request_id,
            import_id=import_id,
            good_only=good_only,
        )

    @rx.event
    async def discard(self, import_id: int, request_id: str) -> None:
        """Forget the file."""
        await self._do("confirm", commands.discard_import, request_id, import_id=import_id)

    async def _do(self, at: str, fn: Any, request_id: Any, **arguments: Any) -> None:
        self._begin(at)
        await perform(self, fn, request_id, refused=self._refused, **arguments)

    def _refused(self, refused: DomainError) -> None:
        super()._refused(refused)
        if self.wrong not in FIELD_WORDS:
            self.wrong = ""

    async def _read(self) -> None:
        if not self.may_see:
            return
        try:
            view = await ask(self, scoped_people.one_import, import_id=self.shown)
            kind = RowKind(self._kind or _most_telling(view))
            rows = await ask(
                self,
                scoped_people.import_rows,
                import_id=self.shown,
                kind=kind,
                after=self._after,
            )
        except DomainError:  # gone: the topic says so
            return
        values = {
            "import_id": self.shown,
            "kind": kind.value,
            "rows": [_row(row) for row in rows],
            "more": len(rows) == PAGE,
            "ready": True,
        }
        watching.current().tell(self, Topic("people_import", self.shown), ImportRows, values)


def _most_telling(view: Any) -> str:
    order = (RowKind.WRONG, RowKind.NEW, RowKind.CHANGED, RowKind.SAME)
    return next((kind.value for kind in order if getattr(view, kind.value)), RowKind.NEW.value)


def _row(row: ImportRow) -> list[Any]:
    accessible = "" if row.accessible is None else ("yes" if row.accessible else "no")
    field = FIELD_WORDS.get(row.field, "")
    return [row.line, row.number, row.name, accessible, row.has_pin, field, row.why, row.said]


def _columns_in(form: Any) -> dict[str, int]:
    """The columns that were chosen; what is left out is in no column."""
    chosen = {field.value: text_of(form, field.value) for field in Field}
    return {name: id_in(text) if text.isdigit() else -1 for name, text in chosen.items() if text}


def people_import() -> rx.Component:
    """The page."""
    state = PeopleImportPage
    return page(
        rx.cond(
            state.loaded,
            rx.cond(
                state.may_see,
                rx.cond(
                    PeopleImport.import_id == state.shown,
                    rx.cond(PeopleImport.gone, _gone(), _import()),
                    _waiting(),
                ),
                rx.fragment(rx.el.h1("Import people"), not_for_you("Admins of all sites")),
            ),
            _waiting(),
        ),
        here=PEOPLE,
    )


def _waiting() -> rx.Component:
    return rx.fragment(rx.el.h1("Import people"), skeleton(tall=True))


def _gone() -> rx.Component:
    return rx.fragment(
        rx.el.h1("Import people"),
        nobody_there(
            "There is no such import",
            rx.el.a("Send a file", href=IMPORTS, class_name="button second"),
        ),
    )


def _import() -> rx.Component:
    state = PeopleImportPage
    return rx.fragment(
        rx.el.div(
            rx.el.p(rx.el.a("Imports", href=IMPORTS, class_name="touch")),
            rx.el.h1(PeopleImport.file_name),
            rx.el.p(
                "Sent ",
                Moment.create(at=PeopleImport.created_at, zone="", form="clock"),
                rx.cond(
                    PeopleImport.by != "",
                    rx.fragment(" by ", PeopleImport.by),
                    " by the operator at the shell",
                ),
                "; ",
                rx.el.span(
                    rx.match(PeopleImport.status, *STATUS_WORDS.items(), ""),
                    data_testid="status",
                ),
                class_name="soft",
            ),
            class_name="stack",
        ),
        Follow.create(value=PeopleImport.turn, on_change=state.refresh),
        rx.match(
            PeopleImport.status,
            ("reading", _working("Looking through the file", PeopleImport.total)),
            (
                "hashing",
                _working("Making PINs unreadable, before anybody is changed", PeopleImport.pins),
            ),
            ("applying", _working("Changing everybody at one moment", rx.Var.create(0))),
            ("choosing", rx.fragment()),
            ("ready", _decide()),
            ("done", _done()),
            ("stopped", _over("It was stopped, and nobody was changed.", PeopleImport.why)),
            _over("It was discarded, and nobody was changed.", ""),
        ),
        rx.cond((PeopleImport.status == "choosing") | (PeopleImport.status == "ready"), _columns()),
        rx.cond(
            (PeopleImport.status == "ready") | (PeopleImport.status == "done"), _what_it_does()
        ),
    )


def _working(text: str, total: Any) -> rx.Component:
    return rx.el.section(
        rx.el.h2(text),
        rx.cond(
            (PeopleImport.before > 0) & (PeopleImport.progress == 0),
            rx.el.p(
                "Another import is worked on first. This one follows by itself.", role="status"
            ),
        ),
        rx.cond(
            total > 0,
            rx.fragment(
                rx.el.progress(
                    value=rx.Var.create(PeopleImport.progress).to(str),
                    max=rx.Var.create(total).to(str),
                    aria_label="How far it is",
                ),
                rx.el.p(
                    counted(PeopleImport.progress),
                    " of ",
                    counted(total),
                    class_name="soft digits",
                    data_testid="progress",
                ),
            ),
            rx.el.progress(aria_label="How far it is"),
        ),
        rx.el.p("You can leave this page: it goes on, also when the server is started again."),
        refusal(PeopleImportPage, "confirm"),
        rx.cond(PeopleImport.status == "applying", rx.fragment(), _discard("Give it up")),
        class_name="card",
    )


def _discard(text: str) -> rx.Component:
    return rx.el.button(
        text,
        type="button",
        class_name="second",
        on_click=PeopleImportPage.discard(PeopleImport.import_id, new_request_id()),
    )


def _decide() -> rx.Component:
    state, one = PeopleImportPage, PeopleImport
    good = one.new + one.changed
    return rx.el.section(
        rx.el.h2("What it would do"),
        _sums(),
        rx.cond(
            one.pins > 0,
            rx.el.p(
                "There are ",
                counted(one.pins),
                " PINs in it. Making them unreadable takes about ",
                counted(in_browser("Math.ceil({} * 0.05 / 60)", one.pins)),
                " min, before anybody is changed. Nobody’s PIN is replaced.",
            ),
        ),
        refusal(state, "confirm"),
        rx.cond(
            good == 0,
            rx.el.p("There is nothing in it that would change anything."),
            rx.cond(
                one.wrong > 0,
                rx.fragment(
                    rx.el.p(
                        "Mend the rows that are wrong and send the file again, or leave them out.",
                    ),
                    _confirm(
                        rx.cond(
                            good == 1,
                            "Import only the one that is right",
                            rx.fragment("Import only the ", counted(good), " that are right"),
                        ),
                        True,
                    ),
                ),
                _confirm(
                    rx.cond(
                        good == 1,
                        "Import 1 person",
                        rx.fragment("Import ", counted(good), " people"),
                    ),
                    False,
                ),
            ),
        ),
        _discard("Discard the file"),
        class_name="card decide",
    )


def _confirm(text: Any, good_only: bool) -> rx.Component:
    return rx.el.button(
        text,
        type="button",
        class_name="primary",
        on_click=PeopleImportPage.confirm(PeopleImport.import_id, good_only, new_request_id()),
    )


def _sums() -> rx.Component:
    one = PeopleImport

    def fact(name: str, number: Any) -> rx.Component:
        return rx.fragment(rx.el.dt(name), rx.el.dd(counted(number), data_testid=f"sum-{name}"))

    return rx.el.dl(
        fact("new", one.new),
        fact("changed", one.changed),
        rx.cond(one.back > 0, fact("of them back from the archive", one.back)),
        fact("as they are", one.same),
        fact("wrong", one.wrong),
        class_name="person",
    )


def _done() -> rx.Component:
    one = PeopleImport
    return rx.el.section(
        rx.el.h2("Done"),
        rx.el.p(
            counted(one.new),
            " added, ",
            counted(one.changed),
            " changed, ",
            counted(one.same),
            " as they were",
            rx.cond(one.wrong > 0, rx.fragment(", ", counted(one.wrong), " left out")),
            ".",
            role="status",
            data_testid="done",
        ),
        rx.el.a("All people", href=PEOPLE, class_name="button second"),
        class_name="card",
    )


def _over(text: str, why: Any) -> rx.Component:
    return rx.el.section(
        rx.el.h2(text),
        rx.el.p(why),
        rx.el.a("Send another file", href=IMPORTS, class_name="button second"),
        class_name="card",
    )


def _columns() -> rx.Component:
    one, state = PeopleImport, PeopleImportPage
    form = rx.el.form(
        refusal(state, "columns"),
        rx.el.p("Which column has what?"),
        rx.el.div(*[_column(field.value) for field in Field], class_name="columns"),
        tick(
            "has_head",
            "The first line has headings",
            "Else it is a person already.",
            default_checked=one.has_head,
        ),
        rx.el.div(
            _select(
                "encoding",
                "Letters are written in",
                "",
                rx.el.option(
                    rx.fragment(
                        one.encoding_name, rx.cond(one.guessed, " (a guess)", " (as found)")
                    ),
                    value="",
                ),
                *[rx.el.option(words, value=name) for name, words in ENCODINGS.items()],
            ),
            _select(
                "delimiter",
                "Between the cells stands",
                rx.match(one.delimiter, *[(char, name) for name, char in _DELIMITERS.items()], ""),
                rx.el.option("another sign", value=""),
                rx.el.option("a comma", value="comma"),
                rx.el.option("a semicolon", value="semicolon"),
                rx.el.option("a tab", value="tab"),
                rx.el.option("a bar", value="bar"),
            ),
            class_name="columns",
        ),
        rx.el.button("Read it so", type="submit", class_name="second"),
        on_submit=lambda form: PeopleImportPage.choose(
            form, PeopleImport.import_id, new_request_id()
        ),
        no_validate=True,
        key=f"columns-{one.import_id}-{one.attempt}",
    )
    return rx.el.details(
        rx.el.summary("Columns and letters: ", one.encoding_name),
        rx.cond(
            one.guessed,
            rx.el.p(
                "How letters are written is a guess. Look at names with accents below: where they "
                "are wrong, choose another.",
            ),
        ),
        form,
        class_name="card",
        open=(one.status == "choosing") | (state.at == "columns"),
    )


def _column(name: str) -> rx.Component:
    one, state = PeopleImport, PeopleImportPage
    chosen = in_browser("String({}[" + repr(name) + "] ?? '')", one.columns).to(str)
    return rx.el.div(
        _select(
            name,
            FIELD_WORDS[name],
            chosen,
            rx.el.option("in no column", value=""),
            rx.foreach(one.head, _heading),
            aria_invalid=rx.cond(state.wrong == name, "true", "false"),
            aria_describedby=f"{name}-wrong",
        ),
        rx.el.p(
            rx.cond(state.wrong == name, state.why, ""),
            class_name="error",
            id=f"{name}-wrong",
            role="alert",
        ),
    )


def _heading(cell: Item, index: Item) -> rx.Component:
    text = in_browser("({0} || `column ${{{1} + 1}}`)", cell, index).to(str)
    return rx.el.option(text, value=index.to(str))


def _select(name: str, label: str, chosen: Any, *options: Any, **props: Any) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=f"column-{name}"),
        rx.el.select(*options, id=f"column-{name}", name=name, default_value=chosen, **props),
        class_name="field",
    )


def _what_it_does() -> rx.Component:
    """The rows, those that are wrong first."""
    one = PeopleImport
    known = ImportRows.ready & (ImportRows.import_id == PeopleImportPage.shown)
    last = rx.Var.create(ImportRows.rows)[-1][0].to(int)
    kinds = [(kind, words, getattr(one, kind)) for kind, words in KIND_WORDS.items()]
    return rx.el.section(
        rx.el.h2("Row by row"),
        rx.el.div(
            *[
                rx.cond(
                    (one.status == "ready") | (kind == RowKind.WRONG.value),
                    rx.el.button(
                        counted(number),
                        " ",
                        words,
                        type="button",
                        class_name="second",
                        aria_pressed=rx.cond(ImportRows.kind == kind, "true", "false"),
                        on_click=PeopleImportPage.show(kind, 0),
                    ),
                )
                for kind, words, number in kinds
            ],
            class_name="tallies",
        ),
        rx.cond(
            one.wrong > 0,
            Export.create(
                "What is wrong, as CSV",
                href="/api/v1/people/imports/"
                + rx.Var.create(one.import_id).to(str)
                + "/report.csv",
            ),
        ),
        rx.cond(
            known,
            rx.fragment(
                rx.cond(
                    some(ImportRows.rows),
                    rx.cond(ImportRows.kind == RowKind.WRONG.value, _wrong_rows(), _right_rows()),
                    rx.el.p("None.", class_name="soft"),
                ),
                rx.cond(
                    ImportRows.more,
                    rx.el.button(
                        "Further",
                        type="button",
                        class_name="second",
                        on_click=PeopleImportPage.show(ImportRows.kind, last),
                    ),
                ),
            ),
            skeleton(tall=True),
        ),
        class_name="stack",
    )


def _table(caption: str, heads: tuple[str, ...], row: Any) -> rx.Component:
    return rx.el.div(
        rx.el.table(
            rx.el.caption(caption),
            rx.el.thead(rx.el.tr(*[rx.el.th(text, scope="col") for text in heads])),
            rx.el.tbody(rx.foreach(ImportRows.rows, row)),
        ),
        class_name="scroll",
        tab_index=0,
        role="region",
        aria_label=caption,
    )


def _wrong_rows() -> rx.Component:
    def row(cells: Item) -> rx.Component:
        return rx.el.tr(
            rx.el.td(cells[0].to(str)),
            rx.el.td(cells[5].to(str)),
            rx.el.td(cells[6].to(str)),
            rx.el.td(cells[7].to(str), class_name="soft"),
        )

    return _table("Rows that are wrong", ("Line", "Which cell", "Why", "What stands there"), row)


def _right_rows() -> rx.Component:
    def row(cells: Item) -> rx.Component:
        return rx.el.tr(
            rx.el.td(cells[0].to(str)),
            rx.el.td(cells[1].to(str)),
            rx.el.td(cells[2].to(str)),
            rx.el.td(cells[3].to(str)),
            rx.el.td(rx.cond(cells[4], "yes", "")),
        )

    return _table(
        "Rows as they were read", ("Line", "Number", "Name", "Accessible", "With a PIN"), row
    )
