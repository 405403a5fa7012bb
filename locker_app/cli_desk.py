"""What the shell's commands share: the database, and who acts on it.

The commands are those of the pages, done as a member of staff; a server that is running shows what
they did as if somebody had pressed a button. Whoever can run this can read the database, so nobody
is asked for a password.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import OperationalError, ProgrammingError

from locker_app.db.database import Database
from locker_app.domain.actors import Actor, ActorKind
from locker_app.queries.people import staff_secret, staff_view
from locker_app.queries.sites import SiteView, sites
from locker_app.services.command import Call, Command, command
from locker_app.settings import Settings, SettingsError

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Desk:
    """The database, and who acts on it."""

    db: Database
    actor: Actor

    def run(self, fn: Command[P, R], *_: P.args, **arguments: P.kwargs) -> R:
        """Run a command, as from any other way in."""
        return self.db.run(command(self.call(), fn, *_, **arguments))

    def call(self) -> Call:
        """A call from the shell, now."""
        return Call(datetime.now(UTC), "shell", actor=self.actor)

    def sites(self) -> list[SiteView]:
        """All sites."""
        return self.db.read(sites)


@contextmanager
def desk_of(settings: Settings, login: str) -> Iterator[Desk]:
    """The database of this installation, with the staff account of this name.

    Raises:
        SettingsError: there is no such account, or the database can't be read.
    """
    db = Database(settings.database)
    try:
        yield Desk(db, _staff(db, login))
    except (OperationalError, ProgrammingError):
        raise SettingsError(
            "The database can't be read, or is not up to date: `make run` brings it there."
        ) from None
    finally:
        db.close()


def _staff(db: Database, login: str) -> Actor:
    known = db.read(lambda conn: staff_secret(conn, login))
    view = known and db.read(lambda conn: staff_view(conn, known.id))
    if not view:
        raise SettingsError(f"There is no staff account “{login}”. Name one: --as LOGIN")
    return Actor(ActorKind.STAFF, view.id, roles=tuple(view.roles))
