"""How a device becomes a terminal: by a code, once, it gets a password and keys of its own.

Each time it is another password, so that the device that was this terminal before ends. The
password is known to the device alone: the database has its hash, as the broker reads it. The
terminal's own key for grants, and the keys for cards, lie sealed.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Connection, select, update

from locker_app.brokers.accounts import new_password, password_fits, password_hash
from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.tables import site, terminal
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, Right
from locker_app.domain.errors import CodeOver, DomainError, NotFound, TerminalRevoked
from locker_app.domain.facts import Refused
from locker_app.domain.terminal_facts import TerminalCodeMade, TerminalProvisioned
from locker_app.domain.terminals import CODE_LIVES, TerminalState
from locker_app.services import cards
from locker_app.services.command import Call
from locker_app.services.commands import give_up
from locker_app.services.ids import Id
from locker_app.services.sealing import Seal

_T = terminal.c
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""What can be read aloud and typed: nothing that looks like something else."""
_GROUPS, _GROUP = 4, 4
_MAX_CODE = 60
_LETTERS = "abcdefghijkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Code:
    """The code by which a device becomes a terminal. It is shown once and kept nowhere."""

    SAID_ONCE: ClassVar[bool] = True
    """Not even as the answer to a request."""

    code: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What a device needs to be a terminal. Shown to it, once, and to nobody else."""

    terminal: str
    password: str
    site: str
    name: str
    card_keys: list[tuple[str, str]]
    """Kid and key, in base64, the newest first."""
    grant_key: str
    """In base64."""


def make_code(tx: Tx, actor: Actor, now: datetime, *, terminal_id: Id) -> Code:
    """Make the code by which a device becomes this terminal: good once, for 15 minutes. What was
    made before is good no more; the device that is this terminal now stays it until then.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        SaidOnce: the same request was answered already.
    """
    row = _lock(tx.conn, _T.id == terminal_id)
    if row is None:
        raise NotFound("This terminal does not exist, or no longer.")
    actor.require(Right.SET_UP, row.site_id)
    groups = ["".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS)]
    code, until = "-".join(groups), now + CODE_LIVES
    _write(tx.conn, row.id, {"code_hash": _hash(code), "code_until": until})
    fact = TerminalCodeMade(site_id=row.site_id, terminal_id=row.id, until=until)
    tx.record(fact, actor, now)
    return Code(code, until)


def provision(db: Database, seal: Seal, call: Call, code: str) -> Provisioned:
    """Let the device that has this code be the terminal it was made for, from now on alone. By
    anybody with the code; whoever calls limits how often it is tried. Not for the event loop.

    Raises:
        CodeOver: it is wrong, was used, or is too old; that is kept in the history.
    """
    return db.run(_refusable(call, "provision", lambda tx: _provision(tx, call.now, seal, code)))


def keys_for(db: Database, seal: Seal, login: str, password: str) -> list[tuple[str, str]]:
    """The card keys in use, for a terminal that says who it is: kid and key in base64, the newest
    first. Not for the event loop.

    Raises:
        TerminalRevoked: no terminal has this password, or not any more.
    """

    def read(conn: Connection) -> list[tuple[str, str]]:
        this = select(_T.password_hash).where(_T.login == login, _T.archived_at.is_(None))
        kept = conn.scalar(this) if len(login) <= _MAX_CODE else None
        if kept is None or len(password) > 200 or not password_fits(password, kept):
            raise TerminalRevoked
        return _keys(conn, seal)

    return db.read(read)


def new_login() -> str:
    """A name for a terminal on the wire, which none had before."""
    return "t-" + "".join(secrets.choice(_LETTERS) for _ in range(8))


def grant_key(row: Any, seal: Seal) -> bytes | None:
    """The key that signs a terminal's grants; None while it has none."""
    if row.grant_key is None:
        return None
    key = seal.open_text(row.grant_key)
    return None if key is None else base64.b64decode(key)


def _provision(tx: Tx, now: datetime, seal: Seal, code: str) -> Provisioned:
    row = _lock(tx.conn, _T.code_hash == _hash(code)) if len(code) <= _MAX_CODE else None
    if row is None or row.code_until is None or row.code_until <= now:
        raise CodeOver
    password, key = new_password(), base64.b64encode(secrets.token_bytes(32)).decode()
    give_up(tx, SYSTEM, now, row.id)
    values = {
        "password_hash": password_hash(password),
        "grant_key": seal.close_text(key),
        "code_hash": None,
        "code_until": None,
        "provisioned_at": now,
        "revoked_at": None,
        "state": TerminalState.NEW.value,
        "state_at": now,
        "boot": 0,
        "seq": 0,
        "cfg_seen": 0,
    }
    _write(tx.conn, row.id, values)
    if not cards.card_keys(tx.conn, seal):
        cards.make_key(tx, SYSTEM, now, seal)
    tx.record(TerminalProvisioned(site_id=row.site_id, terminal_id=row.id), NOBODY, now)
    return Provisioned(
        terminal=row.login,
        password=password,
        site=str(row.site_id),
        name=row.name,
        card_keys=_keys(tx.conn, seal),
        grant_key=key,
    )


def _keys(conn: Connection, seal: Seal) -> list[tuple[str, str]]:
    return [(kid, base64.b64encode(key).decode()) for kid, key in cards.card_keys(conn, seal)]


def _refusable(call: Call, name: str, attempt: Callable[[Tx], Provisioned]) -> Work[Provisioned]:
    """What was tried in vain is in the history, without the code."""

    def on_refusal(tx: Tx, refusal: DomainError) -> None:
        tx.record(Refused(site_id=None, command=name, code=refusal.code), NOBODY, call.now)

    return Work(attempt, Trace(call.origin), on_refusal)


def _hash(code: str) -> str:
    """What the table has of a code, however it is typed."""
    plain = "".join(code.split()).replace("-", "").upper()
    return hashlib.sha256(b"cubby terminal " + plain.encode(errors="replace")).hexdigest()


def _lock(conn: Connection, which: Any) -> Any | None:
    there = select(terminal).join(site, site.c.id == _T.site_id)
    there = there.where(which, _T.archived_at.is_(None), site.c.archived_at.is_(None))
    return conn.execute(there.with_for_update(of=terminal)).first()


def _write(conn: Connection, terminal_id: int, values: dict[str, Any]) -> None:
    conn.execute(update(terminal).where(_T.id == terminal_id).values(values))
