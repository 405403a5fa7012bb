"""The story of the demo's visitors: all of it is seen soon, and it goes on wherever it was left."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from locker_app.demo.demonstration import SECONDS
from locker_app.demo.place import BANKS, VISITORS
from locker_app.demo.story import GATE, OF_READER, Does, Has, Story, Tap
from locker_app.domain.terminals import SECOND_TAP_WITHIN

BEATS_OF_A_MINUTE = int(60 / SECONDS)


class Library:
    """What the server makes of the cards."""

    def __init__(self) -> None:
        self.have = {who: Has() for who in VISITORS}
        self.shown: set[str] = set()

    def tapped(self, tap: Tap) -> None:
        if tap.who is None:
            return
        had = self.have[tap.who]
        if tap.terminal == GATE:
            self.have[tap.who] = Has(inside=not had.inside)
            self.shown.discard(tap.who)
        elif had.locker_at is None:
            self.have[tap.who] = replace(had, locker_at=tap.terminal)
        elif tap.who in self.shown:
            self.have[tap.who] = replace(had, locker_at=None)
            self.shown.discard(tap.who)
        else:
            self.shown.add(tap.who)


def told(beats: int) -> tuple[list[Tap], Library]:
    library, story = Library(), Story(VISITORS, list(BANKS))
    taps = []
    for _ in range(beats):
        if tap := story.next(library.have):
            library.tapped(tap)
            taps.append(tap)
    return taps, library


def test_all_is_seen_in_the_first_minute() -> None:
    taps, _ = told(BEATS_OF_A_MINUTE)
    assert {tap.does for tap in taps} == set(Does)
    assert {tap.terminal for tap in taps} == {GATE, *BANKS}


def test_nobody_taps_where_the_reader_does_not_work() -> None:
    broken = None
    for tap in told(1000)[0]:
        if tap.does in OF_READER:
            broken = tap.terminal if tap.does is Does.BREAK else None
        else:
            assert tap.terminal != broken


def test_it_goes_on_and_everybody_leaves_again() -> None:
    taps, library = told(1000)
    done = Counter((tap.who, tap.does) for tap in taps)
    for who in VISITORS:
        assert done[who, Does.COME_IN] - done[who, Does.LEAVE] == library.have[who].inside
        assert done[who, Does.GIVE_BACK] > 2
        assert done[who, Does.LEAVE] > done[who, Does.GIVE_BACK]  # some leave with their locker
    assert sum(one.inside for one in library.have.values()) <= 5


@given(st.lists(st.sampled_from([Has(), Has(True), Has(True, "entrance")]), min_size=8, max_size=8))
def test_it_begins_wherever_it_was_left(have: list[Has]) -> None:
    library, story = Library(), Story(VISITORS, list(BANKS))
    library.have = dict(zip(VISITORS, have, strict=True))
    came = set()
    for _ in range(300):
        if tap := story.next(library.have):
            if tap.who and tap.does is not Does.BE_UNKNOWN:
                assert (tap.does is Does.COME_IN) is not library.have[tap.who].inside
                came |= {tap.who} if tap.does is Does.COME_IN else set()
            library.tapped(tap)
    assert came == set(VISITORS)


def test_who_gives_back_does_so_while_the_display_offers_it() -> None:
    last: dict[str | None, int] = {}
    library, story = Library(), Story(VISITORS, list(BANKS))
    for beat in range(1000):
        if tap := story.next(library.have):
            library.tapped(tap)
            if tap.does is Does.GIVE_BACK:
                assert (beat - last[tap.who]) * SECONDS < SECOND_TAP_WITHIN.total_seconds()
            last[tap.who] = beat
