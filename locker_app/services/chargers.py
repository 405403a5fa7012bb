"""Commands on charging spots: set them up, what is said of them, their order, the rules of a site.

Every one of them holds off all others who would do something at the site's spots until it is done.
Nobody loses a booking by set-up: a spot that somebody has, or will have, can't be archived.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.tables import booking, charger, charger_wait, charging, site
from locker_app.db.transaction import Tx
from locker_app.domain.actors import SYSTEM, Actor, Right
from locker_app.domain.bookings import next_step
from locker_app.domain.chargers import (
    MAX_CHARGERS,
    ChargerPlan,
    ChargingRules,
    check_charger,
    check_charging,
)
from locker_app.domain.codes import CodeKind
from locker_app.domain.errors import BadInput, NotFound, RulesChanged, WouldStrand
from locker_app.domain.facts import (
    ChargerArchived,
    ChargerChanged,
    ChargerCreated,
    ChargerRestored,
    ChargingRulesChanged,
    HolderCame,
)
from locker_app.domain.sites import version_of
from locker_app.services import spots
from locker_app.services.codes import new_code
from locker_app.services.ids import Flag, Id, Text
from locker_app.services.offers import pass_on
from locker_app.services.spot_rows import Ground, about, open_at

__all__ = [
    "ChargerPlan",
    "ChargingRules",
    "add_chargers",
    "archive_charger",
    "change_charger",
    "change_charging",
    "move_charger",
    "restore_charger",
]

Plans = Annotated[list[ChargerPlan], Field(min_length=1, max_length=MAX_CHARGERS)]

_C, _R, _B = charger.c, charging.c, booking.c
_IN_USE = _C.archived_at.is_(None)
_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def add_chargers(tx: Tx, actor: Actor, now: datetime, *, site_id: Id, plans: Plans) -> list[int]:
    """Set up charging spots, listed after those that are there; their ids.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        BadInput: something that is said can't be, a name is there already, or there are too many.
    """
    actor.require(Right.SET_UP, site_id)
    return new_chargers(tx, actor, now, site_id, plans)


def new_chargers(
    tx: Tx, actor: Actor, now: datetime, site_id: int, plans: Sequence[ChargerPlan]
) -> list[int]:
    """As `add_chargers`, for those whose right is beyond doubt."""
    checked = [check_charger(plan) for plan in plans]
    ground = _lock(tx, now, site_id)
    _check_names(tx.conn, site_id, [plan.name for plan in checked])
    last = tx.conn.scalar(select(func.max(_C.position)).where(_C.site_id == site_id)) or 0
    made = [
        _new(tx, actor, now, site_id, plan, position)
        for position, plan in enumerate(checked, last + 1)
    ]
    pass_on(tx, now, ground)
    return made


def change_charger(
    tx: Tx, actor: Actor, now: datetime, *, charger_id: Id, plan: ChargerPlan, version: Text = ""
) -> bool:
    """Change what is said of a spot; whether anything is otherwise. With the version of what was
    seen (`version_of(ChargerPlan, row)`), only while that is still said.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        RulesChanged: something else is said by now.
        BadInput: something can't be, or another spot of the site has this name.
    """
    _, row = _lock_charger(tx, actor, now, charger_id)
    values = asdict(check_charger(plan))
    if version and version != version_of(ChargerPlan, row):
        raise RulesChanged
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if not changed:
        return False
    if "name" in changed:
        _check_names(tx.conn, row.site_id, [values["name"]], but=charger_id)
    _write(tx.conn, charger_id, values)
    fact = ChargerChanged(site_id=row.site_id, charger_id=charger_id, changed=", ".join(changed))
    tx.record(fact, actor, now)
    return True


def move_charger(tx: Tx, actor: Actor, now: datetime, *, charger_id: Id, up: Flag) -> bool:
    """List a spot before the one before it, or, if not `up`, after the one after it; whether there
    is one.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
    """
    _, row = _lock_charger(tx, actor, now, charger_id)
    listed = select(_C.id, _C.position).where(_C.site_id == row.site_id, _IN_USE)
    there = list(tx.conn.execute(listed.order_by(_C.position, _C.id)).all())
    at = next(n for n, one in enumerate(there) if one.id == charger_id)
    other = at - 1 if up else at + 1
    if not 0 <= other < len(there):
        return False
    there[at], there[other] = there[other], there[at]
    for position, one in enumerate(there, 1):
        if one.position != position:
            _write(tx.conn, one.id, {"position": position})
    fact = ChargerChanged(site_id=row.site_id, charger_id=charger_id, changed="position")
    tx.record(fact, actor, now)
    return True


def archive_charger(tx: Tx, actor: Actor, now: datetime, *, charger_id: Id) -> bool:
    """Take a spot out of use; whether that changes anything. What happened there stays known.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        WouldStrand: somebody has it, has booked it for later, or has it offered.
    """
    _, row = _lock_charger(tx, actor, now, charger_id, archived=True)
    if row.archived_at is not None:
        return False
    open_here = select(func.count()).where(_B.charger_id == charger_id, _B.ended_at.is_(None))
    if tx.conn.scalar(open_here):
        raise WouldStrand(
            f"Somebody has spot {row.name}, or has it booked. Archive it when it is free, or move "
            "them to another one on the page of the chargers first."
        )
    _write(tx.conn, charger_id, {"archived_at": now, "reported_at": None})
    tx.record(ChargerArchived(site_id=row.site_id, charger_id=charger_id), actor, now)
    return True


def restore_charger(tx: Tx, actor: Actor, now: datetime, *, charger_id: Id) -> bool:
    """Take an archived spot back into use; whether that changes anything.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        BadInput: another spot has its name by now, or there are too many.
    """
    ground, row = _lock_charger(tx, actor, now, charger_id, archived=True)
    if row.archived_at is None:
        return False
    _check_names(tx.conn, row.site_id, [row.name])
    _write(tx.conn, charger_id, {"archived_at": None})
    tx.record(ChargerRestored(site_id=row.site_id, charger_id=charger_id), actor, now)
    pass_on(tx, now, ground, charger_id)
    return True


def change_charging(
    tx: Tx, actor: Actor, now: datetime, *, site_id: Id, rules: ChargingRules, version: Text = ""
) -> bool:
    """Give the spots of a site these rules; whether any is another than before. Nobody loses a
    booking by it: what was agreed stays agreed, and what time does next goes by the new rules.
    With the version of the rules that were seen, only while they are still the site's.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        RulesChanged: they are others by now.
        BadInput: a rule can't be.
    """
    actor.require(Right.SET_UP, site_id)
    values = _values(check_charging(rules))
    ground = _lock(tx, now, site_id)
    if version and version != version_of(ChargingRules, ground.rules):
        raise RulesChanged
    before = _values(ground.rules)
    changed = [name for name, value in values.items() if before[name] != value]
    if not changed:
        return False
    tx.conn.execute(update(charging).where(_R.site_id == site_id).values(values))
    tx.record(ChargingRulesChanged(site_id=site_id, changed=", ".join(changed)), actor, now)
    ground = replace(ground, rules=rules)
    _plan_again(tx, now, ground, changed)
    pass_on(tx, now, ground)
    return True


def archive_all(tx: Tx, actor: Actor, now: datetime, site_id: int) -> None:
    """Archive all spots of a site that itself is about to be, for those who may.

    Raises:
        WouldStrand: somebody has one of them, or waits for one.
    """
    there = select(_C.id).where(_C.site_id == site_id, _IN_USE).order_by(_C.position, _C.id)
    if tx.conn.scalar(there.limit(1)) is None:
        return
    _lock(tx, now, site_id)
    w = charger_wait.c
    line = select(func.count()).where(w.site_id == site_id, w.ended_at.is_(None))
    waiting = tx.conn.scalar(line)
    if waiting:
        who = "1 person waits" if waiting == 1 else f"{waiting} people wait"
        raise WouldStrand(f"{who} for a charging spot here.")
    for charger_id in tx.conn.scalars(there).all():
        archive_charger(tx, actor, now, charger_id=charger_id)


def restore_all(tx: Tx, actor: Actor, now: datetime, site_id: int, archived_at: datetime) -> None:
    """Take those spots back into use that were archived with their site, for those who may."""
    with_it = select(_C.id).where(_C.site_id == site_id, _C.archived_at == archived_at)
    for charger_id in tx.conn.scalars(with_it.order_by(_C.position, _C.id)).all():
        restore_charger(tx, actor, now, charger_id=charger_id)


def _values(rules: ChargingRules) -> dict[str, Any]:
    return {**asdict(rules), "at_end": rules.at_end.value, "priority": rules.priority.value}


def _lock(tx: Tx, now: datetime, site_id: int) -> Ground:
    """The spots of a site that is in use, held until this is done, with what is due there done;
    with the rules that it begins with, if it has none yet."""
    there = select(site.c.archived_at).where(site.c.id == site_id).with_for_update(key_share=True)
    row = tx.conn.execute(there).first()
    if row is None or row.archived_at is not None:
        raise NotFound("This site does not exist, or no longer.")
    first = {"site_id": site_id, **_values(ChargingRules())}
    add = _INSERT[tx.conn.dialect.name](charging).values(first)
    tx.conn.execute(add.on_conflict_do_nothing())
    return spots.lock(tx, now, site_id)


def _lock_charger(
    tx: Tx, actor: Actor, now: datetime, charger_id: int, *, archived: bool = False
) -> tuple[Ground, Any]:
    """A spot, with all of its site held until this is done, for those who may set it up."""
    site_id = tx.conn.scalar(select(_C.site_id).where(_C.id == charger_id))
    if site_id is None:
        raise NotFound("This charging spot does not exist, or no longer.")
    actor.require(Right.SET_UP, site_id)
    ground = _lock(tx, now, site_id)
    row = spots.charger_of_id(tx, charger_id)
    if row.archived_at is not None and not archived:
        raise NotFound("This charging spot is archived. Take it back into use first.")
    return ground, row


def _plan_again(tx: Tx, now: datetime, ground: Ground, changed: list[str]) -> None:
    """What the clock does next goes by the new rules. Whose stay has begun counts as there: nobody
    was asked to say so by then."""
    for row in open_at(tx.conn, ground.site_id):
        values: dict[str, Any] = {}
        if "check_in_minutes" in changed and row.status == "active" and row.came_at is None:
            values["came_at"] = now
            tx.record(HolderCame(**about(row)), SYSTEM, now)
        step = next_step(row._replace(**values), ground.rules)
        values["due_at"] = None if step is None else step[0]
        tx.conn.execute(update(booking).where(_B.id == row.id).values(values))


def _new(
    tx: Tx, actor: Actor, now: datetime, site_id: int, plan: ChargerPlan, position: int
) -> int:
    code = new_code(tx.conn, CodeKind.CHARGER)
    values = {**asdict(plan), "position": position, "code": code, "created_at": now}
    key = tx.conn.execute(insert(charger).values(site_id=site_id, **values)).inserted_primary_key
    assert key is not None
    tx.record(ChargerCreated(site_id=site_id, charger_id=key[0]), actor, now)
    return key[0]


def _write(conn: Connection, charger_id: int, values: dict[str, Any]) -> None:
    conn.execute(update(charger).where(_C.id == charger_id).values(values))


def _check_names(
    conn: Connection, site_id: int, names: Collection[str], but: int | None = None
) -> None:
    """Let pass only names that no other spot of the site has, in whatever capitals, and not too
    many of them."""
    others = select(_C.name).where(_C.site_id == site_id, _IN_USE, _C.id != (but or 0))
    taken = {name.casefold() for name in conn.scalars(others)}
    if len(taken) + len(names) > MAX_CHARGERS:
        raise BadInput(f"A site has {MAX_CHARGERS} charging spots at most.", field="names")
    for name in names:
        if name.casefold() in taken:
            raise BadInput(f"There is a spot “{name}” here already.", field="name")
        taken.add(name.casefold())
