"""The event log as a file for a spreadsheet: what a filter lets through, newest first, in words.

A million events are read in pieces, all in the one snapshot of whoever asks, and each piece looks
up the names that it needs. So it takes no more memory than a piece, and no join for each row.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from locker_app.db.tables import (
    bank,
    charger,
    event,
    locker,
    person,
    queue,
    site,
    staff,
    terminal,
)
from locker_app.domain.actors import ActorKind
from locker_app.domain.csv_text import harmless
from locker_app.domain.event_words import CODE_WORDS, COMMAND_WORDS, EVENT_WORDS, TOLD_WORDS
from locker_app.domain.lockers import label
from locker_app.domain.spreadsheets import BYTE_ORDER_MARK, written
from locker_app.queries.event_filter import REFUSED, Filter, Strand, strands
from locker_app.queries.events import OF_A_PERSON, SOMEBODY, code_of, older, unnamed

CHUNK = 1000
MAX_KEPT = 20_000
"""How many people's names are kept, so that they need not be looked up again."""
HEAD = (
    *("id", "at", "what", "why", "site", "place", "door", "ticket"),
    *("person_number", "person_name", "by", "way", "reason", "kind", "code"),
)
_E = event.c
_COLUMNS = (
    *(_E.at, _E.id, _E.kind, _E.actor_kind, _E.actor_id, _E.origin, _E.site_id, _E.bank_id),
    *(_E.locker_id, _E.queue_id, _E.charger_id, _E.person_id, _E.staff_id, _E.reason, _E.details),
    _E.terminal_id,
)
_ACTOR_KIND, _ACTOR_ID, _HALF, _PERSON_ID = 3, 4, 8, 11
"""Where they are in a row."""
_A_PERSON, _STAFF = ActorKind.PERSON.value, ActorKind.STAFF.value
_NOBODY = ("", "")


@dataclass(frozen=True, slots=True)
class EventsFile:
    """A file that is read while it is sent."""

    rows: int
    """How many it will have, without its head."""
    pieces: Iterator[tuple[int, str]]
    """How many rows have been read so far, with the next piece of the text."""


def events_file(conn: Connection, wanted: Filter, zone: str) -> EventsFile:
    """The events that the filter lets through. Times are those of each event's site; of what
    happened at none, those of the zone. To be read while the connection's snapshot lasts."""
    made = strands(conn, wanted)
    count = sum(
        conn.scalar(select(func.count()).select_from(event).where(*strand)) or 0 for strand in made
    )
    return EventsFile(count, _pieces(conn, made, zone))


def _pieces(conn: Connection, made: list[Strand], zone: str) -> Iterator[tuple[int, str]]:
    yield 0, BYTE_ORDER_MARK + written([HEAD])
    words, done = _Words(conn, zone), 0
    streams = [_read(conn, strand) for strand in made]
    # each is in order, newest first; put together they are as well
    merged = streams[0] if len(streams) == 1 else heapq.merge(*streams, key=_place, reverse=True)
    while rows := _take(merged):
        words.look_up(rows)
        done += len(rows)
        yield done, written([words.cells(row) for row in rows])


def _place(row: Any) -> tuple[datetime, int]:
    return row[0], row[1]


def _take(rows: Iterator[Any]) -> list[Any]:
    return list(islice(rows, CHUNK))


def _read(conn: Connection, strand: Strand) -> Iterator[Any]:
    statement = select(*_COLUMNS).where(*strand).order_by(_E.at.desc(), _E.id.desc()).limit(CHUNK)
    rows = conn.execute(statement).all()
    while rows:
        yield from rows
        if len(rows) < CHUNK:
            return
        rows = conn.execute(statement.where(older((rows[-1].at, rows[-1].id)))).all()


class _Words:
    """What ids are called. Places and staff are few and are looked up once; people are many, and
    are looked up as they come."""

    def __init__(self, conn: Connection, zone: str) -> None:
        self._conn = conn
        zones = conn.execute(select(site.c.id, site.c.time_zone))
        self._zones = {id_: ZoneInfo(name) for id_, name in zones}
        self._zone = ZoneInfo(zone)
        self._sites, self._banks, self._queues, self._chargers, self._staff, self._terminals = (
            {id_: harmless(name) for id_, name in conn.execute(select(t.c.id, t.c.name))}
            for t in (site, bank, queue, charger, staff, terminal)
        )
        numbered = select(locker.c.id, bank.c.prefix, locker.c.number)
        doors = conn.execute(numbered.join(bank, bank.c.id == locker.c.bank_id))
        self._doors = {id_: harmless(label(prefix, number)) for id_, prefix, number in doors}
        self._people: dict[int, tuple[str, str]] = {}

    def look_up(self, rows: list[Any]) -> None:
        """Find out the names of all people in these rows."""
        if len(self._people) > MAX_KEPT:
            self._people.clear()
        ids = {row[_PERSON_ID] for row in rows}
        ids |= {row[_ACTOR_ID] for row in rows if row[_ACTOR_KIND] == _A_PERSON}
        ids -= self._people.keys() | {None}
        p = person.c
        found = select(p.id, p.number, p.name).where(p.id.in_(sorted(ids)))
        for id_, number, name in self._conn.execute(found) if ids else ():
            self._people[id_] = harmless(number), harmless(name)

    def cells(self, row: Any) -> list[Any]:
        """An event as a line of the file. A million are made one after the other."""
        at, id_, kind, actor_kind, actor_id, origin, site_id, bank_id = row[:_HALF]
        locker_id, queue_id, charger_id, person_id, staff_id, reason, details, term = row[_HALF:]
        code = code_of(kind, details)
        number, name = self._people.get(person_id, _NOBODY)
        if not name:
            name = self._staff.get(staff_id) or (SOMEBODY if kind in OF_A_PERSON else "")
        if actor_kind == _A_PERSON:
            actor = self._people.get(actor_id, _NOBODY)[1] or SOMEBODY
        else:
            actor = self._staff.get(actor_id) if actor_kind == _STAFF else ""
        said = reason or details.get("text") or details.get("label") or ""
        return [
            id_,
            at.astimezone(self._zones.get(site_id, self._zone)).isoformat(" ", "seconds"),
            what(kind, details),
            CODE_WORDS.get(code, code),
            self._sites.get(site_id, ""),
            self._place(bank_id, queue_id, charger_id, term),
            self._doors.get(locker_id, ""),
            details.get("ticket_number", ""),
            number,
            name,
            actor or unnamed(actor_kind),
            origin,
            harmless(said) if said else "",
            kind,
            code,
        ]

    def _place(
        self, bank_id: int | None, queue_id: int | None, charger_id: int | None, term: int | None
    ) -> str:
        if charger_id is not None:
            return f"Charger {self._chargers.get(charger_id, '')}"
        if queue_id is not None:
            return self._queues.get(queue_id, "")
        if bank_id is not None:
            return self._banks.get(bank_id, "")
        return "" if term is None else f"Terminal {self._terminals.get(term, '')}"


def what(kind: str, details: dict[str, Any]) -> str:
    """What happened, in words."""
    if kind == REFUSED:
        command = details.get("command", "")
        return f"refused: {COMMAND_WORDS.get(command, command)}"
    if kind == "LockerReleased" and details.get("cause") == "forced":
        return "released by staff"
    told = TOLD_WORDS.get(f"{kind}:{details['command']}") if "command" in details else None
    return told or EVENT_WORDS.get(kind, kind)
