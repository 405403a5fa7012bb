"""The forecast of a charging spot: what it must always be, and what it learns."""

from collections.abc import Hashable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locker_app.domain.forecast import Basis, Forecast, Going, Model, Stay
from locker_app.domain.forecast.model import FEW
from locker_app.domain.forecast.past import OWN_STAYS, SITE_STAYS

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("America/Los_Angeles", "Asia/Kathmandu", "Pacific/Chatham")
MONDAY = datetime(2026, 3, 2, tzinfo=BERLIN)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

minutes = st.integers(0, 400 * 24 * 60)
moments = minutes.map(lambda since: datetime(2025, 3, 1, tzinfo=UTC) + since * MINUTE)
holders = st.sampled_from([None, "", "ada", "bo", "Ünal 🙂"])
spots = st.sampled_from([None, "", "1", "2"])


@st.composite
def stays(draw: st.DrawFn) -> Stay:
    """Anything that may have happened, and some of what can't."""
    began = draw(moments)
    lasted = timedelta(minutes=draw(st.integers(-10, 60) | st.integers(0, 5000)))
    stated = draw(st.none() | st.integers(-600, 6000))
    until = None if stated is None else began + stated * MINUTE
    return Stay(began, began + lasted, draw(holders), until, draw(spots))


@st.composite
def goings(draw: st.DrawFn) -> tuple[Going, datetime]:
    """Somebody who is there, and a moment later on."""
    began = draw(moments)
    stated = draw(st.none() | st.integers(-600, 6000))
    until = None if stated is None else began + stated * MINUTE
    now = began + draw(st.integers(-5, 20_000)) * MINUTE
    return Going(began, draw(holders), until, draw(spots)), now


def loaded(past: list[Stay], zone: str = "Europe/Berlin") -> Model:
    model = Model(ZoneInfo(zone))
    model.load(past)
    return model


def daily(
    holder: str | None, comes: float, leaves: float, days: int = 20, first: datetime = MONDAY
) -> list[Stay]:
    """The same every day, by the clocks at the site."""
    return [
        Stay(first + n * DAY + comes * HOUR, first + n * DAY + leaves * HOUR, holder)
        for n in range(days)
    ]


def said(model: Model, going: Going, stayed: float = 0.0) -> Forecast:
    found = model.forecast(going, going.began_at + stayed * HOUR)
    assert found is not None
    return found


def near(at: datetime, other: datetime, minutes: float) -> bool:
    return abs(at - other) <= minutes * MINUTE


@settings(max_examples=30)
@given(st.lists(stays(), max_size=30), st.lists(goings(), min_size=1, max_size=4))
@pytest.mark.parametrize("zone", ZONES)
def test_never_in_the_past_and_always_in_order(
    zone: str, past: list[Stay], asked: list[tuple[Going, datetime]]
) -> None:
    model = loaded(past, zone)
    learnt = sum(stay.ended_at > stay.began_at for stay in past)
    for going, now in asked:
        found = model.forecast(going, now)
        if found is None:
            assert not learnt and going.stated_until is None
            continue
        known = learnt >= FEW or (going.stated_until is None and learnt > 0)
        now = max(now, going.began_at)
        assert found.likely.utcoffset() == timedelta()
        assert found.likely >= now
        assert (found.low is None) == (found.high is None) == (not known)
        assert (found.basis is Basis.STATED) == (not known)
        if found.low is not None and found.high is not None:
            assert now <= found.low <= found.likely <= found.high


def test_who_comes_later_in_the_day_than_all_before_left_is_forecast_too() -> None:
    """Also where everybody so far has left by the clock to the minute."""
    began = datetime(2025, 3, 1, tzinfo=UTC)
    past = [
        Stay(began, began + 18 * MINUTE),
        Stay(began + 18 * MINUTE, began + 19 * MINUTE),
    ]
    later = Going(began + 19 * MINUTE)
    found = loaded(past, "Pacific/Chatham").forecast(later, later.began_at)
    assert found is not None and found.likely > later.began_at


def test_a_few_stays_are_no_match_for_what_is_stated() -> None:
    """And however alike the stays were, nobody leaves by the minute."""
    few, stays = (daily("ada", 9, 12, days=many) for many in (FEW - 1, FEW))
    began = MONDAY + 30 * DAY + 9 * HOUR
    stated = began + 2 * HOUR
    going = Going(began, "ada", stated)
    assert said(loaded(few), going) == Forecast(stated, None, None, Basis.STATED)
    found = said(loaded(stays), going)
    assert found.low is not None and found.high is not None
    assert found.high - found.low >= 5 * MINUTE


@settings(max_examples=25)
@given(st.lists(stays(), max_size=25), goings())
def test_later_is_never_sooner(past: list[Stay], asked: tuple[Going, datetime]) -> None:
    """The likely end of a stay moves away, never nearer, while nothing else is learned."""
    going, now = asked
    model = loaded(past)
    one, other = (model.forecast(going, at) for at in (now, now + 30 * MINUTE))
    if one is not None and other is not None:
        assert one.likely <= other.likely


@settings(max_examples=25)
@given(st.lists(stays(), min_size=1, max_size=25), st.lists(stays(), max_size=10), goings())
def test_what_comes_later_changes_nothing_that_was_said(
    past: list[Stay], future: list[Stay], asked: tuple[Going, datetime]
) -> None:
    going, now = asked
    model, other = loaded(past), loaded(past)
    before = model.forecast(going, now)
    for number, stay in enumerate(future):
        arrived = Going(stay.began_at, stay.holder, stay.stated_until, stay.spot)
        other.arrive(arrived, number)  # they are there, but nobody knows when they will leave
    assert other.forecast(going, now) == before == loaded(past).forecast(going, now)


@settings(max_examples=25)
@given(st.lists(stays(), max_size=20), st.data())
def test_a_past_may_be_loaded_in_any_order(past: list[Stay], data: st.DataObject) -> None:
    one, other = loaded(past), loaded(data.draw(st.permutations(past)))
    if len({stay.began_at for stay in past} | {stay.ended_at for stay in past}) == 2 * len(past):
        going = Going(MONDAY, "ada")
        assert one.forecast(going, MONDAY) == other.forecast(going, MONDAY)
        assert one.record() == other.record()


def test_with_no_data_the_stated_time_is_said_to_be_so() -> None:
    model = Model(BERLIN)
    until = MONDAY + 9 * HOUR
    assert model.forecast(Going(MONDAY), MONDAY) is None
    assert model.arrive(Going(MONDAY), 1) is None
    assert model.forecast(Going(MONDAY, "ada", until), MONDAY) == Forecast(
        until, None, None, Basis.STATED
    )
    late = until + HOUR
    assert said(model, Going(MONDAY, None, until), 10).likely == late
    assert model.record() is None


def test_whoever_leaves_by_the_clock_is_known_to() -> None:
    past = [
        Stay(MONDAY + n * DAY + comes * HOUR, MONDAY + n * DAY + 17 * HOUR, "ada")
        for n, comes in enumerate([8, 10, 9, 11, 8.5, 7.5, 10.5, 9.5] * 6)
    ]
    model = loaded(past)
    today = MONDAY + 50 * DAY
    for comes in (7.5, 11.0):
        found = said(model, Going(today + comes * HOUR, "ada"))
        assert near(found.likely, today + 17 * HOUR, 12)
        assert found.basis is Basis.HOLDER


def test_whoever_stays_as_long_each_time_is_known_to() -> None:
    past = [
        Stay(MONDAY + n * DAY + comes * HOUR, MONDAY + n * DAY + (comes + 2) * HOUR, "bo")
        for n, comes in enumerate([8, 13, 10, 15, 18, 9, 12, 16] * 6)
    ]
    model = loaded(past)
    came = MONDAY + 50 * DAY + 14 * HOUR
    assert near(said(model, Going(came, "bo")).likely, came + 2 * HOUR, 12)


def test_who_is_new_is_taken_to_be_as_the_others_are() -> None:
    model = loaded(daily("ada", 8, 16) + daily("bo", 8.2, 16.2))
    came = MONDAY + 21 * DAY + 8 * HOUR
    for holder in ("new", None, ""):
        found = said(model, Going(came, holder))
        assert found.basis is Basis.SITE
        assert near(found.likely, came + 8 * HOUR, 20)


def test_what_is_stated_counts_by_what_it_came_to_before() -> None:
    """Who says two hours stays for four here, and who says eight for six."""
    past = []
    for n in range(40):
        came = MONDAY + n * DAY + 9 * HOUR
        stated, stays = ((2, 4), (8, 6))[n % 2]
        past.append(Stay(came, came + stays * HOUR, None, came + stated * HOUR))
    model = loaded(past)
    came = MONDAY + 42 * DAY + 9 * HOUR
    for stated, stays in ((2, 4), (8, 6)):
        found = said(model, Going(came, None, came + stated * HOUR))
        assert near(found.likely, came + stays * HOUR, 10)


def test_a_quick_spot_is_left_sooner() -> None:
    past = []
    for n in range(40):
        came = MONDAY + n * DAY + 9 * HOUR
        spot, stays = (("quick", 1), ("slow", 7))[n % 2]
        past.append(Stay(came, came + stays * HOUR, None, None, spot))
    model = loaded(past)
    came = MONDAY + 42 * DAY + 9 * HOUR
    assert said(model, Going(came, None, None, "quick")).likely < came + 2 * HOUR
    assert said(model, Going(came, None, None, "slow")).likely > came + 6 * HOUR


def test_a_stay_that_lasts_is_not_forecast_to_have_ended() -> None:
    """After five hours, stays of four say nothing any more; after all, it still is in future."""
    past = daily("ada", 9, 13) + daily("bo", 9, 17)
    model = loaded(past)
    came = MONDAY + 21 * DAY + 9 * HOUR
    going = Going(came, "ada")
    assert near(said(model, going).likely, came + 4 * HOUR, 15)
    assert near(said(model, going, 5).likely, came + 8 * HOUR, 15)
    assert said(model, going, 5).basis is Basis.SITE
    for stayed in (8.5, 30, 300):
        found = said(model, going, stayed)
        assert found.low is not None and found.high is not None
        assert came + stayed * HOUR <= found.low < found.likely < found.high


def test_the_last_stays_count_more() -> None:
    """Somebody who changed jobs is soon known to leave at another hour."""
    past = daily("ada", 9, 13, days=30) + daily("ada", 9, 18, days=60, first=MONDAY + 30 * DAY)
    came = MONDAY + 91 * DAY + 9 * HOUR
    assert near(said(loaded(past), Going(came, "ada")).likely, came + 9 * HOUR, 10)


@pytest.mark.parametrize("month, day", [(3, 29), (10, 25)])
def test_leaving_by_the_clock_holds_across_a_change_of_the_clocks(month: int, day: int) -> None:
    """Overnight until 07:00, whatever the clocks do at night: adding to a time with this zone
    moves it by the clocks there."""
    change = datetime(2026, month, day, tzinfo=BERLIN)
    past = [
        Stay(change - n * DAY + (18 + n % 5) * HOUR, change - (n - 1) * DAY + 7 * HOUR, "ada")
        for n in range(30, 1, -1)
    ]
    came = (change - DAY + 20 * HOUR).astimezone(UTC)
    expected = (change + 7 * HOUR).astimezone(UTC)
    assert near(said(loaded(past), Going(came, "ada")).likely, expected, 12)


def test_the_hour_that_comes_twice_and_the_one_that_never_comes() -> None:
    model = loaded(daily("ada", 1, 4, days=30))
    for day in (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)):
        began = day + 30 * MINUTE
        for minutes in range(0, 240, 10):
            now = began + minutes * MINUTE
            found = model.forecast(Going(began, "ada"), now)
            assert found is not None and found.low is not None and found.high is not None
            assert now <= found.low <= found.likely <= found.high


def test_the_record_is_of_what_was_said_at_arrival() -> None:
    model = Model(BERLIN)
    for n, stay in enumerate(daily("ada", 9, 17, days=30)):
        model.arrive(Going(stay.began_at, stay.holder), n)
        model.learn(stay, n)
    steady = model.record()
    assert steady is not None
    assert steady.stays == 29
    assert steady.typical_error < MINUTE
    assert steady.inside == 1
    for n, stay in enumerate(daily("ada", 9, 10, days=30, first=MONDAY + 30 * DAY), 30):
        model.arrive(Going(stay.began_at, stay.holder), n)
        model.learn(stay, n)
    changed = model.record()
    assert changed is not None
    assert changed.inside < 1


def test_a_forgotten_or_unknown_arrival_is_not_in_the_record() -> None:
    model = loaded(daily("ada", 9, 17, days=5))
    before = model.record()
    stay = Stay(MONDAY + 9 * DAY, MONDAY + 9 * DAY + HOUR, "ada")
    model.arrive(Going(stay.began_at, "ada"), "a")
    model.forget("a")
    model.forget("never heard of")
    model.learn(stay, "a")
    model.learn(stay, "never heard of")
    model.learn(stay)
    assert model.record() == before


@pytest.mark.parametrize("lasted", [timedelta(), -HOUR, timedelta(days=5000)])
def test_a_stay_that_cannot_be_is_not_learned(lasted: timedelta) -> None:
    model = Model(BERLIN)
    model.learn(Stay(MONDAY, MONDAY + lasted, "ada"))
    assert model.forecast(Going(MONDAY, "ada"), MONDAY) is None


def test_what_is_remembered_is_bounded() -> None:
    model = Model(BERLIN)
    for n in range(3 * OWN_STAYS):
        began = MONDAY + n * HOUR
        model.learn(Stay(began, began + HOUR, "ada"), n)
    thought = model._think(Going(MONDAY, "ada"))
    assert len(thought.own) == OWN_STAYS
    assert len(thought.others) == SITE_STAYS


def test_eight_of_ten_end_within_the_range_though_nobody_is_regular() -> None:
    """Lengths that halve and double at random: the range has to learn how wide that is."""
    model, inside, total = Model(BERLIN), 0, 0
    state = 12345
    for n in range(600):
        state = state * 1103515245 % 2**31
        came = MONDAY + n * 3 * HOUR
        stay = Stay(came, came + 2 ** (state / 2**31 * 4 - 1) * HOUR, f"h{n % 7}")
        key: Hashable = n
        found = model.arrive(Going(came, stay.holder), key)
        if n >= 200 and found is not None and found.low and found.high:
            total += 1
            inside += found.low <= stay.ended_at <= found.high
        model.learn(stay, key)
    assert 0.75 <= inside / total <= 0.85
