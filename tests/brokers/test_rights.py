"""The one table of rights, as rules and as Mosquitto's file."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.link import TAILS
from edge.protocol import FROM_TERMINAL, TO_TERMINAL
from edge.protocol import topic as topic_of
from locker_app.brokers.rights import (
    BRIDGES,
    HOME_ASSISTANT,
    acl_file,
    covers,
    may_read,
    may_write,
    rights_of,
)

_LEVELS = st.sampled_from(["a", "b", "", "+"])


@st.composite
def _filters(draw: st.DrawFn) -> str:
    levels = draw(st.lists(_LEVELS, min_size=1, max_size=4))
    return "/".join([*levels, *(["#"] if draw(st.booleans()) else [])])


_TOPICS = st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=5).map("/".join)


def _matches(topic_filter: str, topic: str) -> bool:
    """As the standard has it, written in another way."""
    levels, names = topic_filter.split("/"), topic.split("/")
    if levels[-1] == "#":
        levels, names = levels[:-1], names[: len(levels) - 1]
    return len(levels) == len(names) and all(
        level in ("+", name) for level, name in zip(levels, names, strict=True)
    )


@settings(max_examples=60)
@given(_filters(), _filters(), _TOPICS)
def test_what_covers_a_filter_matches_all_that_it_matches(
    allowed: str, asked: str, topic: str
) -> None:
    assert covers(allowed, topic) == _matches(allowed, topic)
    if covers(allowed, asked) and _matches(asked, topic):
        assert _matches(allowed, topic)


def test_a_wider_filter_is_not_covered() -> None:
    assert not covers("cubby/1/+/door-1/ack", "cubby/1/+/+/ack")
    assert not covers("cubby/1/+/door-1/ack", "cubby/1/#")
    assert not covers("cubby/1/+/door-1/cmd/#", "#")
    assert not covers("cubby/1/+/door-1/ack", "cubby/1/+/door-1/#")
    assert covers("cubby/1/+/door-1/cmd/#", "cubby/1/+/door-1/cmd/+")


def test_nobody_publishes_to_a_filter() -> None:
    for name in (BRIDGES[0], "door-1"):
        for topic in ("", "#", "cubby/1/+/door-1/avail", "cubby/1/#", "cubby/1/main/door-1/evt/+"):
            assert not may_write(rights_of(name), topic)


def test_home_assistant_reads_states_and_no_taps() -> None:
    rights = rights_of(HOME_ASSISTANT, "ha")
    assert may_read(rights, "ha/#")
    assert may_read(rights, "cubby/ha/#")
    assert may_write(rights, "ha/status")
    for topic in ("cubby/1/#", "cubby/1/+/+/evt/tap", "#", "homeassistant/#"):
        assert not may_read(rights, topic)
    assert not may_write(rights, "ha/device/x/config")


def test_a_terminal_may_do_all_that_the_contract_has_it_do() -> None:
    rights = rights_of("door-1")
    for tail in FROM_TERMINAL:
        assert may_write(rights, topic_of("main", "door-1", tail)), tail
        assert not may_read(rights, topic_of("main", "door-1", tail)), tail
    for tail in TO_TERMINAL:
        name = topic_of("main", "srv" if tail == "state" else "door-1", tail)
        assert may_read(rights, name), tail
        assert not may_write(rights, name), tail


def test_all_that_a_terminals_program_asks_for_is_allowed() -> None:
    """With the embedded broker it would read nothing, and nothing would say so."""
    for tail in TAILS:
        assert may_read(rights_of("door-1"), topic_of("main", "door-1", tail))


def test_mosquitto_gets_the_same_table() -> None:
    text = acl_file("ha")
    for name in (*BRIDGES, HOME_ASSISTANT):
        section = text.partition(f"user {name}\n")[2].partition("\n\n")[0].splitlines()
        rights = rights_of(name, "ha")
        assert section == [f"topic write {one}" for one in rights.writes] + [
            f"topic read {one}" for one in rights.reads
        ]
    patterns = [line.split() for line in text.splitlines() if line.startswith("pattern")]
    rights = rights_of("door-1", "ha")
    assert {f.replace("%u", "door-1") for _, how, f in patterns if how == "write"} == set(
        rights.writes
    )
    assert {f.replace("%u", "door-1") for _, how, f in patterns if how == "read"} == set(
        rights.reads
    )
