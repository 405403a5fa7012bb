"""Commands on banks: set one up, its rules, its doors and their numbers, archive it.

What would take something away from somebody is refused. The doors in question are locked before
anybody looks whose they are: who reaches for one meanwhile gets another, or waits and then finds
that it is gone.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from locker_app.db.tables import assignment, bank, locker, site, wait
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, Right
from locker_app.domain.banks import (
    BankRules,
    Door,
    DoorPlan,
    check_bank,
    check_first,
    doors_of,
    doors_version,
    refuse_to_strand,
    stranded_waiters,
    written_numbers,
)
from locker_app.domain.codes import CodeKind
from locker_app.domain.errors import BadInput, NotFound, RulesChanged
from locker_app.domain.facts import (
    BankArchived,
    BankCreated,
    BankDoorsChanged,
    BankRenumbered,
    BankRestored,
    BankRulesChanged,
)
from locker_app.domain.sites import version_of
from locker_app.services import holds, terminals
from locker_app.services.codes import new_code
from locker_app.services.ids import Id, Text

__all__ = [
    "BankRules",
    "DoorPlan",
    "archive_bank",
    "change_bank",
    "change_doors",
    "renumber_bank",
    "restore_bank",
    "set_up_bank",
]

_B, _L = bank.c, locker.c
_RULES = ("name", "place", "prefix", "limit_minutes", "reminder_minutes", "overdue_action")


@dataclass(frozen=True, slots=True)
class DoorsChanged:
    """How many doors came, went, and are otherwise."""

    added: int
    removed: int
    altered: int
    version: str = field(default="", compare=False)
    """What stands for the doors as they are now."""


def set_up_bank(
    tx: Tx, actor: Actor, now: datetime, *, site_id: Id, rules: BankRules, doors: DoorPlan
) -> int:
    """Set up a bank with its doors; its id.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        BadInput: a rule or a list of doors can't be, or the site has a bank of this name.
    """
    actor.require(Right.SET_UP, site_id)
    return new_bank(tx, actor, now, site_id, rules, doors_of(doors).values())


def new_bank(
    tx: Tx, actor: Actor, now: datetime, site_id: int, rules: BankRules, doors: Collection[Door]
) -> int:
    """As `set_up_bank`, for those whose right is beyond doubt."""
    values = _values(rules)
    _check_name(tx.conn, site_id, values["name"])
    result = tx.conn.execute(
        insert(bank).values(site_id=site_id, code=new_code(tx.conn, CodeKind.BANK), **values)
    )
    key = result.inserted_primary_key
    assert key is not None
    _insert_doors(tx.conn, key[0], doors)
    tx.record(BankCreated(site_id=site_id, bank_id=key[0], lockers=len(doors)), actor, now)
    return key[0]


def change_bank(
    tx: Tx, actor: Actor, now: datetime, *, bank_id: Id, rules: BankRules, version: Text = ""
) -> bool:
    """Give a bank these rules; whether any is another than before. A new limit is for those who
    come from now on. With the version of the rules that were seen, only while they are still its.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        RulesChanged: they are others by now.
        WouldStrand: another prefix would change what stands on doors that somebody has.
        BadInput: a rule can't be, or the site has another bank of this name.
    """
    row = _lock(tx.conn, actor, bank_id)
    values = _values(rules)
    if version and version != version_of(BankRules, row):
        raise RulesChanged
    before = row._asdict()
    changed = [name for name in _RULES if before[name] != values[name]]
    if not changed:
        return False
    if "name" in changed:
        _check_name(tx.conn, row.site_id, values["name"], bank_id)
    if "prefix" in changed:
        refuse_to_strand(row.prefix, _taken(tx, now, bank_id, _lock_doors(tx.conn, bank_id)), 0)
    tx.conn.execute(update(bank).where(_B.id == bank_id).values(values))
    fact = BankRulesChanged(site_id=row.site_id, bank_id=bank_id, changed=", ".join(changed))
    tx.record(fact, actor, now)
    return True


def change_doors(
    tx: Tx, actor: Actor, now: datetime, *, bank_id: Id, doors: DoorPlan, version: Text = ""
) -> DoorsChanged:
    """Let a bank have just these doors. New ones go to those who wait. With the version of the
    doors that were seen, only while they are still the bank's.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        RulesChanged: they are others by now.
        WouldStrand: somebody has, or waits for, what would go.
        BadInput: a list of doors can't be.
    """
    row = _lock(tx.conn, actor, bank_id)
    there = {door.number: door for door in _lock_doors(tx.conn, bank_id)}
    wanted = doors_of(doors, there)
    if version and version != doors_version(there.values()):
        raise RulesChanged
    gone = [door for number, door in there.items() if number not in wanted]
    new = [door for number, door in wanted.items() if number not in there]
    other = [
        (there[n].id, door)
        for n, door in wanted.items()
        if n in there and (bool(there[n].accessible), there[n].size) != (door.accessible, door.size)
    ]
    done = DoorsChanged(len(new), len(gone), len(other), doors_version(wanted.values()))
    if not (gone or new or other):
        return done
    taken = _taken(tx, now, bank_id, gone)  # first: holds that are over end by it
    waiting = stranded_waiters(_waiters(tx.conn, bank_id), wanted.values())
    refuse_to_strand(row.prefix, taken, waiting)
    _retire(tx.conn, now, [door.id for door in gone])
    for locker_id, door in other:
        values = {"accessible": door.accessible, "size": door.size}
        tx.conn.execute(update(locker).where(_L.id == locker_id).values(values))
    _insert_doors(tx.conn, bank_id, new)
    fact = BankDoorsChanged(
        site_id=row.site_id,
        bank_id=bank_id,
        added=written_numbers(door.number for door in new),
        removed=written_numbers(door.number for door in gone),
        altered=written_numbers(door.number for _, door in other),
    )
    tx.record(fact, actor, now)
    if new or other:
        holds.offer_free_doors(tx, now, bank_id)
    return done


def renumber_bank(
    tx: Tx, actor: Actor, now: datetime, *, bank_id: Id, first: Id, version: Text = ""
) -> bool:
    """Number the doors of a bank anew, in the order that they have, from `first` on; whether that
    changes anything. With the version of the doors that were seen, only while they are still its.

    Raises:
        NotSignedIn, NotAllowed, NotFound, BadInput: as the words say.
        RulesChanged: they are others by now.
        WouldStrand: somebody has a door that would get another number.
    """
    row = _lock(tx.conn, actor, bank_id)
    there = _lock_doors(tx.conn, bank_id)
    if version and version != doors_version(there):
        raise RulesChanged
    check_first(first, len(there))
    moved = [(door, n) for n, door in enumerate(there, first) if door.number != n]
    if not moved:
        return False
    refuse_to_strand(row.prefix, _taken(tx, now, bank_id, [door for door, _ in moved]), 0)
    for door, number in moved:  # out of the way first: no two doors ever have one number
        tx.conn.execute(update(locker).where(_L.id == door.id).values(number=-number))
    for door, number in moved:
        tx.conn.execute(update(locker).where(_L.id == door.id).values(number=number))
    tx.record(BankRenumbered(site_id=row.site_id, bank_id=bank_id, first=first), actor, now)
    renumbered = {door.number: number for door, number in moved}
    terminals.renumber(tx, actor, now, row.site_id, bank_id, renumbered)
    return True


def archive_bank(tx: Tx, actor: Actor, now: datetime, *, bank_id: Id) -> bool:
    """Take a bank out of use; whether that changes anything. What happened there stays known.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        WouldStrand: somebody has a locker here, or waits for one.
    """
    row = _lock(tx.conn, actor, bank_id, archived=True)
    if row.archived_at is not None:
        return False
    there = _lock_doors(tx.conn, bank_id)
    refuse_to_strand(row.prefix, _taken(tx, now, bank_id, there), len(_waiters(tx.conn, bank_id)))
    _retire(tx.conn, now, [door.id for door in there])
    tx.conn.execute(update(bank).where(_B.id == bank_id).values(archived_at=now))
    terminals.archive_all(tx, actor, now, row.site_id, bank_id)
    tx.record(BankArchived(site_id=row.site_id, bank_id=bank_id), actor, now)
    return True


def restore_bank(tx: Tx, actor: Actor, now: datetime, *, bank_id: Id) -> bool:
    """Take an archived bank back into use, with the doors that it had; whether that changes
    anything.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        BadInput: the site has another bank of this name by now.
    """
    row = _lock(tx.conn, actor, bank_id, archived=True)
    if row.archived_at is None:
        return False
    _check_name(tx.conn, row.site_id, row.name, bank_id)
    tx.conn.execute(update(bank).where(_B.id == bank_id).values(archived_at=None))
    with_it = update(locker).where(_L.bank_id == bank_id, _L.retired_at == row.archived_at)
    tx.conn.execute(with_it.values(retired_at=None))
    tx.record(BankRestored(site_id=row.site_id, bank_id=bank_id), actor, now)
    return True


def _values(rules: BankRules) -> dict[str, Any]:
    checked = check_bank(rules)
    values = {name: getattr(checked, name) for name in _RULES}
    return {**values, "overdue_action": checked.overdue_action.value}


def _lock(conn: Connection, actor: Actor, bank_id: int, *, archived: bool = False) -> Any:
    """The bank's row, held until this is done, for those who may set it up."""
    this = select(bank).where(_B.id == bank_id).with_for_update(key_share=True)
    row = conn.execute(this).one_or_none()
    if row is None:
        raise NotFound("This bank of lockers does not exist, or no longer.")
    actor.require(Right.SET_UP, row.site_id)
    if row.archived_at is not None and not archived:
        raise NotFound("This bank is archived. Take it back into use first.")
    return row


def _lock_doors(conn: Connection, bank_id: int) -> list[Any]:
    """The doors of a bank, in the order of their numbers. Nobody gets one until this is done."""
    there = select(_L.id, _L.number, _L.accessible, _L.size)
    there = there.where(_L.bank_id == bank_id, _L.retired_at.is_(None)).order_by(_L.number)
    return list(conn.execute(there.with_for_update()).all())


def _taken(tx: Tx, now: datetime, bank_id: int, doors: Collection[Any]) -> list[int]:
    """The numbers of those of these locked doors that somebody has, or that are on hold."""
    holds.lapse_holds(tx, now)
    mine = {door.id: door.number for door in doors}
    claimed = select(assignment.c.locker_id).where(
        assignment.c.bank_id == bank_id, assignment.c.released_at.is_(None)
    )
    return [mine[locker_id] for locker_id in tx.conn.scalars(claimed) if locker_id in mine]


def _waiters(conn: Connection, bank_id: int) -> list[bool]:
    """Of each who waits here, whether only doors at accessible height will do."""
    line = select(wait.c.accessible).where(wait.c.bank_id == bank_id, wait.c.ended_at.is_(None))
    return [bool(low) for low in conn.scalars(line)]


def _retire(conn: Connection, now: datetime, locker_ids: list[int]) -> None:
    for locker_id in locker_ids:
        conn.execute(update(locker).where(_L.id == locker_id).values(retired_at=now))


def _insert_doors(conn: Connection, bank_id: int, doors: Collection[Door]) -> None:
    rows = [
        {"bank_id": bank_id, "number": d.number, "accessible": d.accessible, "size": d.size}
        for d in doors
    ]
    if rows:
        conn.execute(insert(locker), rows)


def _check_name(conn: Connection, site_id: int, name: str, own_id: int | None = None) -> None:
    """Let pass only a name that no other bank of the site has, in whatever capitals, at a site
    that is in use. The site's row is held until this is done."""
    there = select(site.c.archived_at).where(site.c.id == site_id).with_for_update(key_share=True)
    row = conn.execute(there).first()
    if row is None or row.archived_at is not None:
        raise NotFound("This site does not exist, or no longer.")
    others = select(_B.name).where(_B.site_id == site_id, _B.archived_at.is_(None))
    others = others.where(_B.id != (own_id or 0))
    if name.casefold() in {other.casefold() for other in conn.scalars(others)}:
        raise BadInput("There is a bank of this name here already.", field="name")
