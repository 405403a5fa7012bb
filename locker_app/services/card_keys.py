"""Keys of cards: by them terminals hash the numbers, so that no table has any. One set for the
installation, because people belong to no site, and a card is one card at all of them."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from locker_app.db.tables import card_key, terminal
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor
from locker_app.domain.cards import KEYS_IN_USE, next_kid
from locker_app.domain.terminal_facts import CardKeyMade
from locker_app.services.people import check_manages
from locker_app.services.sealing import Seal

KEY_BYTES = 32
_K = card_key.c


def card_keys(conn: Connection, seal: Seal) -> list[tuple[str, bytes]]:
    """The keys in use, the newest first, each with its name. One that this seal does not open, as
    the installation's keys were changed, is left out."""
    rows = conn.execute(_in_use()).all()
    opened = [(row.kid, seal.open_text(row.sealed)) for row in rows]
    return [(kid, bytes.fromhex(key)) for kid, key in opened if key is not None]


def kids_in_use(conn: Connection) -> list[str]:
    """The names of the keys in use, the newest first."""
    return [row.kid for row in conn.execute(_in_use())]


def make_key(tx: Tx, actor: Actor, now: datetime, seal: Seal) -> str:
    """Make a new key, by which cards are hashed from now on; its name. Those before it stay in use
    for cards that were not tapped since, but for the oldest where there are too many.

    Raises:
        NotSignedIn, NotAllowed: as `check_manages`.
    """
    check_manages(actor)
    return _make(tx, actor, now, seal)


def first_key(tx: Tx, actor: Actor, now: datetime, seal: Seal) -> None:
    """Make the first key unless there is one that can be opened. For whoever sets up a terminal."""
    if not card_keys(tx.conn, seal):
        _make(tx, actor, now, seal)


def _make(tx: Tx, actor: Actor, now: datetime, seal: Seal) -> str:
    kid = next_kid(list(tx.conn.scalars(select(_K.kid))))
    sealed = seal.close_text(secrets.token_bytes(KEY_BYTES).hex())
    tx.conn.execute(insert(card_key).values(kid=kid, sealed=sealed, created_at=now))
    old = kids_in_use(tx.conn)[KEYS_IN_USE:]
    tx.conn.execute(update(card_key).where(_K.kid.in_(old)).values(retired_at=now))
    # terminals read which keys there are in their configuration
    tx.conn.execute(update(terminal).values(cfg_version=terminal.c.cfg_version + 1))
    tx.record(CardKeyMade(site_id=None, kid=kid), actor, now)
    return kid


def _in_use() -> Select[Any, Any]:
    return (
        select(_K.kid, _K.sealed)
        .where(_K.retired_at.is_(None))
        .order_by(_K.created_at.desc(), _K.kid.desc())
    )
