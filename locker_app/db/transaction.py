"""One transaction in progress, and what to do when its work is refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import Connection

from locker_app.db.log import Logged, Trace, append
from locker_app.domain.actors import Actor
from locker_app.domain.errors import DomainError
from locker_app.domain.facts import Fact

T = TypeVar("T")


@dataclass(slots=True)
class Tx:
    """A transaction: its connection, the way the command came, and the events it wrote."""

    conn: Connection
    trace: Trace
    events: list[Logged] = field(default_factory=list)

    def record(self, fact: Fact, actor: Actor, now: datetime) -> None:
        """Append a fact to the event log in this transaction."""
        self.events.append(append(self.conn, fact, actor=actor, at=now, trace=self.trace))


@dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """What one command does: `attempt` in a transaction of its own, and, when that is refused
    and rolled back, `on_refusal` in another, after which the refusal goes to the caller."""

    attempt: Callable[[Tx], T]
    trace: Trace
    on_refusal: Callable[[Tx, DomainError], None] | None = None
