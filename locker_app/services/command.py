"""From an adapter's call to one piece of work: who acts, seen this key before, what if refused.

Every command is a function `(tx, actor, now, *, …)`; the types of its keyword arguments are the
contract, checked here for every caller. Adapters build the work with `command(call, fn, …)` and
give it to the database. An answer whose class says `SAID_ONCE`, as there is a secret in it, is
kept nowhere: who asks again is told that it was done.
"""

import hashlib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Concatenate, ParamSpec, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError, create_model
from sqlalchemy import Connection, and_, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.log import Trace
from locker_app.db.statement import Statement
from locker_app.db.tables import bank, booking, charger, locker, queue, request, ticket
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import NOBODY, Actor
from locker_app.domain.errors import BadInput, DomainError, KeyReused, SaidOnce
from locker_app.domain.facts import Refused
from locker_app.services.sessions import identify

P = ParamSpec("P")
R = TypeVar("R")
Command = Callable[Concatenate[Tx, Actor, datetime, P], R]

MAX_KEY_LENGTH = 200
_KEY = re.compile(rf"[\x21-\x7e]{{1,{MAX_KEY_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class Call:
    """What an adapter knows of a command from outside."""

    now: datetime
    origin: str
    session_key: str | None = None
    """Names the session in whose right it is done; who that is, the transaction finds out."""
    request_id: str | None = None
    """The idempotency key, chosen by the caller."""
    actor: Actor = NOBODY
    """Who acts where there is no session: the system's timers, the operator at the shell."""


_THIS_KEY = and_(request.c.actor == bindparam("whose"), request.c.key == bindparam("this_key"))
_INSERT_KEY = {
    name: Statement(
        dialect.insert(request)
        .values({c: bindparam(c) for c in ("actor", "key", "fingerprint", "refusal", "at")})
        .on_conflict_do_nothing()
    )
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
_FIND_KEY = Statement(
    select(request.c.fingerprint, request.c.answer, request.c.refusal).where(_THIS_KEY)
)
_KEEP_ANSWER = Statement(update(request).where(_THIS_KEY).values(answer=bindparam("kept")))


_NAMED = {
    "locker_id": locker.c.id,
    "bank_id": bank.c.id,
    "booking_id": booking.c.id,
    "charger_id": charger.c.id,
    "ticket_id": ticket.c.id,
    "queue_id": queue.c.id,
}
_SUBJECTS = {
    "locker_id": select(
        locker.c.id.label("locker_id"), bank.c.id.label("bank_id"), bank.c.site_id
    ).join(bank, bank.c.id == locker.c.bank_id),
    "bank_id": select(bank.c.id.label("bank_id"), bank.c.site_id),
    "booking_id": select(booking.c.charger_id, booking.c.site_id),
    "charger_id": select(charger.c.id.label("charger_id"), charger.c.site_id),
    "ticket_id": select(ticket.c.queue_id, ticket.c.site_id),
    "queue_id": select(queue.c.id.label("queue_id"), queue.c.site_id),
}


class Replayed(DomainError):
    """A refusal that was given before to the same key, with its code and message."""

    def __init__(self, code: str, message: str, status: int, field: str | None = None) -> None:
        super().__init__(message)
        self._code, self.status, self.field = code, status, field

    @property
    def code(self) -> str:
        """The code of the refusal as it was first given."""
        return self._code


def command(call: Call, fn: Command[P, R], *_: P.args, **arguments: P.kwargs) -> Work[R]:
    """The work of one command, ready for the database.

    Raises:
        BadInput: an argument is missing, too much, or not of its type.
    """
    checked = _check_arguments(fn, arguments)
    if call.request_id is not None and not _KEY.fullmatch(call.request_id):
        raise BadInput(f"An idempotency key has 1 to {MAX_KEY_LENGTH} visible ASCII characters.")
    fingerprint = _fingerprint(fn, checked)

    run: Callable[..., R] = fn

    def attempt(tx: Tx) -> R:
        actor = _actor(tx.conn, call)
        answer = _answer_type(fn)
        if not _claim_key(tx.conn, call, actor, fingerprint):
            return answer.validate_json(_answer_given(tx.conn, call, actor, fingerprint))
        result = run(tx, actor, call.now, **checked)
        if not _is_said_once(fn):
            _keep_answer(tx.conn, call, actor, answer.dump_json(result).decode())
        return result

    def on_refusal(tx: Tx, refusal: DomainError) -> None:
        if isinstance(refusal, Replayed | KeyReused):
            return
        actor = _actor(tx.conn, call)
        stored = {"code": refusal.code, "message": str(refusal), "status": refusal.status}
        if isinstance(refusal, BadInput):
            stored["field"] = refusal.field
        if _claim_key(tx.conn, call, actor, fingerprint, refusal=json.dumps(stored)):
            tx.record(_refused(tx.conn, fn, checked, refusal), actor, call.now)

    return Work(attempt, Trace(call.origin, call.request_id), on_refusal)


def _actor(conn: Connection, call: Call) -> Actor:
    if call.session_key is None:
        return call.actor
    return identify(conn, call.session_key, call.now)


def _claim_key(
    conn: Connection, call: Call, actor: Actor, fingerprint: str, refusal: str | None = None
) -> bool:
    """Whether this call is the first with its key. A simultaneous second one waits here until
    the first has committed, and is then told no."""
    if call.request_id is None:
        return True
    return (
        _INSERT_KEY[conn.dialect.name].count(
            conn,
            actor=_actor_key(actor),
            key=call.request_id,
            fingerprint=fingerprint,
            refusal=refusal,
            at=call.now,
        )
        == 1
    )


def _answer_given(conn: Connection, call: Call, actor: Actor, fingerprint: str) -> str:
    row = _FIND_KEY.first(conn, whose=_actor_key(actor), this_key=call.request_id)
    if row is None or row.fingerprint != fingerprint:
        raise KeyReused
    if row.refusal is not None:
        raise Replayed(**json.loads(row.refusal))
    if row.answer is None:
        raise SaidOnce
    return row.answer


def _keep_answer(conn: Connection, call: Call, actor: Actor, answer: str) -> None:
    if call.request_id is not None:
        _KEEP_ANSWER.count(conn, whose=_actor_key(actor), this_key=call.request_id, kept=answer)


def _actor_key(actor: Actor) -> str:
    return f"{actor.kind.value}:{actor.id or '-'}"


def _refused(
    conn: Connection, fn: Callable[..., Any], arguments: dict[str, Any], refusal: DomainError
) -> Refused:
    """The refusal as a fact. Only subjects that exist are named: a stranger's numbers are not."""
    subject = next((row._asdict() for row in _subjects(conn, arguments) if row is not None), {})
    return Refused(**{"site_id": None, **subject}, command=fn.__name__, code=refusal.code)


def _subjects(conn: Connection, arguments: dict[str, Any]) -> Iterator[Any]:
    """What the arguments name, the narrowest first, with where that is."""
    for name, find in _SUBJECTS.items():
        if name in arguments:
            yield conn.execute(find.where(_NAMED[name] == arguments[name])).one_or_none()


@lru_cache
def _argument_model(fn: Callable[..., Any]) -> Any:
    fields: dict[str, Any] = {
        name: (
            parameter.annotation,
            ... if parameter.default is parameter.empty else parameter.default,
        )
        for name, parameter in inspect.signature(fn).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    return create_model(fn.__name__, __config__=ConfigDict(extra="forbid"), **fields)


def _check_arguments(fn: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    model = _argument_model(fn)
    try:
        checked = model(**arguments)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "input"
        why = first["msg"].removeprefix("Value error, ")
        raise BadInput(f"Please check “{name}”: {why}.", field=name) from None
    return {name: getattr(checked, name) for name in model.model_fields}


def _fingerprint(fn: Callable[..., Any], arguments: dict[str, Any]) -> str:
    text = json.dumps([fn.__name__, arguments], default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache
def _is_said_once(fn: Callable[..., Any]) -> bool:
    return getattr(inspect.signature(fn).return_annotation, "SAID_ONCE", False)


@lru_cache
def _answer_type(fn: Callable[..., R]) -> TypeAdapter[R]:
    return TypeAdapter(inspect.signature(fn).return_annotation)
