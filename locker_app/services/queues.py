"""Commands on a queue itself: set it up, its rules, open and close, pause, announce, reset."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from locker_app.db.tables import queue, site
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, Right
from locker_app.domain.codes import CodeKind
from locker_app.domain.errors import BadInput, NotFound, RulesChanged
from locker_app.domain.facts import (
    QueueAnnounced,
    QueueCreated,
    QueuePaused,
    QueueResumed,
    QueueRulesChanged,
)
from locker_app.domain.hours import Hours, next_change
from locker_app.domain.queues import (
    MAX_ANNOUNCEMENT_LENGTH,
    QueueMode,
    QueueRules,
    check_line,
    check_rules,
    version_of,
)
from locker_app.queries.queues import mode_shown
from locker_app.services.codes import new_code
from locker_app.services.ids import Flag, Id, Text
from locker_app.services.lines import anybody_there, lock_as_staff
from locker_app.services.rounds import change_mode, keep_hours, new_round, plan_change

__all__ = [
    "QueuePlan",
    "QueueRules",
    "RulesKept",
    "announce",
    "change_rules",
    "create_queue",
    "pause",
    "reset_queue",
    "set_mode",
]

_Q = queue.c

QueuePlan = QueueRules
"""What a queue begins with: its rules. It is open, or as its hours say."""

_RULES = (
    "name",
    "place",
    "tickets_per_person",
    "tickets_per_group",
    "groups",
    "sign_in_needed",
    "room_pin",
    "capacity",
    "steps_back",
    "serve_at_once",
    "fresh_groups_first",
    "hours",
    "reset_at",
)


@dataclass(frozen=True, slots=True)
class RulesKept:
    """What giving a queue rules did to it."""

    changed: bool
    """Whether any rule is another than before."""
    mode: QueueMode | None = None
    """What its new hours have made of it at once; None when it is open or closed as before."""
    until: datetime | None = None
    """When these hours change that next, by the clocks of its site."""
    left: QueueMode | None = None
    """What it stays, with no hours any more that would open it; None when it is open."""


def create_queue(tx: Tx, actor: Actor, now: datetime, *, site_id: Id, plan: QueuePlan) -> int:
    """Set up a queue; its id.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        BadInput: a rule can't be, or the site has a queue of this name.
    """
    actor.require(Right.SET_UP_QUEUE, site_id)
    return new_queue(tx, actor, now, site_id, plan)


def new_queue(tx: Tx, actor: Actor, now: datetime, site_id: int, plan: QueuePlan) -> int:
    """As `create_queue`, for those whose right is beyond doubt."""
    values = _values(plan)
    _check_name(tx.conn, site_id, values["name"])
    result = tx.conn.execute(
        insert(queue).values(
            site_id=site_id,
            code=new_code(tx.conn, CodeKind.QUEUE),
            mode=QueueMode.OPEN.value,
            announcement="",
            round=1,
            last_number=0,
            shown_number=0,
            created_at=now,
            **values,
        )
    )
    key = result.inserted_primary_key
    assert key is not None
    tx.record(QueueCreated(site_id=site_id, queue_id=key[0]), actor, now)
    keep_hours(tx, now, key[0])
    plan_change(tx.conn, now, key[0])
    return key[0]


def change_rules(
    tx: Tx, actor: Actor, now: datetime, *, queue_id: Id, rules: QueueRules, version: Text = ""
) -> RulesKept:
    """Give a queue these rules; what that changed. Who is in line already stays.
    With the version of the rules that were seen (`domain.queues.version_of`), only while they are
    still the queue's.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        RulesChanged: they are others by now.
        BadInput: a rule can't be, or the site has another queue of this name.
    """
    line = lock_as_staff(tx, actor, now, queue_id, Right.SET_UP_QUEUE)
    values = _values(rules)
    row = tx.conn.execute(select(queue).where(_Q.id == queue_id)).one()
    if version and version != version_of(row):
        raise RulesChanged
    before = row._asdict()
    changed = [name for name in _RULES if before[name] != values[name]]
    if not changed:
        return RulesKept(changed=False)
    if "name" in changed:
        _check_name(tx.conn, line.site_id, values["name"], queue_id)
    tx.conn.execute(update(queue).where(_Q.id == queue_id).values(values))
    fact = QueueRulesChanged(site_id=line.site_id, queue_id=queue_id, changed=", ".join(changed))
    tx.record(fact, actor, now)
    mode = keep_hours(tx, now, queue_id) if "hours" in changed else None
    if "hours" in changed or "reset_at" in changed:
        plan_change(tx.conn, now, queue_id)
    until = _until(tx.conn, now, line.site_id, values["hours"]) if mode else None
    return RulesKept(changed=True, mode=mode, until=until, left=_left(tx.conn, changed, line))


def _left(conn: Connection, changed: list[str], line: Any) -> QueueMode | None:
    """What a queue stays that is not open, when its last hours were taken away."""
    hours = conn.execute(select(_Q.hours).where(_Q.id == line.id)).scalar_one()
    if "hours" not in changed or hours or line.mode == QueueMode.OPEN.value:
        return None
    return mode_shown(line.mode, int(anybody_there(conn, line.id)))


def _until(conn: Connection, now: datetime, site_id: int, hours: Hours) -> datetime | None:
    """When hours open or close next, as the site's clocks show it."""
    zone = conn.execute(select(site.c.time_zone).where(site.c.id == site_id)).scalar_one()
    at = next_change(hours, now, zone)
    return at and at.astimezone(ZoneInfo(zone))


def set_mode(tx: Tx, actor: Actor, now: datetime, *, queue_id: Id, mode: QueueMode) -> bool:
    """Open a queue, close it, or let it only finish; whether that changes anything. Hours go on
    to open and close it.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
    """
    line = lock_as_staff(tx, actor, now, queue_id)
    return change_mode(tx, actor, now, line, mode)


def pause(tx: Tx, actor: Actor, now: datetime, *, queue_id: Id, paused: Flag) -> bool:
    """Take a break or end it; whether that changes anything. Tickets are given all the time.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
    """
    line = lock_as_staff(tx, actor, now, queue_id)
    if paused == (line.paused_at is not None):
        return False
    tx.conn.execute(
        update(queue).where(_Q.id == queue_id).values(paused_at=now if paused else None)
    )
    fact = (QueuePaused if paused else QueueResumed)(site_id=line.site_id, queue_id=queue_id)
    tx.record(fact, actor, now)
    return True


def announce(tx: Tx, actor: Actor, now: datetime, *, queue_id: Id, text: Text) -> bool:
    """Tell everybody in the line something, or, with no text, take it away; whether that changes
    anything.

    Raises:
        NotSignedIn, NotAllowed, NotFound, BadInput: as the words say.
    """
    line = lock_as_staff(tx, actor, now, queue_id)
    text = check_line(text, MAX_ANNOUNCEMENT_LENGTH, "text")
    if text == line.announcement:
        return False
    tx.conn.execute(
        update(queue)
        .where(_Q.id == queue_id)
        .values(announcement=text, announced_at=now if text else None)
    )
    tx.record(QueueAnnounced(site_id=line.site_id, queue_id=queue_id, text=text), actor, now)
    return True


def reset_queue(tx: Tx, actor: Actor, now: datetime, *, queue_id: Id) -> int:
    """Clear all tickets and begin at number 1 again; how many were cleared.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
    """
    return new_round(tx, actor, now, lock_as_staff(tx, actor, now, queue_id))


def _values(rules: QueueRules) -> dict[str, Any]:
    checked = check_rules(rules)
    values = {name: getattr(checked, name) for name in _RULES}
    return {**values, "hours": values["hours"] or None}


def _check_name(conn: Connection, site_id: int, name: str, own_id: int | None = None) -> None:
    """Let pass only a name that no other queue of the site has, in whatever capitals. The site's
    row is held until this is done. The unique index minds the capitals of all alphabets on
    PostgreSQL only, so that all names are looked at here."""
    there = select(site.c.archived_at).where(site.c.id == site_id).with_for_update(key_share=True)
    row = conn.execute(there).first()
    if row is None or row.archived_at is not None:
        raise NotFound("This site does not exist, or no longer.")
    others = select(_Q.name).where(_Q.site_id == site_id, _Q.id != (own_id or 0))
    if name.casefold() in {other.casefold() for other in conn.scalars(others)}:
        raise BadInput("There is a queue of this name here already.", field="name")
