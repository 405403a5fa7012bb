"""The library behind the running server, set up and moved through the same database file.

The server takes what is written here for the work of another process, and shows it live.
"""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import BrowserContext
from sqlalchemy import select, update

from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.tables import assignment, locker, person, site
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import Actor, ActorKind
from locker_app.queries.sites import site_of_bank as find_site
from locker_app.services.runtime import SESSION_COOKIE
from locker_app.services.secrets import TokenKeys
from locker_app.services.sessions import key_of, open_session
from tests.world import Clock, World

if TYPE_CHECKING:
    from playwright._impl._api_structures import SetCookieParam

SECRET_KEY = "a key that only the tests of the pages know"
LONG_AGO = timedelta(seconds=1)


class _Now(Clock):
    """The real time, as the server has it."""

    @property
    def now(self) -> datetime:  # pyright: ignore[reportIncompatibleVariableOverride]
        return datetime.now(UTC)

    @now.setter
    def now(self, _value: datetime) -> None:
        """The real time is not ours to set."""


class Library(World):
    """A world whose people can also sign in at the running server."""

    def __init__(self, data: Path, clock: Clock | None = None) -> None:
        super().__init__(Database(f"sqlite:///{data / 'cubby.db'}"), clock or _Now())

    def site(self, **rules: Any) -> int:
        """A site with these rules and a name of its own; its id."""
        site_id = super().site(**rules)
        self.change(update(site).where(site.c.id == site_id).values(name=f"Library {site_id}"))
        return site_id

    def token(self, actor: Actor) -> str:
        """A session of this person or staff member, opened without the price of a hash."""
        opaque_id, now = secrets.token_urlsafe(24), self.clock.now
        whose = {"person_id" if actor.kind is ActorKind.PERSON else "staff_id": actor.id}

        def attempt(tx: Tx) -> None:
            open_session(tx, now, key_of(opaque_id), **whose)  # pyright: ignore[reportArgumentType]

        self.db.run(Work(attempt, Trace("test")))
        return TokenKeys((SECRET_KEY,)).sign(opaque_id, now, now + timedelta(hours=1))

    def signs_in(self, actor: Actor, context: BrowserContext, url: str) -> None:
        """Give a browser the cookie of a session of this person or staff member."""
        cookie: SetCookieParam = {
            "name": SESSION_COOKIE,
            "value": self.token(actor),
            "url": url,
            "httpOnly": True,
            "sameSite": "Lax",
        }
        context.add_cookies([cookie])

    def number(self, actor: Actor) -> str:
        """The person's enrolment number."""
        return self.row(person, self._id(actor)).number

    def name(self, actor: Actor) -> str:
        """The person's name."""
        return self.row(person, self._id(actor)).name

    def site_of_bank(self, bank_id: int) -> int:
        """The site of the bank."""
        found = self.db.read(lambda conn: find_site(conn, bank_id))
        assert found is not None
        return found

    def claim(self, actor: Actor) -> Any:
        """The person's one open claim."""
        (row,) = self.rows(assignment, person_id=actor.id, released_at=None)
        return row

    def label(self, actor: Actor) -> str:
        """What stands on the person's door."""
        return f"A{self.number_of(self.claim(actor).locker_id)}"

    def is_due(self, actor: Actor, column: str) -> None:
        """Let `due_at`, `remind_at` or `held_until` of the person's claim be now.

        The server's timer finds it; nobody has to wait for hours.
        """
        self.change(
            update(assignment)
            .where(assignment.c.id == self.claim(actor).id)
            .values({column: self.clock.now - LONG_AGO})
        )

    def door(self, bank_id: int, number: int) -> int:
        """The id of the door with this number."""
        wanted = select(locker.c.id).where(locker.c.bank_id == bank_id, locker.c.number == number)
        found = self.db.read(lambda conn: conn.scalar(wanted))
        assert found is not None
        return found

    @staticmethod
    def _id(actor: Actor) -> int:
        assert actor.id is not None
        return actor.id
