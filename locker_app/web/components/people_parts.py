"""What the pages of people share: components of assets/people.js, words, links."""

from typing import Any

import reflex as rx

from locker_app.domain.headings import Field
from locker_app.domain.people_import import ImportStatus, RowKind
from locker_app.web.components.parts import Item, in_browser

PEOPLE, IMPORTS = "/staff/people", "/staff/people/import"

FIELD_WORDS: dict[str, str] = {
    Field.NUMBER.value: "Enrolment number",
    Field.NAME.value: "Name",
    Field.FIRST.value: "First name",
    Field.LAST.value: "Last name",
    Field.PIN.value: "PIN",
    Field.ACCESSIBLE.value: "Accessible height",
}
STATUS_WORDS: dict[str, str] = {
    ImportStatus.READING.value: "being read",
    ImportStatus.CHOOSING.value: "its columns are to be chosen",
    ImportStatus.READY.value: "to be confirmed",
    ImportStatus.HASHING.value: "being imported",
    ImportStatus.APPLYING.value: "being imported",
    ImportStatus.DONE.value: "imported",
    ImportStatus.DISCARDED.value: "discarded",
    ImportStatus.STOPPED.value: "stopped",
}
KIND_WORDS: dict[str, str] = {
    RowKind.WRONG.value: "wrong",
    RowKind.NEW.value: "new",
    RowKind.CHANGED.value: "changed",
    RowKind.SAME.value: "as they are",
}


class _People(rx.Component):
    library = "$/public/people.js"


class LookUp(_People):
    """A field that looks for what stands in it while one types."""

    tag = "LookUp"
    value: rx.Var[str]
    label: rx.Var[str]
    hint: rx.Var[str]
    on_search: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class SendFile(_People):
    """A form that sends a file, and goes on to an address with its id."""

    tag = "SendFile"
    to: rx.Var[str]
    then: rx.Var[str]
    label: rx.Var[str]
    hint: rx.Var[str]
    send_text: rx.Var[str]
    sending_text: rx.Var[str]
    none_text: rx.Var[str]
    failed_text: rx.Var[str]
    large_text: rx.Var[str]
    most: rx.Var[int]


def counted(number: Any) -> Item:
    """A number with separators, as it is written here."""
    return in_browser("({}).toLocaleString('en-GB')", number).to(str)


def nobody_there(title: str, *content: Any) -> rx.Component:
    """A place where nothing is to be seen, and what to do then."""
    return rx.el.div(rx.el.h2(title), *content, class_name="card")
