"""Taps: what becomes of a card that is put on a terminal's reader, in one transaction.

What is asked for is decided in `domain.taps` and done by the same commands that pages use, as the
person whose card it is, at the terminal. Whatever they refuse is an answer here: whoever tapped
stands there and waits for one. A tap that is told twice, by the id of its message, is the same
call to `services.command`, which gives the answer that there was.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Connection, bindparam, false, func, select, true

from locker_app.db.statement import Statement
from locker_app.db.tables import card_link, site, terminal, visiting
from locker_app.db.transaction import Tx
from locker_app.db.types import UtcDateTime
from locker_app.domain import tap_words as words
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.cards import NUMBER
from locker_app.domain.errors import (
    AlreadyHolds,
    DomainError,
    NoneAccessibleFree,
    NoneFree,
    NotAllowed,
    TerminalRevoked,
)
from locker_app.domain.lockers import free_slot, label
from locker_app.domain.tap_words import TapAnswer
from locker_app.domain.taps import (
    LastTap,
    Place,
    Step,
    Tap,
    TapVerdict,
    VisitThen,
    Whose,
    decide,
    is_too_fast,
    what_is_asked,
)
from locker_app.domain.terminal_facts import CardTapped
from locker_app.domain.terminals import AlertKind, TapMode
from locker_app.domain.visits import VisitEnd
from locker_app.services import card_rows, cards, confirm_rows, lockers, visit_rows, visits
from locker_app.services.alerts import raise_alert
from locker_app.services.claims import door, open_claims
from locker_app.services.ids import When

__all__ = ["TapAnswer", "TapVerdict", "take_tap"]

Numbers = Annotated[
    list[Annotated[str, Field(strict=True, pattern=NUMBER)]], Field(min_length=1, max_length=4)
]
"""One card by each of the keys that the terminal has, the newest first."""
Count = Annotated[int, Field(strict=True, ge=0, le=2**53)]

_T, _R, _L = terminal.c, visiting.c, card_link.c
_GROUND = Statement(
    select(
        *(_T.id, _T.site_id, _T.name, _T.bank_id, _T.relays, _T.served, _T.pin_needed),
        *(_T.revoked_at, _T.archived_at, _T.password_hash, site.c.lockers_per_person),
        func.coalesce(_R.visit_needed, false()).label("visit_needed"),
        func.coalesce(_R.leaving_releases, true()).label("leaving_releases"),
        func.coalesce(_R.anti_passback, true()).label("anti_passback"),
        _R.max_minutes,
        *(_L.id.label("link_id"), _L.person_id.label("link_person_id"), _L.label),
    )
    .join(site, site.c.id == _T.site_id)
    .outerjoin(visiting, _R.site_id == _T.site_id)
    .outerjoin(
        card_link,
        (_L.terminal_id == _T.id)
        & _L.ended_at.is_(None)
        & (_L.until > bindparam("now", type_=UtcDateTime())),
    )
    .where(_T.id == bindparam("terminal_id"))
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a tap, and of which locker."""

    answer: TapAnswer
    locker_id: int | None = None
    bank_id: int | None = None
    assignment_id: int | None = None
    alert: AlertKind | None = None
    code: str | None = None
    """Kept in the log where it is not that of the answer."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A tap, where it was, and all that is known of whose it is."""

    tx: Tx
    tap: Tap
    ground: Any
    numbers: list[str]
    card: Any | None
    visit: Any | None
    """Of now, or, of a late tap, the last that had begun by then."""

    @property
    def now(self) -> datetime:
        """When it came here."""
        return self.tap.now

    @property
    def who(self) -> Actor:
        """Whose card it is, as who acts."""
        assert self.card is not None
        return acting(self.card.person_id, self.ground.id)

    @property
    def person_id(self) -> int:
        """Whose card it is."""
        return self.who.require_person()


def take_tap(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    card: Numbers,
    mode: TapMode,
    at: When | None,
    boot: Count,
    seq: Count,
) -> TapAnswer:
    """Do what a card that was put on a terminal's reader asks for; what the terminal is to show.

    Args:
        card: the card by each key that the terminal has, the newest first.
        at: when it happened; None if the terminal doesn't know.
        boot, seq: which of the terminal's facts it is.

    Raises:
        NotAllowed: no terminal says so.
        TerminalRevoked: this one may not speak any more.
    """
    ground = ground_of(tx.conn, actor.require_terminal(), now)
    case, whose = _look(tx, Tap(mode, at, now), ground, card)
    step = decide(case.tap, _place(ground), whose)
    outcome = _DO[step](case)
    after = case
    if case.card is None or step is Step.LINK:  # known by now, or somebody else's
        after = replace(case, card=card_rows.find(tx.conn, card))
    _note(after, outcome)
    _record(after, actor, outcome)
    _alert(case, actor, step, outcome, whose)
    return outcome.answer


def ground_of(conn: Connection, terminal_id: int, now: datetime) -> Any:
    """A terminal with the rules of its place.

    Raises:
        NotAllowed: there is none.
        TerminalRevoked: it may not speak any more.
    """
    row = _GROUND.first(conn, terminal_id=terminal_id, now=now)
    if row is None:
        raise NotAllowed
    if row.password_hash is None or row.revoked_at is not None or row.archived_at is not None:
        raise TerminalRevoked
    return row


def acting(person_id: int, terminal_id: int) -> Actor:
    """A person who acts by card."""
    return Actor(ActorKind.PERSON, person_id, terminal_id=terminal_id)


def do_asked(tx: Tx, now: datetime, ground: Any, who: Actor) -> Outcome:
    """Open the locker that somebody has at a terminal's bank, or give them one, or say where they
    have one.

    Raises:
        As `lockers.take_locker`.
    """
    claims = _claims(tx.conn, now, who.require_person(), ground)
    if what_is_asked(_has(claims, ground)) is not Step.TAKE:
        return _show(claims, ground)
    try:
        return _take(tx, now, ground, who)
    except AlreadyHolds:  # they were quicker on the phone just now: look again
        claims = _claims(tx.conn, now, who.require_person(), ground)
        if what_is_asked(_has(claims, ground)) is Step.TAKE:
            raise
        return _show(claims, ground)


_NOTHING = Whose(None)
_KEPT = [field.name for field in fields(TapAnswer)]
"""`asdict` copies all that is in it, which was a fourteenth of the time that a tap takes."""


def _look(tx: Tx, tap: Tap, ground: Any, numbers: list[str]) -> tuple[_Case, Whose]:
    if ground.link_id is not None and tap.is_fresh:
        card_rows.lock_person(tx.conn, ground.link_person_id)
    row = card_rows.find(tx.conn, numbers)
    case = _Case(tx, tap, ground, numbers, row, None)
    if row is None or row.person_id is None:
        return case, Whose(None)
    whose = Whose(
        row.person_id,
        revoked=row.revoked_at is not None,
        archived=row.archived_at is not None,
        has_pin=bool(row.has_pin),
        last=_last(row),
    )
    if whose.revoked or whose.archived or not tap.has_time:
        return case, whose
    if tap.mode is TapMode.LOCKER:
        return case, _with_lockers(case, whose) if tap.is_fresh else whose
    return _with_visit(case, whose)


def _with_lockers(case: _Case, whose: Whose) -> Whose:
    has = _has(_claims(case.tx.conn, case.now, case.person_id, case.ground), case.ground)
    whose = replace(whose, here=has.here, elsewhere=has.elsewhere)
    if not case.ground.visit_needed or has != _NOTHING:
        return whose
    here = (case.person_id, case.ground.site_id)
    return replace(whose, inside=visit_rows.inside(case.tx, case.now, *here) is not None)


def _with_visit(case: _Case, whose: Whose) -> tuple[_Case, Whose]:
    here = (case.person_id, case.ground.site_id)
    if case.tap.is_fresh:
        row = visit_rows.inside(case.tx, case.now, *here)
        return replace(case, visit=row), replace(whose, inside=row is not None)
    at = case.tap.at
    assert at is not None
    row = visit_rows.visit_then(case.tx.conn, *here, at)
    then = None
    if row is not None:
        over = row.left_at is not None and row.left_at <= at
        then = VisitThen(row.left_at is None, row.end_cause in _BY_TAP, over)
    later = visit_rows.any_later(case.tx.conn, *here, at)
    return replace(case, visit=row), replace(whose, then=then, later=later)


_BY_TAP = (VisitEnd.TAPPED_OUT, VisitEnd.LATE_TAP)


def _last(row: Any) -> LastTap | None:
    if row.seen_at is None or row.terminal_id is None:
        return None
    return LastTap(row.terminal_id, row.seen_site_id, row.seen_at, row.verdict, row.assignment_id)


def _place(ground: Any) -> Place:
    return Place(
        terminal_id=ground.id,
        site_id=ground.site_id,
        bank_id=ground.bank_id,
        pin_needed=bool(ground.pin_needed),
        visit_needed=bool(ground.visit_needed),
        anti_passback=bool(ground.anti_passback),
        link_waits=ground.link_id is not None,
    )


def _claims(conn: Connection, now: datetime, person_id: int, ground: Any) -> list[Any]:
    """What they have at the site, and what is held for them there and not over."""
    claims = open_claims(conn, person_id, ground.site_id)
    return [one for one in claims if one.held_until is None or one.held_until > now]


def _has(claims: list[Any], ground: Any) -> Whose:
    """Which locker they have here, or else have elsewhere and so can't have here."""
    given = [one for one in claims if one.assigned_at is not None]
    here = next((one.id for one in given if one.bank_id == ground.bank_id), None)
    full = free_slot([one.slot for one in claims], ground.lockers_per_person) is None
    waits_here = any(one.bank_id == ground.bank_id for one in claims)
    if here is not None or not full or waits_here or not given:
        return Whose(None, here=here)
    return Whose(None, elsewhere=given[0].id)


def _show(claims: list[Any], ground: Any) -> Outcome:
    has = _has(claims, ground)
    row = next(one for one in claims if one.id in (has.here, has.elsewhere))
    shown = label(row.prefix, row.number)
    if has.here is None:
        answer = words.yours_elsewhere(shown, row.name)
    else:
        answer = words.yours(shown, _opens(ground, row.number))
    return Outcome(answer, row.locker_id, row.bank_id, row.id)


def _take(tx: Tx, now: datetime, ground: Any, who: Actor) -> Outcome:
    taken = lockers.take_locker(tx, who, now, bank_id=ground.bank_id)
    number = door(tx.conn, taken.locker_id).number
    answer = words.assigned(taken.label, _opens(ground, number))
    return Outcome(answer, taken.locker_id, taken.bank_id, taken.assignment_id)


def _opens(ground: Any, number: int) -> int | None:
    """The number of a door, if this terminal opens it."""
    return number if str(number) in ground.relays or number in ground.served else None


def _link(case: _Case) -> Outcome:
    ground = case.ground
    terminal_at = acting(ground.link_person_id, ground.id)
    wanted = cards.Wanted(
        ground.link_id, ground.site_id, ground.id, ground.link_person_id, ground.label
    )
    try:
        cards.link_tapped(case.tx, terminal_at, case.now, wanted, case.numbers[0], case.card)
    except DomainError as refused:
        return Outcome(words.denied(refused.code))
    return Outcome(words.linked())


def _unknown(case: _Case) -> Outcome:
    if case.card is None:
        card_rows.add(case.tx.conn, case.now, case.numbers[0])
    return _denied(case, "unknown_card")


def _repeat(case: _Case) -> Outcome:
    assert case.card is not None
    answer = TapAnswer(**case.card.answer)
    answer = replace(answer, verdict=TapVerdict(answer.verdict))
    return Outcome(answer, assignment_id=case.card.assignment_id, code="again")


def _give_back(case: _Case) -> Outcome:
    claims = _claims(case.tx.conn, case.now, case.person_id, case.ground)
    row = next((one for one in claims if one.id == _has(claims, case.ground).here), None)
    if row is None:  # given back on the phone just now
        return _denied(case, "not_holding")
    try:
        shown = lockers.give_back(case.tx, case.who, case.now, assignment_id=row.id)
    except DomainError as refused:
        return _denied(case, refused.code)
    return Outcome(words.released(shown), row.locker_id, row.bank_id, row.id)


def _come_in(case: _Case) -> Outcome:
    coming = visit_rows.Coming(
        case.ground.site_id,
        case.person_id,
        case.ground.id,
        case.now if case.tap.is_fresh else case.tap.at or case.now,
        case.ground.max_minutes,
    )
    visit_rows.begin(case.tx, case.who, case.now, coming)
    return Outcome(words.welcome())


def _go_out(case: _Case) -> Outcome:
    labels = visits.go_out(
        case.tx,
        case.who,
        case.now,
        case.visit,
        releases=bool(case.ground.leaving_releases),
        terminal_id=case.ground.id,
        late_at=None if case.tap.is_fresh else case.tap.at,
    )
    return Outcome(words.goodbye(labels))


def _go_anyway(case: _Case) -> Outcome:
    here = (case.person_id, case.ground.site_id)
    last = visit_rows.visit_then(case.tx.conn, *here, case.now)
    untapped = last is not None and last.end_cause not in _BY_TAP
    return Outcome(words.goodbye(_left_behind(case, last, case.now) if untapped else ()))


def _late_release(case: _Case) -> Outcome:
    labels = _left_behind(case, case.visit, case.tap.at or case.now)
    return Outcome(words.goodbye(labels) if labels else words.stale())


def _left_behind(case: _Case, visit: Any, at: datetime) -> list[str]:
    """Give back what somebody took during a visit that ended without a tap out."""
    if not case.ground.leaving_releases:
        return []
    until = min(visit.left_at, at)
    return visits.give_back_taken(case.tx, case.who, case.now, visit, until)


def _asked(case: _Case) -> Outcome:
    try:
        return do_asked(case.tx, case.now, case.ground, case.who)
    except (NoneFree, NoneAccessibleFree) as refused:
        return Outcome(words.full(refused.code), bank_id=case.ground.bank_id)
    except DomainError as refused:
        return Outcome(words.denied(refused.code), bank_id=case.ground.bank_id)


def _confirm(case: _Case) -> Outcome:
    assert case.card is not None
    confirm_rows.ask(case.tx, case.who, case.now, case.ground, case.card.id)
    return Outcome(words.confirm(), bank_id=case.ground.bank_id)


def _denied(case: _Case, code: str) -> Outcome:
    is_exit = case.tap.mode is TapMode.OUT
    return Outcome(words.denied(code, at_exit=is_exit))


def _stale(_case: _Case) -> Outcome:
    return Outcome(words.stale())


def _because(code: str) -> Callable[[_Case], Outcome]:
    return lambda case: _denied(case, code)


_DO: dict[Step, Callable[[_Case], Outcome]] = {
    Step.LINK: _link,
    Step.UNKNOWN: _unknown,
    Step.REVOKED: _because("card_is_revoked"),
    Step.ARCHIVED: _because("person_archived"),
    Step.REPEAT: _repeat,
    Step.CLOCKLESS: lambda _: Outcome(words.stale(), alert=AlertKind.CLOCK),
    Step.STALE: _stale,
    Step.LATE_OUT: _go_out,
    Step.LATE_RELEASE: _late_release,
    Step.LATE_IN: _come_in,
    Step.CONFLICT: lambda _: Outcome(words.stale(), alert=AlertKind.CONFLICT),
    Step.NO_BANK: _because("no_bank"),
    Step.GIVE_BACK: _give_back,
    Step.NOT_INSIDE: _because("visit_needed"),
    Step.NO_PIN: _because("pin_not_chosen"),
    Step.CONFIRM: _confirm,
    Step.OPEN: _asked,
    Step.SHOW: _asked,
    Step.TAKE: _asked,
    Step.COME_IN: _come_in,
    Step.WELCOME_AGAIN: lambda _: Outcome(words.welcome()),
    Step.INSIDE_ALREADY: _because("already_inside"),
    Step.GO_OUT: _go_out,
    Step.GO_ANYWAY: _go_anyway,
}


def note(
    conn: Connection, row: Any, number: str, terminal_id: int, at: datetime, of: Outcome
) -> None:
    """Keep what came of a card's last tap, for the next one."""
    card_rows.see(
        conn,
        row,
        number,
        seen_at=at,
        terminal_id=terminal_id,
        verdict=of.answer.verdict.value,
        answer={name: getattr(of.answer, name) for name in _KEPT} | {"open": None},
        assignment_id=of.assignment_id,
    )


def _note(case: _Case, outcome: Outcome) -> None:
    row, at = case.card, case.tap.at
    if row is None or at is None or not case.tap.has_time:
        return
    if row.terminal_id is None or row.person_id is None or at >= (row.seen_at or at):
        note(case.tx.conn, row, case.numbers[0], case.ground.id, at, outcome)


def _alert(case: _Case, actor: Actor, step: Step, outcome: Outcome, whose: Whose) -> None:
    """Tell staff of what doesn't fit."""
    person_id = whose.person_id
    at = case.tap.at
    about: dict[str, Any] = {"terminal": case.ground, "person_id": person_id}
    details: dict[str, Any] = {"at": None if at is None else at.isoformat()}
    if outcome.alert is AlertKind.CLOCK:
        ahead = None if at is None else round((at - case.now).total_seconds())
        details = {"off_seconds": ahead}
        about = {"terminal": case.ground}
        raise_alert(case.tx, actor, case.now, kind=AlertKind.CLOCK, details=details, **about)
    elif outcome.alert is not None:
        about |= {"subject": f"tap:{person_id}", "details": {**details, "what": "tap"}}
        raise_alert(case.tx, actor, case.now, kind=outcome.alert, **about)
    if step in _WALKED and is_too_fast(case.tap, _place(case.ground), whose.last):
        assert whose.last is not None
        details |= {"before_at": whose.last.terminal_id, "before": whose.last.at.isoformat()}
        about |= {"subject": f"person:{person_id}", "details": details}
        raise_alert(case.tx, actor, case.now, kind=AlertKind.TOO_FAST, **about)


_WALKED = frozenset(Step) - {Step.LINK, Step.UNKNOWN, Step.REPEAT, Step.CLOCKLESS}
"""What somebody has come for whom there may be two of."""


def _record(case: _Case, actor: Actor, outcome: Outcome) -> None:
    answer = outcome.answer
    fact = CardTapped(
        site_id=case.ground.site_id,
        terminal_id=case.ground.id,
        verdict=answer.verdict.value,
        code=outcome.code or answer.code,
        person_id=case.card.person_id if case.card is not None else None,
        bank_id=outcome.bank_id,
        locker_id=outcome.locker_id,
        happened_at=None if case.tap.is_fresh else case.tap.at,
    )
    case.tx.record(fact, actor, case.now)
