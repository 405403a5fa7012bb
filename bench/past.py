"""A library's past as it might have been: years of visits with their claims, waits and log.

People come by the hour and the weekday, take the lowest free door of the bank they like, stay for
some hours, are refused when a bank is full, and then some of them wait. Written straight into the
tables, the same each time, so that pages, figures and pictures can be made of it.
"""

import heapq
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, insert

from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.tables import assignment, event, ticket, wait
from locker_app.db.transaction import Tx, Work

_BY_HOUR = (0, 0, 0, 0, 0, 0, 0, 2, 9, 14, 12, 10, 9, 12, 11, 8, 7, 6, 5, 3, 2, 1, 0, 0)
_BY_WEEKDAY = (1.15, 1.25, 1.2, 1.1, 0.8, 0.35, 0.2)
_OPEN_UNTIL = 22
_CHUNK = 20_000
Row = dict[str, Any]


@dataclass
class Past:
    """Whose past it is: a site with its banks, each a list of doors' ids, and its people."""

    site_id: int
    zone: str
    banks: dict[int, list[int]]
    people: list[int]
    queues: list[int] = field(default_factory=list)
    staff: list[int] = field(default_factory=list)
    seed: int = 7


def write_past(
    db: Database, past: Past, first: date, days: int, visits: int, until: datetime
) -> dict[str, int]:
    """Fill the tables with about so many visits on these days, of which nothing is later than
    `until`; how many rows each table got."""
    made = _Library(past, until)
    for day in range(days):
        made.live_through(first + timedelta(days=day), visits / days)
    rows = {assignment: made.claims, wait: made.waits, ticket: made.tickets, event: made.events}
    return {table.name: _write(db, table, rows[table]) for table in rows}


def write_log(db: Database, past: Past, first: datetime, days: int, count: int) -> None:
    """Make the log longer by so many events, evenly over these days, of all common kinds."""
    _write(db, event, _log(past, first, timedelta(days=days) / count, count))


def _write(db: Database, table: Table, rows: Iterable[Row]) -> int:
    waiting: list[Row] = []
    written = 0

    def keep(tx: Tx) -> None:
        tx.conn.execute(insert(table), waiting)

    for row in rows:
        waiting.append(row)
        if len(waiting) == _CHUNK:
            db.run(Work(keep, Trace("bench")))
            written += len(waiting)
            waiting = []
    if waiting:
        db.run(Work(keep, Trace("bench")))
    return written + len(waiting)


class _Library:
    """Who has what while the days go by."""

    def __init__(self, past: Past, until: datetime) -> None:
        self._past = past
        self._until = until
        self._zone = ZoneInfo(past.zone)
        self._chance = random.Random(past.seed)
        self._free = {bank: list(range(len(doors))) for bank, doors in past.banks.items()}
        self._likes = [1 / (1 + place) ** 0.5 for place in range(len(past.banks))]
        self._leaving: list[tuple[datetime, int, int, int, int]] = []
        self._waiting: dict[int, list[Row]] = {bank: [] for bank in past.banks}
        self._away = dict.fromkeys(past.people, False)
        self.claims: list[Row] = []
        self.waits: list[Row] = []
        self.tickets: list[Row] = []
        self.events: list[Row] = []

    def live_through(self, day: date, mean: float) -> None:
        """A day, from opening to closing; some forget to give back what they have."""
        for at in self._arrivals(day, mean):
            if at < self._until:
                self._leave_until(at)
                self._come(at)
        night = datetime.combine(day, time(23, 59), self._zone)
        self._leave_until(min(night, self._until))
        self._lines_of(day, mean)

    def _arrivals(self, day: date, mean: float) -> list[datetime]:
        weeks = abs((day.timetuple().tm_yday % 182) - 91) / 91  # terms swell and ebb away
        many = (
            mean
            * _BY_WEEKDAY[day.weekday()]
            * (1.25 - 0.5 * weeks)
            * self._chance.uniform(0.9, 1.1)
        )
        hours = self._chance.choices(range(24), _BY_HOUR, k=round(many))
        begin = datetime.combine(day, time(), self._zone)
        return sorted(
            begin + timedelta(hours=hour, seconds=self._chance.uniform(0, 3600)) for hour in hours
        )

    def _come(self, at: datetime) -> None:
        who = self._chance.choice(self._past.people)
        if self._away[who]:
            return
        (bank,) = self._chance.choices(list(self._past.banks), self._likes)
        if self._free[bank]:
            self._give(at, bank, who)
            return
        about = {"bank_id": bank, "person_id": None}
        details = {"command": "take_locker", "code": "none_free"}
        self._log(at, "Refused", who, about, details)
        if self._chance.random() < 0.4 and len(self._waiting[bank]) < 12:
            row = {"bank_id": bank, "person_id": who, "joined_at": at, "ended_at": None}
            row |= {"outcome": None, "accessible": False, "site_id": self._past.site_id}
            self._waiting[bank].append(row)
            self.waits.append(row)
            self._away[who] = True
            self._log(at, "WaitJoined", who, {"bank_id": bank}, {"wait_id": len(self.waits)})

    def _give(self, at: datetime, bank: int, who: int) -> None:
        door = heapq.heappop(self._free[bank])
        stay = timedelta(hours=min(11.0, self._chance.lognormvariate(0.75, 0.7)))
        closes = datetime.combine(at.date(), time(_OPEN_UNTIL), self._zone)
        leaves = min(at + stay, closes - timedelta(minutes=self._chance.uniform(0, 40)))
        if self._chance.random() < 0.004:
            leaves += timedelta(days=1, hours=-self._chance.uniform(2, 10))
        leaves = max(leaves, at + timedelta(minutes=3))
        self._away[who] = True
        self.claims.append(
            {
                "site_id": self._past.site_id,
                "bank_id": bank,
                "locker_id": self._past.banks[bank][door],
                "person_id": who,
                "slot": 1,
                "assigned_at": at,
                "released_at": None,
                "release_cause": None,
            }
        )
        about = {"bank_id": bank, "locker_id": self._past.banks[bank][door]}
        self._log(at, "LockerAssigned", who, about, {"assignment_id": len(self.claims)})
        heapq.heappush(self._leaving, (leaves, len(self.claims) - 1, bank, door, who))

    def _leave_until(self, now: datetime) -> None:
        while self._leaving and self._leaving[0][0] <= now:
            at, claim, bank, door, who = heapq.heappop(self._leaving)
            self.claims[claim] |= {"released_at": at, "release_cause": "given_back"}
            about = {"bank_id": bank, "locker_id": self._past.banks[bank][door]}
            details = {"assignment_id": claim + 1, "cause": "given_back"}
            self._log(at, "LockerReleased", who, about, details)
            heapq.heappush(self._free[bank], door)
            self._away[who] = False
            if self._waiting[bank]:
                self._next_in_line(at, bank)

    def _next_in_line(self, at: datetime, bank: int) -> None:
        row = self._waiting[bank].pop(0)
        (outcome,) = self._chance.choices(("took_locker", "left", "lapsed"), (8, 1, 1))
        row |= {"ended_at": at, "outcome": outcome}
        who = row["person_id"]
        self._log(at, "WaitEnded", who, {"bank_id": bank}, {"outcome": outcome})
        self._away[who] = False
        if outcome == "took_locker":
            self._give(at, bank, who)

    def _lines_of(self, day: date, mean: float) -> None:
        """Some classes, on weekdays, in each line for help."""
        if day.weekday() > 4:
            return
        for place, queue_id in enumerate(self._past.queues):
            joined = datetime.combine(day, time(9 + 2 * place), self._zone)
            for number in range(1, 8 + self._chance.randrange(20)):
                joined += timedelta(minutes=self._chance.expovariate(1 / 6))
                row = self._ticket(queue_id, day, number, joined)
                if row["ended_at"] < self._until:
                    self.tickets.append(row)

    def _ticket(self, queue_id: int, day: date, number: int, joined: datetime) -> Row:
        (status,) = self._chance.choices(("done", "no_show", "withdrawn"), (90, 4, 6))
        waited = timedelta(minutes=self._chance.gammavariate(2, 5))
        called = joined + waited if status != "withdrawn" else None
        helped = timedelta(minutes=self._chance.gammavariate(2, 2.5))
        return {
            "site_id": self._past.site_id,
            "queue_id": queue_id,
            "round": day.toordinal(),
            "number": number,
            "place": number,
            "status": status,
            "holder": f"visitor:{number}",
            "slot": 0,
            "group_number": str(self._chance.randint(1, 40)),
            "group_slot": 0,
            "question": "",
            "note": "",
            "steps": 0,
            "ahead_at_join": 0,
            "staff_id": self._past.staff[0] if called and self._past.staff else None,
            "joined_at": joined,
            "called_at": called,
            "ended_at": (called or joined) + helped,
        }

    def _log(self, at: datetime, kind: str, who: int, about: Row, details: Row) -> None:
        self.events.append(_row(self._past, at, kind, {"person_id": who} | about, details, who))


def _row(past: Past, at: datetime, kind: str, about: Row, details: Row, who: int) -> Row:
    return {
        "at": at,
        "kind": kind,
        "actor_kind": "person",
        "actor_id": who,
        "origin": "web",
        "site_id": past.site_id,
        "bank_id": None,
        "locker_id": None,
        "queue_id": None,
        "person_id": None,
        "staff_id": None,
        "reason": None,
        "details": details,
        "request_id": None,
    } | about


def _log(past: Past, first: datetime, step: timedelta, count: int) -> Iterator[Row]:
    """Events as they are in a log, most of them of people who come and go."""
    chance = random.Random(past.seed)
    banks = list(past.banks)
    weights = list(_KINDS.values())
    for n in range(count):
        (kind,) = chance.choices(list(_KINDS), weights)
        at = first + n * step + timedelta(milliseconds=chance.uniform(-5, 5))
        who, bank = chance.choice(past.people), chance.choice(banks)
        door = chance.choice(past.banks[bank])
        about: Row = {"bank_id": bank, "locker_id": door, "person_id": who}
        details: Row = {"assignment_id": n}
        if kind.startswith("Ticket"):
            about = {"queue_id": chance.choice(past.queues)}
            details = {"ticket_id": n, "ticket_number": n % 100, "visitor_id": n}
        elif kind == "PersonSignedIn":
            about, details = {"site_id": None, "person_id": who}, {"session_id": n}
        elif kind == "Refused":
            about = {"bank_id": bank}
            details = {"command": "take_locker", "code": "none_free"}
        elif kind == "LockerReleased":
            details["cause"] = "given_back"
        row = _row(past, at, kind, about, details, who)
        if kind in _BY_STAFF:
            row |= {"actor_kind": "staff", "actor_id": chance.choice(past.staff)}
            row |= {"reason": "Left overnight, emptied with a witness"}
        elif kind in _BY_ITSELF:
            row |= {"actor_kind": "system", "actor_id": None, "origin": "timer"}
        yield row


_KINDS = {
    "LockerAssigned": 360_000,
    "LockerReleased": 360_000,
    "Refused": 60_000,
    "PersonSignedIn": 60_000,
    "WaitJoined": 20_000,
    "WaitEnded": 20_000,
    "TicketTaken": 40_000,
    "TicketCompleted": 38_000,
    "ReturnReminded": 30_000,
    "LockerReserved": 10_000,
    "AssignmentOverdue": 1_000,
    "LockerTakenOutOfService": 500,
    "PinReset": 450,
    "StaffAdded": 50,
}
_BY_STAFF = {"LockerTakenOutOfService", "PinReset", "TicketCompleted", "StaffAdded"}
_BY_ITSELF = {"ReturnReminded", "LockerReserved", "AssignmentOverdue"}
