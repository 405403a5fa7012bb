"""Which events are wanted: what somebody asked for, made into what the log is searched by.

However a filter is put together, a page of it has to come quickly out of a million rows. So a
filter becomes a few *strands*: each is one stretch of one index, read from its newest end, and the
page is what is newest in all of them. What a strand still has to leave out is in its index too, or
it is short: one person's, or one door's. What stretches there are is asked of the index itself.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    String,
    and_,
    cast,
    func,
    or_,
    select,
    text,
)

from locker_app.db.tables import bank, charger, event, locker, person, queue, staff, terminal
from locker_app.domain.actors import ActorKind
from locker_app.domain.errors import BadInput
from locker_app.domain.event_words import EVENT_WORDS
from locker_app.domain.people import is_text, normalise_number

REFUSED = "Refused"
MAX_MATCHES = 50
"""How many people or doors one text may mean."""
MAX_TEXT = 200
BY_ITSELF = {
    "system": (ActorKind.SYSTEM.value, None),
    "nobody": (ActorKind.NOBODY.value, None),
}
"""Who acts besides people and staff, by what is written for them."""

Sites = frozenset[int] | None
"""Whose events: those of some sites, or, as None, of all and of none in particular."""
Strand = list[ColumnElement[bool]]
_E = event.c
_FEW = text("(actor_kind <> 'person' OR person_id IS NULL OR person_id <> actor_id)")
"""Of the index by actor: what people did to what is theirs is in the index by person already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks the log for; nothing said is everything."""

    since: datetime | None = None
    until: datetime | None = None
    """What was at that moment is not in it any more."""
    kinds: tuple[str, ...] = ()
    """Names of facts, any of them."""
    refused: bool | None = None
    """Refused attempts alone, or all but them."""
    by: str = ""
    """Who did it: number, login or name, or one of `BY_ITSELF`."""
    who: str = ""
    """To whom: number or name."""
    door: str = ""
    """To which door, as it is written on it or by its number."""
    bank_id: int | None = None
    queue_id: int | None = None
    charger_id: int | None = None
    terminal_id: int | None = None
    locker_id: int | None = None
    site_id: int | None = None


EVERYTHING = Asked()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What the log is searched by, in ids."""

    sites: Sites = None
    since: datetime | None = None
    until: datetime | None = None
    kinds: frozenset[str] | None = None
    refused: bool | None = None
    actors: tuple[tuple[str, int | None], ...] | None = None
    people: tuple[int, ...] | None = None
    lockers: tuple[int, ...] | None = None
    bank_id: int | None = None
    queue_id: int | None = None
    charger_id: int | None = None
    terminal_id: int | None = None


NOTHING = Filter(kinds=frozenset())


def resolve(conn: Connection, scope: Sites, asked: Asked) -> Filter:
    """The filter for who may see the events of these sites; the site that is asked for is one of
    them. Banks, queues, chargers and lockers elsewhere, or nowhere, have no events there.

    Raises:
        BadInput: a text means nobody or too many, or a kind is none.
    """
    for field, said in (("by", asked.by), ("who", asked.who), ("door", asked.door)):
        if len(said) > MAX_TEXT or not is_text(said):
            raise BadInput("Please check what you entered.", field=field)
    unknown = set(asked.kinds) - EVENT_WORDS.keys()
    if unknown:
        raise BadInput("There is no such kind of event.", field="kind")
    if asked.since is not None and asked.until is not None and asked.until <= asked.since:
        raise BadInput("The end is not after the beginning.", field="until")
    sites = scope if asked.site_id is None else frozenset({asked.site_id})
    if any(site is None or (sites is not None and site not in sites) for site in _at(conn, asked)):
        return NOTHING
    return Filter(
        sites=sites,
        since=asked.since,
        until=asked.until,
        kinds=frozenset(asked.kinds) or None,
        refused=asked.refused,
        actors=_actors(conn, asked.by.strip()),
        people=_people(conn, asked.who.strip(), "who") if asked.who.strip() else None,
        lockers=_lockers(conn, sites, asked),
        bank_id=asked.bank_id,
        queue_id=asked.queue_id,
        charger_id=asked.charger_id,
        terminal_id=asked.terminal_id,
    )


def _at(conn: Connection, asked: Asked) -> Iterator[int | None]:
    """The sites of what is asked for; None for what is not there."""
    of_locker = select(bank.c.site_id).join(locker, locker.c.bank_id == bank.c.id)
    for id_, site_of in (
        (asked.bank_id, select(bank.c.site_id).where(bank.c.id == asked.bank_id)),
        (asked.queue_id, select(queue.c.site_id).where(queue.c.id == asked.queue_id)),
        (asked.charger_id, select(charger.c.site_id).where(charger.c.id == asked.charger_id)),
        (asked.terminal_id, select(terminal.c.site_id).where(terminal.c.id == asked.terminal_id)),
        (asked.locker_id, of_locker.where(locker.c.id == asked.locker_id)),
    ):
        if id_ is not None:
            yield conn.scalar(site_of)


def _actors(conn: Connection, by: str) -> tuple[tuple[str, int | None], ...] | None:
    if not by:
        return None
    if by.lower() in BY_ITSELF:
        return (BY_ITSELF[by.lower()],)
    s = staff.c
    matching = or_(s.login == by.lower(), _contains(s.name, by))
    found: list[tuple[str, int | None]] = [
        (ActorKind.STAFF.value, staff_id)
        for staff_id in conn.scalars(select(s.id).where(matching).limit(MAX_MATCHES + 1))
    ]
    found += [(ActorKind.PERSON.value, who) for who in _people_like(conn, by, "by")]
    if not found:
        raise BadInput(f"Nobody here is called “{by}”.", field="by")
    return _not_too_many(found, by, "by")


def _people(conn: Connection, named: str, field: str) -> tuple[int, ...]:
    found = _people_like(conn, named, field)
    if not found:
        raise BadInput(f"Nobody here is called “{named}”, or has that number.", field=field)
    return found


def _people_like(conn: Connection, named: str, field: str) -> tuple[int, ...]:
    p = person.c
    with contextlib.suppress(BadInput):  # a name is no number
        number = normalise_number(named)
        if (exactly := conn.scalar(select(p.id).where(p.number == number))) is not None:
            return (exactly,)
    found = conn.scalars(select(p.id).where(_contains(p.name, named)).limit(MAX_MATCHES + 1)).all()
    return _not_too_many(found, named, field)


def _not_too_many(found: Iterable[Any], named: str, field: str) -> tuple[Any, ...]:
    kept = tuple(found)
    if len(kept) > MAX_MATCHES:
        raise BadInput(
            f"More than {MAX_MATCHES} are called something like “{named}”. Say more of the name, "
            "or the number.",
            field=field,
        )
    return kept


def _contains(column: Column[Any], named: str) -> ColumnElement[bool]:
    return func.lower(column).contains(named.lower(), autoescape=True)


def _lockers(conn: Connection, sites: Sites, asked: Asked) -> tuple[int, ...] | None:
    door = asked.door.strip()
    if asked.locker_id is not None:
        return (asked.locker_id,)
    if not door:
        return None
    label = func.lower(bank.c.prefix + cast(locker.c.number, String))
    meant = [label == door.lower()]
    if door.isascii() and door.isdigit() and len(door) < 10:
        meant.append(locker.c.number == int(door))
    wanted = select(locker.c.id).join(bank, bank.c.id == locker.c.bank_id).where(or_(*meant))
    if asked.bank_id is not None:
        wanted = wanted.where(bank.c.id == asked.bank_id)
    if sites is not None:
        wanted = wanted.where(bank.c.site_id.in_(sorted(sites)))
    found = conn.scalars(wanted.limit(MAX_MATCHES + 1)).all()
    if not found:
        raise BadInput(f"There is no door “{door}” here.", field="door")
    return _not_too_many(found, door, "door")


def strands(conn: Connection, wanted: Filter) -> list[Strand]:
    """The stretches of the log that have all the wanted events, each of them once."""
    kinds = wanted.kinds
    if wanted.refused is True:
        kinds = frozenset({REFUSED}) if kinds is None else kinds & {REFUSED}
    elif wanted.refused is False and kinds is not None:
        kinds = kinds - {REFUSED}
    if kinds is not None and not kinds:
        return []
    between = [_E.at >= wanted.since] if wanted.since is not None else []
    between += [_E.at < wanted.until] if wanted.until is not None else []
    made = _strands(conn, wanted, kinds)
    return [[*strand, *between] for strand in made]


def _strands(conn: Connection, wanted: Filter, kinds: frozenset[str] | None) -> Iterator[Strand]:
    """By the column of which each value has the fewest rows."""
    place = _place(wanted)
    of_kind = [_any_of(_besides(_E.kind), kinds)] if kinds is not None else _left_out(wanted)
    if wanted.people is not None:
        doors = (
            [_any_of(_besides(_E.locker_id), wanted.lockers)] if wanted.lockers is not None else []
        )
        by = [_by_any(wanted.actors)] if wanted.actors is not None else []
        for who in wanted.people:
            yield [_E.person_id == who, *of_kind, *doors, *by, *place]
    elif wanted.lockers is not None:
        by = [_by_any(wanted.actors)] if wanted.actors is not None else []
        for door in wanted.lockers:
            yield [_E.locker_id == door, *of_kind, *by, *place]
    elif wanted.actors is not None:
        for actor in wanted.actors:
            yield [*_by(actor), _FEW, *of_kind, *place]  # pyright: ignore[reportReturnType]
            if actor[0] == ActorKind.PERSON.value:
                yield [_E.person_id == actor[1], *_by(actor), *of_kind, *place]
    else:
        yield from _by_place(conn, wanted, kinds)


def _by_place(conn: Connection, wanted: Filter, kinds: frozenset[str] | None) -> Iterator[Strand]:
    one = _one_place(wanted)
    besides = [_besides(column) == id_ for column, id_ in one[1:]]
    places: list[ColumnElement[bool]]
    by_kind = kinds is not None
    if one:
        column, id_ = one[0]
        places, by_kind = [column == id_], True
    elif wanted.sites is not None:
        places = [_E.site_id == site_id for site_id in sorted(wanted.sites)]
    else:
        everywhere = _distinct(conn, _E.site_id, _E.site_id.is_not(None))
        places = [_E.site_id.is_(None), *(_E.site_id == site_id for site_id in everywhere)]
    for place in places:
        if not by_kind:
            yield [place, *_left_out(wanted)]
            continue
        for kind in sorted(kinds) if kinds is not None else _distinct(conn, _E.kind, place):
            if kind != REFUSED or wanted.refused is not False:
                yield [place, _E.kind == kind, *besides]


def _one_place(wanted: Filter) -> list[tuple[Column[Any], int]]:
    """The terminal, bank, queue or charger that is asked for; each has an index that goes by
    kind. What a terminal did is often at its bank too: there it is the narrower one."""
    said = (
        (_E.terminal_id, wanted.terminal_id),
        (_E.bank_id, wanted.bank_id),
        (_E.queue_id, wanted.queue_id),
        (_E.charger_id, wanted.charger_id),
    )
    return [(column, id_) for column, id_ in said if id_ is not None]


def _place(wanted: Filter) -> Strand:
    """What is left out of strands that don't go by place."""
    conditions = [_besides(column) == id_ for column, id_ in _one_place(wanted)]
    if wanted.sites is not None:
        conditions.append(_any_of(_besides(_E.site_id), wanted.sites))
    return conditions


def _left_out(wanted: Filter) -> Strand:
    return [_E.kind != REFUSED] if wanted.refused is False else []


def _besides(column: Column[Any]) -> ColumnElement[Any]:
    """The column, so that no index is chosen for it: what it says is looked up in passing."""
    return func.coalesce(column, "" if column.name in ("kind", "actor_kind") else 0)


def _any_of(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    return column.in_(sorted(values))


def _by(actor: tuple[str, int | None]) -> Strand:
    kind, id_ = actor
    return [_E.actor_kind == kind, _E.actor_id.is_(None) if id_ is None else _E.actor_id == id_]


def _by_any(actors: Iterable[tuple[str, int | None]]) -> ColumnElement[bool]:
    kind, id_ = _besides(_E.actor_kind), _besides(_E.actor_id)
    return or_(*(and_(kind == actor[0], id_ == (actor[1] or 0)) for actor in actors))


def _distinct(conn: Connection, column: Column[Any], where: ColumnElement[bool]) -> list[Any]:
    """The values that a column has, each found by one look into an index that begins with what
    `where` is about: a million rows have few."""
    found: list[Any] = []
    least = select(func.min(column)).where(where)
    value = conn.scalar(least)
    while value is not None:
        found.append(value)
        value = conn.scalar(least.where(column > value))
    return found
