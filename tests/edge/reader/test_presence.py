"""Polls become taps: one for each time that a card is put there."""

from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.reader.presence import AWAY_AFTER, SURE_AFTER, UNCLEAR, Presence
from edge.reader.sightings import Card, Sighting, Trouble, judged

A, B, C = (Card(bytes([number, 2, 3, 4])) for number in (1, 2, 3))
SIGHTINGS = st.lists(st.sampled_from([None, None, None, A, A, B, C, *Trouble]), max_size=120)


def events(polls: list[Sighting]) -> list[Sighting]:
    presence = Presence()
    return [presence.saw(poll) for poll in polls]


def test_the_first_poll_that_sees_a_card_tells_it() -> None:
    assert events([None, A, A, A]) == [None, A, None, None]


def test_a_card_that_is_missed_now_and_then_is_held_still() -> None:
    held = [A, *[None] * (AWAY_AFTER - 1)] * 20
    assert [event for event in events(held) if event] == [A]


def test_a_card_that_was_away_for_long_enough_is_put_there_again() -> None:
    assert events([A, *[None] * AWAY_AFTER, A])[-1] == A


def test_another_card_is_told_at_once() -> None:
    assert events([A, B]) == [A, B]


def test_cards_that_are_seen_in_turn_are_told_once_each() -> None:
    assert [event for event in events([A, B] * 30) if event] == [A, B]


@pytest.mark.parametrize("trouble", Trouble)
def test_a_trouble_is_told_once_when_it_is_sure(trouble: Trouble) -> None:
    told = events([trouble] * 40)
    assert told.index(trouble) == SURE_AFTER[trouble] - 1
    assert told.count(trouble) == 1


@pytest.mark.parametrize("trouble", Trouble)
def test_a_trouble_that_was_away_is_told_again(trouble: Trouble) -> None:
    once = [*[trouble] * 10, *[None] * AWAY_AFTER]
    assert events(once * 3).count(trouble) == 3


@pytest.mark.parametrize("trouble", UNCLEAR)
def test_a_card_under_an_unclear_look_was_not_away(trouble: Trouble) -> None:
    assert events([A, *[trouble] * 30, A])[-1] is None


def test_a_card_that_is_left_of_two_is_told() -> None:
    """Somebody has put a purse there, is told of two cards, and takes one out."""
    told = events([*[Trouble.COLLISION] * 8, *[A] * 8])
    assert [event for event in told if event] == [Trouble.COLLISION, A]


@given(SIGHTINGS)
def test_only_what_was_seen_is_told_and_in_the_poll_that_saw_it(polls: list[Sighting]) -> None:
    assert all(told in (None, poll) for poll, told in zip(polls, events(polls), strict=True))


@given(SIGHTINGS)
def test_between_two_taps_of_a_card_it_was_away_for_five_polls_in_a_row(
    polls: list[Sighting],
) -> None:
    told = events(polls)
    for card in (A, B, C):
        at = [place for place, event in enumerate(told) if event == card]
        for earlier, later in pairwise(at):
            away = [poll not in (card, *UNCLEAR) for poll in polls[earlier + 1 : later]]
            longest = max((len(list(run)) for gone, run in groupby(away) if gone), default=0)
            assert longest >= AWAY_AFTER


@given(SIGHTINGS)
def test_every_card_that_is_new_or_was_away_is_told(polls: list[Sighting]) -> None:
    told = events(polls)
    for place, poll in enumerate(polls):
        before = polls[max(0, place - AWAY_AFTER) : place]
        away = len(before) == AWAY_AFTER and not {poll, *UNCLEAR} & {*before}
        if isinstance(poll, Card) and (away or poll not in polls[:place]):
            assert told[place] == poll


@given(SIGHTINGS)
def test_it_is_empty_after_five_polls_of_nothing(polls: list[Sighting]) -> None:
    presence = Presence()
    for poll in [*polls, *[None] * AWAY_AFTER]:
        presence.saw(poll)
    assert presence.empty


@pytest.mark.parametrize("length", [0, 1, 3, 5, 8, 11])
def test_a_number_that_no_card_has_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="4, 7 or 10"):
        Card(bytes(length))


def test_only_short_numbers_that_begin_with_08_are_random() -> None:
    assert judged(bytes.fromhex("08A1B2C3")) is Trouble.RANDOM_ID
    assert judged(bytes.fromhex("A108B2C3")) == Card(bytes.fromhex("A108B2C3"))
    assert judged(b"\x08" + bytes(6)) == Card(b"\x08" + bytes(6))
