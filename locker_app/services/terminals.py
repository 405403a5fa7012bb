"""Commands on card terminals themselves: set up, changed, revoked, taken down and put up again.

What a terminal is told and what it says is in `commands` and `terminal_reports`; by what code and
with which secrets a device becomes one, in `provisioning`.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from locker_app.db.tables import bank, locker, site, terminal
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind, Right
from locker_app.domain.errors import BadInput, NotAllowed, NotFound, TerminalMoved
from locker_app.domain.people import check_reason
from locker_app.domain.sites import version_of
from locker_app.domain.terminal_facts import (
    TerminalArchived,
    TerminalChanged,
    TerminalCreated,
    TerminalRestored,
    TerminalRevoked,
)
from locker_app.domain.terminals import MAX_TERMINALS, TerminalPlan, TerminalState, check_terminal
from locker_app.queries.grants import GrantRow, grants_of
from locker_app.services.commands import give_up
from locker_app.services.ids import Id, Text
from locker_app.services.provisioning import new_login

__all__ = [
    "TerminalPlan",
    "add_terminal",
    "archive_terminal",
    "change_terminal",
    "restore_terminal",
    "revoke_terminal",
]

_T = terminal.c
_IN_USE = _T.archived_at.is_(None)
_NOTHING = {
    "password_hash": None,
    "grant_key": None,
    "code_hash": None,
    "code_until": None,
    "state": TerminalState.NEW.value,
}
"""What a terminal has that may not speak."""


@dataclass(frozen=True, slots=True)
class NewGrants:
    """What a terminal may open while the server is away, and the version of that."""

    terminal_id: int
    version: int
    grants: list[GrantRow]


def add_terminal(tx: Tx, actor: Actor, now: datetime, *, site_id: Id, plan: TerminalPlan) -> int:
    """Set up a terminal; its id. A device becomes it by `provisioning.make_code`.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        BadInput: something that is said can't be, a terminal of this name is there, or too many.
    """
    actor.require(Right.SET_UP, site_id)
    return new_terminal(tx, actor, now, site_id, plan)


def new_terminal(tx: Tx, actor: Actor, now: datetime, site_id: int, plan: TerminalPlan) -> int:
    """As `add_terminal`, for those whose right is beyond doubt."""
    _lock_site(tx.conn, site_id)
    values = _values(tx.conn, site_id, plan)
    _check_name(tx.conn, site_id, values["name"])
    made = {**values, "served": [], "login": new_login(), "created_at": now}
    key = tx.conn.execute(insert(terminal).values(site_id=site_id, **made)).inserted_primary_key
    assert key is not None
    tx.record(
        TerminalCreated(site_id=site_id, terminal_id=key[0], bank_id=plan.bank_id), actor, now
    )
    return key[0]


def change_terminal(
    tx: Tx, actor: Actor, now: datetime, *, terminal_id: Id, plan: TerminalPlan, version: Text = ""
) -> bool:
    """Change what is said of a terminal; whether anything is otherwise. It works by that as soon
    as it has heard of it. With the version of what was seen (`version_of(TerminalPlan, row)`),
    only while that is still said.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        TerminalMoved: something else is said by now.
        BadInput: something can't be, or another terminal of the site has this name.
    """
    row = lock_terminal(tx.conn, terminal_id)
    actor.require(Right.SET_UP, row.site_id)
    _lock_site(tx.conn, row.site_id)
    values = _values(tx.conn, row.site_id, plan)
    if version and version != version_of(TerminalPlan, row):
        raise TerminalMoved
    if all(getattr(row, name) == value for name, value in values.items()):
        return False
    _check_name(tx.conn, row.site_id, values["name"], but=terminal_id)
    cfg_version = row.cfg_version + 1
    _write(tx.conn, terminal_id, {**values, "cfg_version": cfg_version})
    fact = TerminalChanged(
        site_id=row.site_id,
        terminal_id=terminal_id,
        bank_id=plan.bank_id,
        cfg_version=cfg_version,
    )
    tx.record(fact, actor, now)
    return True


def revoke_terminal(tx: Tx, actor: Actor, now: datetime, *, terminal_id: Id, reason: Text) -> bool:
    """Let a terminal speak no more, at once; whether it could. It stays set up, and a device
    becomes it again by a new code. For who may set up, and for who runs terminals.

    Raises:
        NotSignedIn, NotAllowed, NotFound, ReasonNeeded: as the words say.
    """
    row = lock_terminal(tx.conn, terminal_id)
    if not actor.may(Right.SET_UP, row.site_id):
        actor.require(Right.RUN_TERMINALS, row.site_id)
    reason = check_reason(reason)
    if row.password_hash is None and row.code_hash is None:
        return False
    give_up(tx, actor, now, terminal_id)
    _write(tx.conn, terminal_id, {**_NOTHING, "revoked_at": now, "state_at": now})
    fact = TerminalRevoked(site_id=row.site_id, terminal_id=terminal_id, reason=reason)
    tx.record(fact, actor, now)
    return True


def archive_terminal(tx: Tx, actor: Actor, now: datetime, *, terminal_id: Id) -> bool:
    """Take a terminal down: it speaks no more; whether that changes anything. What happened there
    stays known.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
    """
    row = lock_terminal(tx.conn, terminal_id, archived=True)
    actor.require(Right.SET_UP, row.site_id)
    if row.archived_at is not None:
        return False
    give_up(tx, actor, now, terminal_id)
    _write(tx.conn, terminal_id, {**_NOTHING, "archived_at": now, "state_at": now})
    tx.record(TerminalArchived(site_id=row.site_id, terminal_id=terminal_id), actor, now)
    return True


def restore_terminal(tx: Tx, actor: Actor, now: datetime, *, terminal_id: Id) -> bool:
    """Put a terminal up again, to be provisioned anew; whether that changes anything.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        BadInput: another terminal has its name by now, its bank is gone, or there are too many.
    """
    row = lock_terminal(tx.conn, terminal_id, archived=True)
    actor.require(Right.SET_UP, row.site_id)
    if row.archived_at is None:
        return False
    _lock_site(tx.conn, row.site_id)
    _check_name(tx.conn, row.site_id, row.name)
    if row.bank_id is not None:
        _bank(tx.conn, row.site_id, row.bank_id)
    _write(tx.conn, terminal_id, {"archived_at": None})
    tx.record(TerminalRestored(site_id=row.site_id, terminal_id=terminal_id), actor, now)
    return True


def archive_all(
    tx: Tx, actor: Actor, now: datetime, site_id: int, bank_id: int | None = None
) -> None:
    """Take down all terminals of a bank, or of a site, that itself is about to be archived."""
    there = select(_T.id).where(_T.site_id == site_id, _IN_USE).order_by(_T.id)
    if bank_id is not None:
        there = there.where(_T.bank_id == bank_id)
    for terminal_id in tx.conn.scalars(there).all():
        archive_terminal(tx, actor, now, terminal_id=terminal_id)


def say_anew(
    tx: Tx, actor: Actor, now: datetime, site_id: int | None = None, bank_id: int | None = None
) -> None:
    """Have terminals told their configuration again, as something in it that is not theirs, such
    as a site's clock or the card keys, is another now: of a site, of a bank, or all of them."""
    here = update(terminal).where(_IN_USE)
    if site_id is not None:
        here = here.where(_T.site_id == site_id)
    if bank_id is not None:
        here = here.where(_T.bank_id == bank_id)
    moved = here.values(cfg_version=_T.cfg_version + 1).returning(
        _T.id, _T.site_id, _T.bank_id, _T.cfg_version
    )
    for row in tx.conn.execute(moved).all():
        fact = TerminalChanged(
            site_id=row.site_id,
            terminal_id=row.id,
            bank_id=row.bank_id,
            cfg_version=row.cfg_version,
        )
        tx.record(fact, actor, now)


def renumber(
    tx: Tx, actor: Actor, now: datetime, site_id: int, bank_id: int, new: dict[int, int]
) -> None:
    """Doors of a bank have other numbers now: the relays that open them go with them."""
    there = select(_T.id, _T.relays).where(_T.bank_id == bank_id, _IN_USE).with_for_update()
    for row in tx.conn.execute(there).all():
        moved = {str(new.get(int(number), int(number))): pin for number, pin in row.relays.items()}
        _write(tx.conn, row.id, {"relays": moved})
    say_anew(tx, actor, now, site_id, bank_id)


def renew_grants(tx: Tx, actor: Actor, now: datetime, *, terminal_ids: list[Id]) -> list[NewGrants]:
    """Number the grants of these terminals anew, as they stand now: a version and what it says
    belong together for good. The system's, for the bridge.

    Raises:
        NotAllowed: somebody else asks.
    """
    if actor.kind is not ActorKind.SYSTEM:
        raise NotAllowed
    renewed = []
    for terminal_id in sorted(terminal_ids):
        this = update(terminal).where(_T.id == terminal_id, _T.password_hash.is_not(None), _IN_USE)
        new = this.values(grants_version=_T.grants_version + 1).returning(terminal)
        row = tx.conn.execute(new).first()
        if row is not None:
            grants = grants_of(tx.conn, row, now)
            renewed.append(NewGrants(row.id, row.grants_version, grants))
    return renewed


def lock_terminal(conn: Connection, terminal_id: int, *, archived: bool = False) -> Any:
    """A terminal's row, held until this is done.

    Raises:
        NotFound: there is none, or, unless `archived`, it was taken down.
    """
    row = conn.execute(select(terminal).where(_T.id == terminal_id).with_for_update()).first()
    if row is None or (row.archived_at is not None and not archived):
        raise NotFound("This terminal does not exist, or no longer.")
    return row


def _values(conn: Connection, site_id: int, plan: TerminalPlan) -> dict[str, Any]:
    """The columns of what is said, as the row has them."""
    checked = check_terminal(plan)
    if checked.bank_id is not None:
        _check_doors(conn, site_id, checked.bank_id, set(checked.relays))
    relays = {str(number): pin for number, pin in sorted(checked.relays.items())}
    values = {**asdict(checked), "relays": relays}
    return {**values, "kind": checked.kind.value, "mode": checked.mode.value}


def _bank(conn: Connection, site_id: int, bank_id: int) -> None:
    there = select(bank.c.id).where(
        bank.c.id == bank_id, bank.c.site_id == site_id, bank.c.archived_at.is_(None)
    )
    if conn.scalar(there) is None:
        raise BadInput("This bank does not exist here, or no longer.", field="bank_id")


def _check_doors(conn: Connection, site_id: int, bank_id: int, numbers: set[int]) -> None:
    _bank(conn, site_id, bank_id)
    there = select(locker.c.number).where(
        locker.c.bank_id == bank_id, locker.c.retired_at.is_(None), locker.c.number.in_(numbers)
    )
    missing = numbers - set(conn.scalars(there))
    if missing:
        raise BadInput(f"The bank has no door {min(missing)}.", field="relays")


def _lock_site(conn: Connection, site_id: int) -> None:
    """A site that is in use; two who set up there wait for each other."""
    there = select(site.c.archived_at).where(site.c.id == site_id).with_for_update()
    row = conn.execute(there).first()
    if row is None or row.archived_at is not None:
        raise NotFound("This site does not exist, or no longer.")


def _check_name(conn: Connection, site_id: int, name: str, but: int = 0) -> None:
    others = select(_T.name).where(_T.site_id == site_id, _IN_USE, _T.id != but)
    taken = {other.casefold() for other in conn.scalars(others)}
    if name.casefold() in taken:
        raise BadInput(f"There is a terminal “{name}” here already.", field="name")
    if len(taken) >= MAX_TERMINALS:
        raise BadInput(f"A site has {MAX_TERMINALS} terminals at most.", field="name")


def _write(conn: Connection, terminal_id: int, values: dict[str, Any]) -> None:
    conn.execute(update(terminal).where(_T.id == terminal_id).values(values))
