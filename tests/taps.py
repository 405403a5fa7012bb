"""Terminals and cards for tests: rows as set-up makes them, and cards that are put on readers as
the bridge tells it."""

import base64
import hashlib
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import insert

from locker_app.db.log import Trace
from locker_app.db.tables import card, terminal, visit, visiting
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.terminals import TapMode
from locker_app.services.taps import TapAnswer, take_tap
from tests.world import World


def number(name: str, kid: str = "k1") -> str:
    """The number of a card of this name, by a key."""
    digest = hashlib.sha256(f"{kid} {name}".encode()).digest()
    return f"{kid}.{base64.b32encode(digest).decode()[:26]}"


class Readers:
    """The terminals of a world, and who holds cards to them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._seq = count(1)

    def terminal(
        self, site_id: int, bank_id: int | None = None, *, mode: str = "", **values: Any
    ) -> Actor:
        """A terminal of a bank with a relay for each of ten doors, or, without one, of a gate."""
        n = len(self.world.rows(terminal)) + 1
        kind, mode = ("locker", "locker") if bank_id else ("gate", mode or "gate")
        row = {
            "site_id": site_id,
            "name": f"Terminal {n}",
            "place": "Hall",
            "login": f"t-{n:08}",
            "kind": kind,
            "mode": mode,
            "bank_id": bank_id,
            "relays": {str(door): door for door in range(1, 11)} if bank_id else {},
            "open_ms": 3000,
            "dim_after_s": 60,
            "cfg_version": 1,
            "grants_version": 0,
            "password_hash": "x",
            "state": "online",
            "boot": 0,
            "seq": 0,
            "version": "",
            "reader": "",
            "display": "",
            "served": [],
            "cfg_seen": 0,
            "created_at": self.world.clock.now,
            **values,
        }

        def attempt(tx: Tx) -> int:
            key = tx.conn.execute(insert(terminal).values(row)).inserted_primary_key
            assert key is not None
            return key[0]

        return Actor(ActorKind.TERMINAL, self.world.db.run(Work(attempt, Trace("test"))))

    def rules(self, site_id: int, **values: Any) -> None:
        """Give the visits to a site these rules, and else those that every site begins with."""
        self.world.change(insert(visiting).values(site_id=site_id, **values))

    def link(self, who: Actor, name: str) -> int:
        """The card of this name is theirs; its id."""
        row = {"number": number(name), "label": "", "created_at": self.world.clock.now}
        row |= {"verdict": "", "answer": {}, "person_id": who.id}
        self.world.change(insert(card).values(row))
        return self.card(name).id

    def tap(
        self,
        terminal: Actor,
        name: str,
        mode: str = "",
        *,
        ago: float | None = 0,
        kids: tuple[str, ...] = ("k1",),
        key: str | None = None,
    ) -> TapAnswer:
        """The card of this name is put on a reader, so many seconds before it is told here."""
        return self.world.repeat(
            key or f"m{next(self._seq)}",
            terminal,
            take_tap,
            **self.told(terminal, name, mode, ago=ago, kids=kids),
        )

    def told(
        self,
        terminal_actor: Actor,
        name: str,
        mode: str = "",
        *,
        ago: float | None = 0,
        kids: tuple[str, ...] = ("k1",),
    ) -> dict[str, Any]:
        """What a terminal tells of a tap."""
        mode = mode or self.world.row(terminal, terminal_actor.id or 0).mode
        at: datetime | None = None
        if ago is not None:
            at = self.world.clock.now - timedelta(seconds=ago)
        numbers = [number(name, kid) for kid in kids]
        return {"card": numbers, "mode": TapMode(mode), "at": at, "boot": 1, "seq": 1}

    def card(self, name: str, kid: str = "k1") -> Any:
        """What is known of a card."""
        (row,) = self.world.rows(card, number=number(name, kid))
        return row

    def inside(self, who: Actor) -> list[Any]:
        """Their open visits."""
        return self.world.rows(visit, person_id=who.id, left_at=None)
