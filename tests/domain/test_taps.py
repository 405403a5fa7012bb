"""What is done about a tap: the table, and what must hold whatever is tapped where."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker_app.domain.taps import (
    LastTap,
    Place,
    Step,
    Tap,
    VisitThen,
    Whose,
    decide,
    is_too_fast,
)
from locker_app.domain.terminals import TapMode

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
BANK = Place(terminal_id=1, site_id=1, bank_id=5)
GATE = Place(terminal_id=2, site_id=1, bank_id=None)
ADA = Whose(7, has_pin=True)
AT_ONCE, LATE = timedelta(0), timedelta(minutes=20)
HOLDS = replace(ADA, here=70)
INSIDE = VisitThen(is_open=True, by_tap=False, was_over=False)
TIMED_OUT = VisitThen(is_open=False, by_tap=False, was_over=False)
TAPPED_OUT = VisitThen(is_open=False, by_tap=True, was_over=False)
TIMED_OUT_BEFORE = VisitThen(is_open=False, by_tap=False, was_over=True)
LEFT_BEFORE = VisitThen(is_open=False, by_tap=True, was_over=True)


def tap(mode: str, ago: timedelta | None = AT_ONCE) -> Tap:
    return Tap(TapMode(mode), None if ago is None else NOW - ago, NOW)


def last(place: Place, ago: float, verdict: str, assignment_id: int | None = None) -> LastTap:
    at = NOW - timedelta(seconds=ago)
    return LastTap(place.terminal_id, place.site_id, at, verdict, assignment_id)


def after(ago: float, verdict: str = "yours", claim: int = 70, place: Place = BANK) -> Whose:
    """Somebody with a locker here whose card was tapped before."""
    return replace(HOLDS, last=last(place, ago, verdict, claim))


PIN = replace(BANK, pin_needed=True)
VISITED = replace(BANK, visit_needed=True)
WAITING = replace(BANK, link_waits=True)
LAX = replace(GATE, anti_passback=False)
IN = replace(ADA, inside=True)

CASES: list[tuple[str, timedelta | None, Place, Whose, Step]] = [
    # whose it is comes first
    ("locker", AT_ONCE, WAITING, Whose(None), Step.LINK),
    ("locker", AT_ONCE, WAITING, replace(ADA, revoked=True), Step.LINK),
    ("locker", LATE, WAITING, ADA, Step.STALE),
    ("locker", AT_ONCE, BANK, Whose(None), Step.UNKNOWN),
    ("out", LATE, GATE, Whose(None), Step.UNKNOWN),
    ("locker", AT_ONCE, BANK, replace(ADA, revoked=True, archived=True), Step.REVOKED),
    ("gate", LATE, GATE, replace(ADA, archived=True), Step.ARCHIVED),
    # then when it was
    ("gate", None, GATE, ADA, Step.CLOCKLESS),
    ("gate", timedelta(seconds=-10.001), GATE, ADA, Step.CLOCKLESS),
    ("gate", timedelta(seconds=-10), GATE, ADA, Step.COME_IN),
    ("locker", timedelta(seconds=10), BANK, ADA, Step.TAKE),
    ("locker", timedelta(seconds=10.001), BANK, ADA, Step.STALE),
    # at lockers
    ("locker", AT_ONCE, GATE, ADA, Step.NO_BANK),
    ("locker", AT_ONCE, BANK, HOLDS, Step.OPEN),
    ("locker", AT_ONCE, BANK, replace(ADA, elsewhere=71), Step.SHOW),
    ("locker", AT_ONCE, VISITED, ADA, Step.NOT_INSIDE),
    ("locker", AT_ONCE, VISITED, IN, Step.TAKE),
    ("locker", AT_ONCE, VISITED, HOLDS, Step.OPEN),
    ("locker", AT_ONCE, PIN, ADA, Step.CONFIRM),
    ("locker", AT_ONCE, PIN, HOLDS, Step.CONFIRM),
    ("locker", AT_ONCE, PIN, replace(ADA, has_pin=False), Step.NO_PIN),
    ("locker", AT_ONCE, replace(PIN, visit_needed=True), ADA, Step.NOT_INSIDE),
    # a second tap soon after “yours” gives back, and nothing else does
    ("locker", AT_ONCE, BANK, after(30), Step.GIVE_BACK),
    ("locker", AT_ONCE, PIN, after(30), Step.GIVE_BACK),
    ("locker", AT_ONCE, BANK, after(30.001), Step.OPEN),
    ("locker", AT_ONCE, BANK, after(-1), Step.OPEN),
    ("locker", AT_ONCE, BANK, after(5, "assigned"), Step.OPEN),
    ("locker", AT_ONCE, BANK, after(5, claim=69), Step.OPEN),
    ("locker", AT_ONCE, BANK, after(5, place=replace(BANK, terminal_id=9)), Step.OPEN),
    # at gates
    ("in", AT_ONCE, GATE, ADA, Step.COME_IN),
    ("in", AT_ONCE, GATE, IN, Step.INSIDE_ALREADY),
    ("in", AT_ONCE, LAX, IN, Step.WELCOME_AGAIN),
    ("gate", AT_ONCE, GATE, ADA, Step.COME_IN),
    ("gate", AT_ONCE, GATE, IN, Step.GO_OUT),
    ("out", AT_ONCE, GATE, IN, Step.GO_OUT),
    ("out", AT_ONCE, GATE, ADA, Step.GO_ANYWAY),
    ("gate", AT_ONCE, GATE, replace(IN, last=last(GATE, 4.9, "in")), Step.REPEAT),
    ("gate", AT_ONCE, GATE, replace(IN, last=last(GATE, 5, "in")), Step.GO_OUT),
    ("gate", AT_ONCE, GATE, replace(IN, last=last(GATE, 1, "denied")), Step.GO_OUT),
    ("gate", AT_ONCE, GATE, replace(IN, last=last(BANK, 1, "in")), Step.GO_OUT),
    ("out", AT_ONCE, GATE, replace(IN, last=last(GATE, 1, "in")), Step.GO_OUT),
    ("in", AT_ONCE, GATE, replace(ADA, last=last(GATE, 1, "out")), Step.COME_IN),
    ("in", AT_ONCE, GATE, replace(IN, last=last(GATE, 1, "linked")), Step.REPEAT),
    ("gate", LATE, GATE, replace(ADA, last=last(GATE, 1197, "in")), Step.REPEAT),
    # at gates, told late
    ("out", LATE, GATE, replace(ADA, then=INSIDE), Step.LATE_OUT),
    ("gate", LATE, GATE, replace(ADA, then=INSIDE), Step.LATE_OUT),
    ("out", LATE, GATE, replace(ADA, then=TIMED_OUT, later=True), Step.LATE_RELEASE),
    ("out", LATE, GATE, replace(ADA, then=TAPPED_OUT, later=True), Step.STALE),
    ("out", LATE, GATE, ADA, Step.STALE),
    ("out", LATE, GATE, replace(ADA, later=True), Step.STALE),
    ("out", LATE, GATE, replace(ADA, then=TIMED_OUT_BEFORE), Step.LATE_RELEASE),
    ("out", LATE, GATE, replace(ADA, then=TIMED_OUT_BEFORE, later=True), Step.STALE),
    ("out", LATE, GATE, replace(ADA, then=LEFT_BEFORE), Step.STALE),
    ("in", LATE, GATE, ADA, Step.LATE_IN),
    ("in", LATE, GATE, replace(ADA, then=LEFT_BEFORE), Step.LATE_IN),
    ("gate", LATE, GATE, replace(ADA, then=TIMED_OUT_BEFORE), Step.LATE_IN),
    ("in", LATE, GATE, replace(ADA, later=True), Step.CONFLICT),
    ("gate", LATE, GATE, replace(ADA, later=True), Step.CONFLICT),
    ("in", LATE, GATE, replace(ADA, then=INSIDE), Step.CONFLICT),
    ("in", LATE, LAX, replace(ADA, then=INSIDE), Step.STALE),
]


@pytest.mark.parametrize(("mode", "ago", "place", "card", "step"), CASES)
def test_what_is_done(
    mode: str, ago: timedelta | None, place: Place, card: Whose, step: Step
) -> None:
    assert decide(tap(mode, ago), place, card) is step


def test_every_step_is_in_the_table() -> None:
    assert {case[-1] for case in CASES} == set(Step)


_lasts: Any = st.builds(
    LastTap,
    terminal_id=st.integers(1, 2),
    site_id=st.just(1),
    at=st.integers(-40, 2000).map(lambda ago: NOW - timedelta(seconds=ago)),
    verdict=st.sampled_from(["yours", "assigned", "in", "out", "denied", "linked"]),
    assignment_id=st.sampled_from([None, 70]),
)
_cards: Any = st.builds(
    Whose,
    person_id=st.sampled_from([None, 7]),
    revoked=st.booleans(),
    archived=st.booleans(),
    has_pin=st.booleans(),
    last=st.none() | _lasts,
    here=st.sampled_from([None, 70]),
    elsewhere=st.sampled_from([None, 71]),
    inside=st.booleans(),
    then=st.none()
    | st.sampled_from([INSIDE, TIMED_OUT, TAPPED_OUT, TIMED_OUT_BEFORE, LEFT_BEFORE]),
    later=st.booleans(),
)
_places: Any = st.builds(
    Place,
    terminal_id=st.just(1),
    site_id=st.just(1),
    bank_id=st.sampled_from([None, 5]),
    pin_needed=st.booleans(),
    visit_needed=st.booleans(),
    anti_passback=st.booleans(),
    link_waits=st.booleans(),
)
_AT_ONCE_ONLY = {Step.LINK, Step.TAKE, Step.OPEN, Step.GIVE_BACK, Step.CONFIRM, Step.COME_IN}
_NOTHING_FOR = {Step.LINK, Step.UNKNOWN, Step.REVOKED, Step.ARCHIVED}


@given(
    mode=st.sampled_from(list(TapMode)),
    ago=st.none() | st.floats(-3600, 3600 * 24 * 400),
    place=_places,
    card=_cards,
)
def test_whatever_is_tapped(mode: TapMode, ago: float | None, place: Place, card: Whose) -> None:
    at = None if ago is None else timedelta(seconds=ago)
    step = decide(tap(mode.value, at), place, card)
    if at is None or not timedelta(seconds=-10) <= at <= timedelta(seconds=10):
        assert step not in _AT_ONCE_ONLY  # nothing old gives or opens
    if card.person_id is None or card.revoked or card.archived:
        assert step in _NOTHING_FOR
    elif at == AT_ONCE and mode is TapMode.OUT and not place.link_waits:
        assert step in {Step.GO_OUT, Step.GO_ANYWAY, Step.REPEAT}  # nobody is kept inside
    if place.pin_needed:
        assert step not in {Step.TAKE, Step.OPEN}


@pytest.mark.parametrize(
    ("before", "seconds", "too_fast"),
    [
        (GATE, 2.9, True),
        (GATE, 3, False),
        (GATE, -2.9, True),
        (BANK, 0, False),
        (replace(BANK, terminal_id=9, site_id=2), 59, True),
        (replace(BANK, terminal_id=9, site_id=2), 60, False),
    ],
)
def test_nobody_walks_so_fast(before: Place, seconds: float, too_fast: bool) -> None:
    assert is_too_fast(tap("locker"), BANK, last(before, seconds, "in")) is too_fast


def test_who_was_nowhere_is_not_too_fast() -> None:
    assert not is_too_fast(tap("locker"), BANK, None)
    assert not is_too_fast(tap("locker", None), BANK, last(GATE, 0, "in"))
