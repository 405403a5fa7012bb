"""The tables of claims, waiting lists and doors, rebuilt from the event log alone.

What the log lacks is not compared: `remind_at`, which follows from the bank's settings.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from locker_app.db.statement import Statement
from locker_app.db.tables import assignment, event, locker, wait

Row = dict[str, Any]
_NOT_LOGGED = {"remind_at"}


@dataclass
class Tables:
    """Rows by id; of lockers only what changes."""

    assignments: dict[int, Row] = field(default_factory=dict)
    waits: dict[int, Row] = field(default_factory=dict)
    out_of_service: dict[int, Row] = field(default_factory=dict)
    noted: dict[int, Row] = field(default_factory=dict)
    """By whom and when; what is written there is not in the log."""


@dataclass(frozen=True)
class Rows:
    """What is in the tables at one moment, oldest first."""

    assignments: list[Any]
    waits: list[Any]
    lockers: list[Any]

    @staticmethod
    def read(conn: Connection) -> "Rows":
        return Rows(*(all_rows.rows(conn) for all_rows in _ALL))

    def tables(self) -> Tables:
        return Tables(
            {row.id: _without(row, _NOT_LOGGED) for row in self.assignments},
            {row.id: _without(row, set()) for row in self.waits},
            {
                row.id: {"since": row.out_of_service_at, "reason": row.out_of_service_reason}
                for row in self.lockers
                if row.out_of_service_at is not None
            },
            {row.id: {"at": row.noted_at, "by": row.noted_by} for row in self.lockers if row.note},
        )


_ALL = [Statement(select(table).order_by(table.c.id)) for table in (assignment, wait, locker)]
_EVENTS_AFTER = Statement(select(event).where(event.c.id > bindparam("last")).order_by(event.c.id))


def stored(conn: Connection) -> Tables:
    """What the tables say."""
    return Rows.read(conn).tables()


def folded(conn: Connection) -> Tables:
    """What the log says."""
    return fold(events_after(conn, 0))


def events_after(conn: Connection, last: int) -> list[Any]:
    """The events with higher ids than this, oldest first."""
    return _EVENTS_AFTER.rows(conn, last=last)


def fold(events: Iterable[Any], tables: Tables | None = None) -> Tables:
    """The tables after these events, oldest first, upon those that are given."""
    tables = tables or Tables()
    for row in events:
        step = _STEPS.get(row.kind)
        if step is not None:
            step(tables, row, row.details)
    return tables


def _without(row: Any, names: set[str]) -> Row:
    return {name: value for name, value in row._asdict().items() if name not in names}


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _free_slot(tables: Tables, row: Any) -> int:
    """The slots are not in the log either, but the rule for them is simple."""
    taken = {
        claim["slot"]
        for claim in tables.assignments.values()
        if claim["released_at"] is None
        and (claim["person_id"], claim["site_id"]) == (row.person_id, row.site_id)
    }
    return min(set(range(1, len(taken) + 2)) - taken)


def _claim(tables: Tables, row: Any, details: Row) -> Row:
    return tables.assignments.setdefault(
        details["assignment_id"],
        {
            "id": details["assignment_id"],
            "site_id": row.site_id,
            "bank_id": row.bank_id,
            "locker_id": row.locker_id,
            "person_id": row.person_id,
            "slot": _free_slot(tables, row),
            "assigned_at": None,
            "held_until": None,
            "due_at": None,
            "reminded_at": None,
            "overdue_at": None,
            "released_at": None,
            "release_cause": None,
        },
    )


def _reserved(tables: Tables, row: Any, details: Row) -> None:
    _claim(tables, row, details)["held_until"] = _time(details["held_until"])
    tables.waits[details["wait_id"]]["assignment_id"] = details["assignment_id"]


def _assigned(tables: Tables, row: Any, details: Row) -> None:
    change = {"assigned_at": row.at, "held_until": None, "due_at": _time(details["due_at"])}
    _claim(tables, row, details).update(change)


def _ended(tables: Tables, row: Any, details: Row) -> None:
    change = {"released_at": row.at, "release_cause": details["cause"]}
    tables.assignments[details["assignment_id"]].update(change)


def _hold_ended(tables: Tables, row: Any, details: Row) -> None:
    """Whoever is still in the list, because the door went out of service, waits again."""
    _ended(tables, row, details)
    for place in tables.waits.values():
        if place["assignment_id"] == details["assignment_id"] and place["ended_at"] is None:
            place["assignment_id"] = None


def _marked(name: str) -> Callable[[Tables, Any, Row], None]:
    def step(tables: Tables, row: Any, details: Row) -> None:
        tables.assignments[details["assignment_id"]][name] = row.at

    return step


def _limit_extended(tables: Tables, row: Any, details: Row) -> None:
    anew = {"due_at": _time(details["due_at"]), "reminded_at": None, "overdue_at": None}
    tables.assignments[details["assignment_id"]].update(anew)


def _hold_extended(tables: Tables, row: Any, details: Row) -> None:
    tables.assignments[details["assignment_id"]]["held_until"] = _time(details["held_until"])


def _noted(tables: Tables, row: Any, details: Row) -> None:
    by = row.actor_id if row.actor_kind == "staff" else None
    tables.noted[row.locker_id] = {"at": row.at, "by": by}


def _note_removed(tables: Tables, row: Any, details: Row) -> None:
    del tables.noted[row.locker_id]


def _joined(tables: Tables, row: Any, details: Row) -> None:
    tables.waits[details["wait_id"]] = {
        "id": details["wait_id"],
        "site_id": row.site_id,
        "bank_id": row.bank_id,
        "person_id": row.person_id,
        "accessible": details["accessible"],
        "joined_at": row.at,
        "assignment_id": None,
        "ended_at": None,
        "outcome": None,
    }


def _left(tables: Tables, row: Any, details: Row) -> None:
    tables.waits[details["wait_id"]].update(ended_at=row.at, outcome=details["outcome"])


def _out(tables: Tables, row: Any, details: Row) -> None:
    tables.out_of_service[row.locker_id] = {"since": row.at, "reason": row.reason}


def _back(tables: Tables, row: Any, details: Row) -> None:
    del tables.out_of_service[row.locker_id]


_STEPS: dict[str, Callable[[Tables, Any, Row], None]] = {
    "LockerReserved": _reserved,
    "LockerAssigned": _assigned,
    "LockerReleased": _ended,
    "HoldEnded": _hold_ended,
    "ReturnReminded": _marked("reminded_at"),
    "AssignmentOverdue": _marked("overdue_at"),
    "LimitExtended": _limit_extended,
    "HoldExtended": _hold_extended,
    "LockerNoted": _noted,
    "LockerNoteRemoved": _note_removed,
    "WaitJoined": _joined,
    "WaitEnded": _left,
    "LockerTakenOutOfService": _out,
    "LockerBackInService": _back,
}
