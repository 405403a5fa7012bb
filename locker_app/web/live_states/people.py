"""People, and the import of them, for admins."""

from typing import Any, TypedDict

import reflex as rx

from locker_app.live.rooms import LiveState


class People(LiveState, rx.State):
    """How many people there are, for staff who look them up."""

    people: int = 0
    archived: int = 0
    changed: int = 0
    """When the list may have become another one."""


class FoundRow(TypedDict):
    """A person in the list."""

    id: int
    number: str
    name: str
    accessible: bool
    has_pin: bool
    archived: bool


class Found(LiveState, rx.State):
    """Those of the people whom this screen asked for. Sent to it alone, and not kept."""

    rows: list[FoundRow] = []
    text: str = ""
    """What was looked for."""
    more: bool = False
    ready: bool = False


class CardRow(TypedDict):
    """A card of somebody's."""

    id: int
    tail: str
    label: str
    linked_at: int
    revoked_at: int


class PersonCard(LiveState, rx.State):
    """One person, for staff who look them up."""

    person_id: int = 0
    gone: bool = False
    number: str = ""
    name: str = ""
    accessible: bool = False
    near_last: bool = False
    has_pin: bool = False
    locked_until: int = 0
    created_at: int = 0
    archived_at: int = 0
    version: str = ""
    changed: int = 0
    cards: list[CardRow] = []
    link_until: int = 0
    link_outcome: str = ""
    """waiting, linked, cancelled, expired or why it was not."""


class HasRow(TypedDict):
    """Something that a person has: a locker, a place in a waiting list or in a line."""

    kind: str
    """locker, held, list, spot, offer, spots or line."""
    label: str
    where: str
    href: str
    since: int
    until: int
    zone: str


class PersonHas(LiveState, rx.State):
    """What a person has and what happened, where the one who looks may see that. Sent to that
    screen alone, and not kept."""

    person_id: int = 0
    has: list[HasRow] = []
    rows: list[list[Any]] = []
    tapped: dict[str, list[Any]] = {}
    """When and where a card was tapped last, by its id."""
    link_terminal: str = ""
    """The terminal that waits, or has waited last, for a card of theirs."""
    ready: bool = False


class ImportCardRow(TypedDict):
    """An import of people among others."""

    id: int
    file_name: str
    status: str
    by: str
    created_at: int
    finished_at: int
    total: int
    new: int
    changed: int
    wrong: int


class Imports(LiveState, rx.State):
    """The last imports of people, for those who manage them."""

    rows: list[ImportCardRow] = []
    ready: bool = False


class PeopleImport(LiveState, rx.State):
    """One import of people, for those who manage them."""

    import_id: int = 0
    gone: bool = False
    file_name: str = ""
    status: str = ""
    by: str = ""
    created_at: int = 0
    finished_at: int = 0
    total: int = 0
    progress: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    wrong: int = 0
    back: int = 0
    pins: int = 0
    good_only: bool = False
    why: str = ""
    encoding: str = ""
    encoding_name: str = ""
    guessed: bool = False
    delimiter: str = ""
    head: list[str] = []
    columns: dict[str, int] = {}
    has_head: bool = True
    attempt: int = 0
    before: int = 0
    turn: int = 0
    """Another one when other rows are to be shown."""


class ImportRows(LiveState, rx.State):
    """Rows of an import that this screen asked for. Sent to it alone, and not kept."""

    import_id: int = 0
    kind: str = ""
    rows: list[list[Any]] = []
    """Line, number, name, accessible ("", "yes", "no"), whether there is a PIN, field, why, what
    stands there."""
    more: bool = False
    ready: bool = False
