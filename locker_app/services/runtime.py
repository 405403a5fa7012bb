"""What this process runs on: its database and its signing keys, set once by whoever composes it.

Adapters that a framework calls, pages and routes, reach the database through `current()`;
everything below them is given what it needs as arguments.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from locker_app.db.database import Database
from locker_app.services.command import Call
from locker_app.services.limiter import Limiter
from locker_app.services.sealing import Seal
from locker_app.services.secrets import TokenKeys
from locker_app.services.sessions import key_of
from locker_app.services.sign_in import Door

SESSION_COOKIE = "cubby_session"


@dataclass(frozen=True, slots=True)
class Runtime:
    """The database, the keys and the rate limits of this process."""

    db: Database
    keys: TokenKeys
    limiter: Limiter = field(default_factory=Limiter)

    @property
    def door(self) -> Door:
        """What signing in needs."""
        return Door(self.db, self.keys)

    @property
    def seal(self) -> Seal:
        """What seals files that wait to be imported."""
        return Seal(self.keys.keys)

    def session_key(self, token: str | None) -> str | None:
        """The key of the session that a cookie or bearer token names; None when it isn't genuine.

        Whether that session still exists is for the transaction to find out.
        """
        opaque_id = self.keys.read(token) if token else None
        return key_of(opaque_id) if opaque_id is not None else None


_current: Runtime | None = None


def start(runtime: Runtime) -> None:
    """Make this the runtime of the process."""
    global _current
    _current = runtime


def current() -> Runtime:
    """The runtime of the process.

    Raises:
        RuntimeError: nothing was started yet.
    """
    if _current is None:
        raise RuntimeError("the application has not been started")
    return _current


def call_now(origin: str, session_key: str | None = None, request_id: str | None = None) -> Call:
    """A call that comes in at this moment: the one place where adapters ask the clock."""
    return Call(datetime.now(UTC), origin, session_key, request_id)
