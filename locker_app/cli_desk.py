"""The shell's place: the database, and the member of staff as whom things are done.

The commands are those of the pages; a server that is running shows what they did as if somebody had
pressed a button. Whoever can run this can read the database, so nobody is asked for a password.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, ProgrammingError

from locker_app.db.database import Database
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.errors import DomainError, NotFound
from locker_app.queries.helm import HelmView
from locker_app.queries.lines import ticket_of_number
from locker_app.queries.people import staff_secret, staff_view
from locker_app.queries.queues import QueueCard, queues_of_site
from locker_app.queries.scoped import queue_at_work
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

    def read(
        self,
        query: Callable[Concatenate[Connection, Actor, datetime, P], R],
        *of: P.args,
        **named: P.kwargs,
    ) -> R:
        """Ask one of the queries that look who asks (`queries.scoped`)."""
        return self.db.read(lambda conn: query(conn, self.actor, datetime.now(UTC), *of, **named))

    def sites(self) -> list[SiteView]:
        """All sites."""
        return self.db.read(sites)

    def queues(self) -> list[tuple[SiteView, QueueCard]]:
        """All queues, with their sites."""
        return [
            (site, card)
            for site in self.sites()
            for card in self.db.read(lambda conn, site=site: queues_of_site(conn, site.id))
        ]

    def queue(self, named: str) -> QueueCard:
        """The queue with this code or name.

        Raises:
            NotFound: there is none, or more than one.
        """
        cards = [card for _, card in self.queues()]
        found = [card for card in cards if card.code == named.upper()]  # which nobody can choose
        found = found or [card for card in cards if card.name == named]
        found = found or [card for card in cards if card.name.casefold() == named.casefold()]
        if len(found) != 1:
            which = "no queue" if not found else "more than one queue"
            raise NotFound(f"There is {which} called “{named}”. `queue list` shows their codes.")
        return found[0]

    def line(self, card: QueueCard) -> HelmView:
        """The whole line, for those who work it off."""
        return self.read(queue_at_work, card.id)

    def ticket(self, card: QueueCard, number: int) -> int:
        """The id of the ticket with this number in the queue's present round.

        Raises:
            NotFound: there is none.
        """
        found = self.db.read(lambda conn: ticket_of_number(conn, card.id, number))
        if found is None:
            raise NotFound(f"{card.name} has no number {number}. `queue show` shows the line.")
        return found


@contextmanager
def desk_of(settings: Settings, login: str) -> Iterator[Desk]:
    """The place of this member of staff.

    Raises:
        SettingsError: there is no such account, or no database that can be read.
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


Does = Callable[[Desk, argparse.Namespace], str]
"""Does something that was asked for, and says what it was. Its docstring is its help."""
Doings = Mapping[str, tuple[Does, Mapping[str, dict[str, Any]]]]
"""What a command can do: by what name, and with which arguments."""


def add_group(
    commands: Any, name: str, about: str, examples: str, doings: Doings, *, whom: str
) -> None:
    """Add a command and what it can do to the parser of the command line; done as `whom`."""
    group = commands.add_parser(
        name,
        help=about,
        description=f"From the shell: {about}.",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    doing = group.add_subparsers(dest="doing", required=True, metavar="WHAT")
    for what, (does, arguments) in doings.items():
        parser = doing.add_parser(what, help=does.__doc__, description=does.__doc__)
        for argument, options in arguments.items():
            parser.add_argument(argument, **options)
        parser.add_argument(
            "--as", dest="login", default="admin", metavar="LOGIN",
            help=f"the {whom} as whom it is done, by default admin",
        )  # fmt: skip


def do(
    settings: Settings,
    asked: argparse.Namespace,
    doings: Doings,
    options: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Do what was asked, and say what that was. `options` are the fields that are asked for by
    another name.

    Raises:
        SettingsError: it can't be done; in words for whoever typed it, with the option that was
            refused, if it was one that is given by its name.
    """
    does, arguments = doings[asked.doing]
    try:
        with desk_of(settings, asked.login) as desk:
            return does(desk, asked)
    except DomainError as refusal:
        field = getattr(refusal, "field", None) or ""
        option = "--" + options.get(field, field).replace("_", "-")
        said = f"{option}: " if option in arguments else ""
        raise SettingsError(f"{said}{refusal}") from None


def table(rows: list[tuple[Any, ...]]) -> str:
    """The rows with their cells under each other."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def _staff(db: Database, login: str) -> Actor:
    known = db.read(lambda conn: staff_secret(conn, login))
    view = known and db.read(lambda conn: staff_view(conn, known.id))
    if not view:
        raise SettingsError(f"There is no staff account “{login}”. Name one: --as LOGIN")
    return Actor(ActorKind.STAFF, view.id, roles=tuple(view.roles))
