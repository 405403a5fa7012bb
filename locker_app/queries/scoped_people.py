"""Reads of people as the one who looks may have them: see `queries.scoped`.

People belong to no site. Whoever may reset a PIN somewhere may look them up; what they have is
shown at the sites where one may see names. The rest needs the right to manage people everywhere.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select

from locker_app.db.tables import queue, site, ticket
from locker_app.domain.actors import Actor, Right
from locker_app.domain.errors import BadInput, NotAllowed, NotFound, NotSignedIn
from locker_app.domain.people import is_text
from locker_app.domain.people_import import RowKind
from locker_app.queries import people_file as files
from locker_app.queries import people_imports
from locker_app.queries.bookings import MyBooking, MyWait, stays_of
from locker_app.queries.cards import CardView, LinkView, cards_of, link_of
from locker_app.queries.event_filter import Filter
from locker_app.queries.events import EventView, filtered_page
from locker_app.queries.mine import Claim, Waiting, claims_of, waits_of
from locker_app.queries.people_imports import ImportCard, ImportRow, ImportView, ReportFile
from locker_app.queries.people_list import (
    PAGE,
    PersonCard,
    PersonRow,
    people_page,
    person_card,
    place_of,
)
from locker_app.queries.person_data import person_data
from locker_app.queries.scoped import sites_of_history

MAX_TEXT = 200
MIN_TEXT = 3
"""Of what is looked for by who may reset PINs at some site only."""
Shown = Literal["", "no_pin", "archived"]
"""Which people: all but the archive, those of them without a PIN, or the archive."""


def check_looks_up(actor: Actor) -> None:
    """Let pass who may look people up.

    Raises:
        NotSignedIn, NotAllowed: as the words say.
    """
    if actor.is_anonymous:
        raise NotSignedIn
    if not actor.may(Right.RESET_PIN, None):
        raise NotAllowed


def people(
    conn: Connection,
    actor: Actor,
    now: datetime,
    *,
    text: str = "",
    shown: Shown = "",
    after: int | None = None,
    limit: int = PAGE,
) -> list[PersonRow]:
    """A page of the list: those after the person with the id `after`. Who doesn't manage people
    everywhere finds those they look for, and has no list of all.

    Raises:
        NotSignedIn, NotAllowed: as `check_looks_up`.
        BadInput: the text is too long, too short for who asks, or none.
    """
    check_looks_up(actor)
    if actor.sites_with(Right.MANAGE_PEOPLE) is not None and len(text.strip()) < MIN_TEXT:
        raise BadInput(f"Enter at least {MIN_TEXT} letters of a name or number.", field="text")
    if len(text) > MAX_TEXT or not is_text(text):
        raise BadInput("Please check what you entered.", field="text")
    behind = None if after is None else place_of(conn, after, text)
    return people_page(
        conn,
        text,
        archived=shown == "archived",
        without_pin=shown == "no_pin",
        after=behind,
        limit=limit,
    )


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A place in a line."""

    ticket_id: int
    queue_id: int
    queue_name: str
    site_id: int
    number: int
    status: str
    joined_at: datetime
    time_zone: str


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """A person, and what they have at the sites that the actor sees."""

    card: PersonCard
    claims: list[Claim]
    waits: list[Waiting]
    tickets: list[OpenTicket]
    bookings: list[MyBooking]
    """Charging spots, offers among them."""
    places: list[MyWait]
    """In the line for a charging spot, with none offered."""
    tapped: list[CardView]
    """Their cards that were tapped last there."""
    link: LinkView | None
    """The terminal there that waits for a card of theirs, or has waited last."""


def person(conn: Connection, actor: Actor, now: datetime, *, person_id: int) -> PersonSeen:
    """One person.

    Raises:
        NotSignedIn, NotAllowed: as `check_looks_up`.
        NotFound: no such person, or no longer.
    """
    check_looks_up(actor)
    card = person_card(conn, person_id)
    if card is None:
        raise NotFound("This person does not exist, or no longer.")
    sites = actor.sites_with(Right.SEE_NAMES)

    def seen(rows: list[Any]) -> list[Any]:
        return [row for row in rows if sites is None or row.site_id in sites]

    link = link_of(conn, person_id, now)
    stays = stays_of(conn, f"person:{person_id}", now)
    return PersonSeen(
        card,
        seen(claims_of(conn, person_id, now)),
        seen(waits_of(conn, person_id)),
        seen(_tickets_of(conn, person_id)),
        seen(stays.bookings),
        [place for place in seen(stays.waits) if not place.offered],
        [
            one
            for one in cards_of(conn, person_id)
            if one.seen_site_id is not None and (sites is None or one.seen_site_id in sites)
        ],
        None if link is None else next(iter(seen([link])), None),
    )


def _tickets_of(conn: Connection, person_id: int) -> list[OpenTicket]:
    t = ticket.c
    statement = (
        select(
            *(t.id, t.queue_id, queue.c.name, queue.c.site_id, t.number, t.status, t.joined_at),
            site.c.time_zone,
        )
        .join(queue, queue.c.id == t.queue_id)
        .join(site, site.c.id == queue.c.site_id)
        .where(t.holder == f"person:{person_id}", t.ended_at.is_(None))
        .order_by(t.id)
    )
    return [OpenTicket(*row) for row in conn.execute(statement)]


def past_of_person(
    conn: Connection, actor: Actor, now: datetime, *, person_id: int, limit: int = PAGE
) -> list[EventView]:
    """The last events about a person, at the sites whose history the actor sees; none at others.

    Raises:
        NotSignedIn, NotAllowed: as `check_looks_up`.
    """
    check_looks_up(actor)
    wanted = Filter(sites=sites_of_history(actor), people=(person_id,))
    return filtered_page(conn, wanted, limit=limit)


def data_of_person(
    conn: Connection, actor: Actor, now: datetime, *, person_id: int
) -> dict[str, Any]:
    """All that is known of one person, for them.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
    """
    actor.require_everywhere(Right.MANAGE_PEOPLE)
    return person_data(conn, person_id, now)


def own_data(conn: Connection, actor: Actor, now: datetime) -> dict[str, Any]:
    """All that is known of the person who asks.

    Raises:
        NotSignedIn, NotAllowed: nobody in particular, or staff.
    """
    return person_data(conn, actor.require_person(), now)


def people_file(
    conn: Connection, actor: Actor, now: datetime, *, archived: bool = False
) -> files.PeopleFile:
    """All people as a file.

    Raises:
        NotSignedIn, NotAllowed: as the words say.
    """
    actor.require_everywhere(Right.MANAGE_PEOPLE)
    return files.people_file(conn, archived=archived)


def imports(conn: Connection, actor: Actor, now: datetime) -> list[ImportCard]:
    """The last imports.

    Raises:
        NotSignedIn, NotAllowed: as the words say.
    """
    actor.require_everywhere(Right.MANAGE_PEOPLE)
    return people_imports.imports(conn)


def one_import(conn: Connection, actor: Actor, now: datetime, *, import_id: int) -> ImportView:
    """One of them.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
    """
    actor.require_everywhere(Right.MANAGE_PEOPLE)
    view = people_imports.import_view(conn, import_id)
    if view is None:
        raise NotFound("This import does not exist, or no longer.")
    return view


def import_rows(
    conn: Connection,
    actor: Actor,
    now: datetime,
    *,
    import_id: int,
    kind: RowKind,
    after: int = 0,
    limit: int = people_imports.PAGE,
) -> list[ImportRow]:
    """Rows of one kind of an import.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
    """
    one_import(conn, actor, now, import_id=import_id)
    return people_imports.import_rows(conn, import_id, kind, after=after, limit=limit)


def import_report(conn: Connection, actor: Actor, now: datetime, *, import_id: int) -> ReportFile:
    """What is wrong with a file, as a file.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
    """
    one_import(conn, actor, now, import_id=import_id)
    return people_imports.report_file(conn, import_id)
