"""Commands on sites: set one up, change its rules, archive it and take it back."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from locker_app.db.tables import bank, queue, session, site, staff_role, ticket
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, Right, Role
from locker_app.domain.errors import BadInput, NotFound, RulesChanged, WouldStrand
from locker_app.domain.facts import SiteArchived, SiteCreated, SiteRestored, SiteRulesChanged
from locker_app.domain.queues import QueueMode
from locker_app.domain.sites import SiteRules, check_site, version_of
from locker_app.services import banks, chargers, opening, rounds, terminals, visits
from locker_app.services.ids import Id, Text
from locker_app.services.sessions import end_sessions

__all__ = ["SiteRules", "archive_site", "change_site", "restore_site", "set_up_site"]

_S = site.c
_RULES = (
    "name",
    "time_zone",
    "hours",
    "lockers_per_person",
    "hold_minutes",
    "viewers_see_names",
    "names_kept_days",
)


def set_up_site(tx: Tx, actor: Actor, now: datetime, *, rules: SiteRules) -> int:
    """Set up a site; its id.

    Raises:
        NotSignedIn, NotAllowed: as the words say; it takes the right at all sites.
        BadInput: a rule can't be, or there is a site of this name.
    """
    actor.require_everywhere(Right.SET_UP)
    return new_site(tx, actor, now, rules)


def new_site(tx: Tx, actor: Actor, now: datetime, rules: SiteRules) -> int:
    """As `set_up_site`, for those whose right is beyond doubt."""
    values = _values(rules)
    result = tx.conn.execute(insert(site).values(created_at=now, **values))
    key = result.inserted_primary_key
    assert key is not None
    _check_name(tx.conn, values["name"], key[0])
    tx.record(SiteCreated(site_id=key[0]), actor, now)
    opening.plan_change(tx.conn, now, _row(tx.conn, key[0]))
    return key[0]


def change_site(
    tx: Tx, actor: Actor, now: datetime, *, site_id: Id, rules: SiteRules, version: Text = ""
) -> bool:
    """Give a site these rules; whether any is another than before. What people have, they keep.
    With the version of the rules that were seen, only while they are still the site's.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        RulesChanged: they are others by now.
        BadInput: a rule can't be, or there is another site of this name.
    """
    row = _lock(tx.conn, site_id)
    actor.require(Right.SET_UP, site_id)
    _require_in_use(row)
    values = _values(rules)
    if version and version != version_of(SiteRules, row):
        raise RulesChanged
    before = row._asdict()
    changed = [name for name in _RULES if before[name] != values[name]]
    if not changed:
        return False
    tx.conn.execute(update(site).where(_S.id == site_id).values(values))
    if "name" in changed:
        _check_name(tx.conn, values["name"], site_id)
    tx.record(SiteRulesChanged(site_id=site_id, changed=", ".join(changed)), actor, now)
    if {"hours", "time_zone"} & set(changed):
        opening.after_new_hours(tx, actor, now, _row(tx.conn, site_id))
    if "time_zone" in changed:
        terminals.say_anew(tx, actor, now, site_id)
    if row.viewers_see_names and not values["viewers_see_names"]:
        _sign_viewers_out(tx, actor, now, site_id)
    return True


def archive_site(tx: Tx, actor: Actor, now: datetime, *, site_id: Id) -> bool:
    """Take a site out of use, with its banks, queues, charging spots and terminals; whether that
    changes anything. Nobody counts as inside any more.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        WouldStrand: somebody has a locker or a charging spot here, waits for one, or is in line.
    """
    row = _lock(tx.conn, site_id)
    actor.require(Right.SET_UP, site_id)
    if row.archived_at is not None:
        return False
    _close_lines(tx, actor, now, site_id)
    chargers.archive_all(tx, actor, now, site_id)
    here = select(bank.c.id).where(bank.c.site_id == site_id, bank.c.archived_at.is_(None))
    for bank_id in tx.conn.scalars(here.order_by(bank.c.id)).all():
        banks.archive_bank(tx, actor, now, bank_id=bank_id)
    terminals.archive_all(tx, actor, now, site_id)
    visits.end_of_site(tx, actor, now, site_id)
    tx.conn.execute(update(site).where(_S.id == site_id).values(archived_at=now, changes_at=None))
    tx.record(SiteArchived(site_id=site_id), actor, now)
    return True


def restore_site(tx: Tx, actor: Actor, now: datetime, *, site_id: Id) -> bool:
    """Take an archived site back into use, with the banks and charging spots that were archived
    with it; whether that changes anything.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        BadInput: there is another site of this name by now.
    """
    row = _lock(tx.conn, site_id)
    actor.require(Right.SET_UP, site_id)
    if row.archived_at is None:
        return False
    _check_name(tx.conn, row.name, site_id)
    tx.conn.execute(update(site).where(_S.id == site_id).values(archived_at=None))
    tx.record(SiteRestored(site_id=site_id), actor, now)
    opening.plan_change(tx.conn, now, _row(tx.conn, site_id))
    for line in tx.conn.execute(_lines(site_id)).all():  # those without hours are for staff to open
        rounds.keep_hours(tx, now, line.id)
        rounds.plan_change(tx.conn, now, line.id)
    with_it = select(bank.c.id).where(bank.c.site_id == site_id)
    with_it = with_it.where(bank.c.archived_at == row.archived_at).order_by(bank.c.id)
    for bank_id in tx.conn.scalars(with_it).all():
        banks.restore_bank(tx, actor, now, bank_id=bank_id)
    chargers.restore_all(tx, actor, now, site_id, row.archived_at)
    return True


def _values(rules: SiteRules) -> dict[str, Any]:
    checked = check_site(rules)
    values = {name: getattr(checked, name) for name in _RULES}
    return {**values, "hours": values["hours"] or None}


def _row(conn: Connection, site_id: int) -> Any:
    return conn.execute(select(site).where(_S.id == site_id)).one()


def _lock(conn: Connection, site_id: int) -> Any:
    this = select(site).where(_S.id == site_id).with_for_update(key_share=True)
    row = conn.execute(this).one_or_none()
    if row is None:
        raise NotFound("This site does not exist, or no longer.")
    return row


def _require_in_use(row: Any) -> None:
    if row.archived_at is not None:
        raise NotFound("This site is archived. Take it back into use first.")


def _check_name(conn: Connection, name: str, own_id: int) -> None:
    others = select(_S.name).where(_S.id != own_id, _S.archived_at.is_(None))
    if name.casefold() in {other.casefold() for other in conn.scalars(others)}:
        raise BadInput("There is a site of this name already.", field="name")


def _close_lines(tx: Tx, actor: Actor, now: datetime, site_id: int) -> None:
    """Close the queues of the site, in which nobody may be. Who reaches for a ticket meanwhile
    waits until this is done, and finds the queue closed."""
    conn = tx.conn
    for line in conn.execute(_lines(site_id)).all():
        rounds.change_mode(tx, actor, now, line, QueueMode.CLOSED)
    conn.execute(update(queue).where(queue.c.site_id == site_id).values(changes_at=None))
    in_line = select(func.count()).where(ticket.c.site_id == site_id, ticket.c.ended_at.is_(None))
    count = conn.scalar(in_line) or 0
    if count:
        who = "1 person is" if count == 1 else f"{count} people are"
        raise WouldStrand(f"{who} in line here. Serve them, or reset their queues first.")


def _lines(site_id: int) -> Any:
    """The queues of the site, held until this is done."""
    here = select(queue.c.id, queue.c.site_id, queue.c.mode).where(queue.c.site_id == site_id)
    return here.order_by(queue.c.id).with_for_update(key_share=True)


def _sign_viewers_out(tx: Tx, actor: Actor, now: datetime, site_id: int) -> None:
    """Screens that show names which are not for them any more have to begin anew."""
    at = staff_role.c.site_id
    viewers = select(staff_role.c.staff_id).where(
        staff_role.c.role == Role.VIEWER.value, (at == site_id) | at.is_(None)
    )
    end_sessions(tx, actor, now, session.c.staff_id.in_(viewers))
