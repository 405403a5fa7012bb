"""The terminals that may speak, as the bridge knows them: by their names on the wire."""

from dataclasses import dataclass
from typing import Any

from locker_app.db.database import Database
from locker_app.domain.actors import Actor, ActorKind
from locker_app.queries.terminals import speaking


@dataclass(frozen=True, slots=True)
class Speaker:
    """A terminal that may speak."""

    row: Any
    """Its row when it was read last."""

    @property
    def id(self) -> int:
        """Of its row."""
        return self.row.id

    @property
    def site_id(self) -> int:
        """Where it is."""
        return self.row.site_id

    @property
    def login(self) -> str:
        """Its name on the wire."""
        return self.row.login

    @property
    def actor(self) -> Actor:
        """In whose name it speaks."""
        return Actor(ActorKind.TERMINAL, self.row.id)

    def topic(self, tail: str) -> str:
        """Its topic that ends so."""
        return f"cubby/1/{self.row.site_id}/{self.row.login}/{tail}"


class Known:
    """All of them. Read anew whenever something about terminals was committed."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._by_login: dict[str, Speaker] = {}
        self._by_id: dict[int, Speaker] = {}

    async def read(self) -> tuple[list[Speaker], list[Speaker]]:
        """Read them; those that may speak no more, and those that are another device now than when
        they were read before, with keys of its own."""
        rows = await self._db.aread(speaking)
        before = self._by_id
        self._by_id = {row.id: Speaker(row) for row in rows}
        self._by_login = {one.login: one for one in self._by_id.values()}
        gone = [one for one in before.values() if one.id not in self._by_id]
        return gone, [one for one in self._by_id.values() if _is_another(one, before.get(one.id))]

    def named(self, login: str) -> Speaker | None:
        """The one with this name."""
        return self._by_login.get(login)

    def of_id(self, terminal_id: int) -> Speaker | None:
        """The one with this id."""
        return self._by_id.get(terminal_id)

    def all(self) -> list[Speaker]:
        """All of them."""
        return list(self._by_id.values())

    def sites(self) -> list[int]:
        """Where they are."""
        return sorted({one.site_id for one in self._by_id.values()})


def _is_another(now: Speaker, before: Speaker | None) -> bool:
    return before is None or before.row.password_hash != now.row.password_hash
