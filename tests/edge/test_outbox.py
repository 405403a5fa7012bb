"""Facts on disk: none lost, none twice, no number given again, whatever ends the program."""

import itertools
import os
import random
import resource
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from edge import floor
from edge.clock import Clock
from edge.machines.events import Moment
from edge.outbox import Outbox
from edge.protocol import IN_FLIGHT, Opened, parse
from edge.store import DATABASE, FLOOR, StorageTrouble, Store

FACT = Opened(locker=17)


class Time:
    """A clock of the machine that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> Clock:
        system = lambda: 1_700_000_000 + self.now  # noqa: E731
        return Clock(lambda: self.now, system, lambda: True)

    @property
    def moment(self) -> Moment:
        return Moment(self.now, None)


def _opened(folder: Path, cap: int = 5000) -> tuple[Store, Outbox, Time]:
    store, time = Store(folder), Time()
    return store, Outbox(store, time.clock(), cap), time


def _record(outbox: Outbox) -> str:
    return outbox.record("evt/opened", FACT)


def _all(folder: Path) -> list[tuple[int, str]]:
    """What is on disk."""
    with sqlite3.connect(folder / DATABASE) as connection:
        return connection.execute("SELECT seq, id FROM fact ORDER BY seq").fetchall()


def test_a_fact_goes_out_until_it_is_answered(tmp_path: Path) -> None:
    store, outbox, time = _opened(tmp_path)
    first, second = _record(outbox), _record(outbox)
    sent = outbox.due(time.moment)
    assert [one.id for one in sent] == [first, second]
    message = parse(sent[0].body(), Opened)
    assert (message.seq, message.boot, message.ts_q) == (1, store.boot, "ntp")
    assert not outbox.due(time.moment)
    time.now += 1.5
    assert [one.body() for one in outbox.due(time.moment)] == [one.body() for one in sent]
    assert outbox.answered(first)
    assert not outbox.answered(first)
    outbox.tidy()
    assert _all(tmp_path) == [(2, second)]
    outbox.again(time.moment)
    assert [one.id for one in outbox.due(time.moment)] == [second]


def test_however_often_the_connection_is_new_what_waits_goes_out_every_1_5_s(
    tmp_path: Path,
) -> None:
    _, outbox, time = _opened(tmp_path)
    ids = [_record(outbox) for _ in range(IN_FLIGHT)]
    outbox.due(time.moment)
    time.now += 0.1
    outbox.again(time.moment)
    assert [one.id for one in outbox.due(time.moment)] == ids, "the first time at once"
    sent = []
    for _ in range(300):
        time.now += 0.1
        outbox.again(time.moment)
        if found := outbox.due(time.moment):
            assert [one.id for one in found] == ids, "all of them, in order"
            sent.append(time.now)
    gaps = [later - before for before, later in itertools.pairwise(sent)]
    assert min(gaps) > 1.4
    assert max(gaps) < 1.7, "and it goes on: pauses don't grow by it"
    fresh = _record(outbox) if outbox.answered(ids[0]) else ""
    assert [one.id for one in outbox.due(time.moment)] == [fresh], "what is new waits for nobody"


def test_pauses_grow_and_have_a_limit(tmp_path: Path) -> None:
    _, outbox, time = _opened(tmp_path)
    _record(outbox)
    sent = []
    for _ in range(1000):
        if outbox.due(time.moment):
            sent.append(time.now - 100)
        time.now += 0.5
    gaps = [round(later - before, 1) for before, later in itertools.pairwise(sent)]
    assert gaps[:5] == [1.5, 3, 6, 12, 24]
    assert set(gaps[5:]) == {30}


def test_at_most_32_are_on_their_way_and_the_rest_follows_in_order(tmp_path: Path) -> None:
    _, outbox, time = _opened(tmp_path)
    ids = [_record(outbox) for _ in range(IN_FLIGHT + 5)]
    assert [one.id for one in outbox.due(time.moment)] == ids[:IN_FLIGHT]
    for one in ids[:3]:
        outbox.answered(one)
    outbox.tidy()
    assert [one.id for one in outbox.due(time.moment)] == ids[IN_FLIGHT : IN_FLIGHT + 3]
    for one in ids:
        outbox.answered(one)
        outbox.tidy()
    outbox.tidy()
    assert outbox.depth == 0
    assert not _all(tmp_path)


def test_after_a_restart_the_same_facts_go_out_and_numbers_go_on(tmp_path: Path) -> None:
    store, outbox, time = _opened(tmp_path)
    before = [_record(outbox) for _ in range(40)]
    bodies = [one.body() for one in outbox.due(time.moment)]
    store.close()
    again, outbox, time = _opened(tmp_path)
    assert again.boot == store.boot + 1
    assert [one.body() for one in outbox.due(time.moment)] == bodies
    for one in before:
        outbox.answered(one)
        outbox.tidy()
    fresh = _record(outbox)
    (sent,) = outbox.due(time.moment)
    assert (sent.id, sent.seq, sent.boot) == (fresh, 41, again.boot)


def test_the_time_of_a_fact_is_worked_out_when_a_clock_is_known(tmp_path: Path) -> None:
    time = Time()
    clock = Clock(lambda: time.now, lambda: 0, lambda: False)
    outbox = Outbox(Store(tmp_path), clock)
    _record(outbox)
    time.now += 60
    assert not outbox.due(time.moment), "not before it has its time"
    clock.heard(1_700_000_060_000, time.now, live=True)
    time.now += 1
    (sent,) = outbox.due(time.moment)
    assert (sent.ts, sent.ts_q) == (1_700_000_000_000, "srv")
    later = Outbox(Store(tmp_path), Time().clock())
    assert later.due(time.moment)[0].body() == sent.body()


def test_a_fact_without_a_time_of_an_earlier_start_goes_out_without(tmp_path: Path) -> None:
    time = Time()
    Outbox(Store(tmp_path), Clock(lambda: time.now, lambda: 0, lambda: False)).record(
        "evt/opened", FACT
    )
    _, outbox, time = _opened(tmp_path)
    assert outbox.due(time.moment)[0].ts_q == "none"


def test_when_it_is_full_it_says_so_and_recovers(tmp_path: Path) -> None:
    _, outbox, _ = _opened(tmp_path, cap=3)
    ids = [_record(outbox) for _ in range(3)]
    with pytest.raises(StorageTrouble, match="full"):
        _record(outbox)
    outbox.answered(ids[0])
    _record(outbox)
    assert outbox.depth == 3


def _in_child(work: Callable[[Callable[[str], None]], None]) -> list[str]:
    """What a forked child says until it ends, by whatever."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            work(lambda said: _say(writing, said))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read().split()
    os.waitpid(child, 0)
    return said


def _say(pipe: int, said: str) -> None:
    os.write(pipe, said.encode() + b"\n")


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_step_nothing_is_lost_or_numbered_twice(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    alive: set[str] = set()
    numbers: dict[int, str] = {}
    Store(tmp_path).close()
    for _ in range(12):
        steps = chance.randrange(1, 400)

        def work(say: Callable[[str], None], steps: int = steps) -> None:
            _until_killed(tmp_path, steps, say)

        for said in _in_child(work):
            number, _, one = said[1:].partition(":")
            (alive.add if said[0] == "+" else alive.discard)(one)
            assert numbers.setdefault(int(number), one) == one
        found = _all(tmp_path)
        ids = {one for _, one in found}
        assert alive <= ids | _answered_last(tmp_path, alive, ids)
        assert len(ids - alive) <= 1, "at most the one that was being written"
        alive = ids
        for seq, one in found:
            assert numbers.setdefault(seq, one) == one
    seqs = sorted(numbers)
    assert seqs[-1] - seqs[0] == len(seqs) - 1, "no gap"


def _answered_last(folder: Path, alive: set[str], ids: set[str]) -> set[str]:
    """One that was answered may be gone although the child could not say so any more."""
    gone = alive - ids
    assert len(gone) <= 1
    return gone


def _until_killed(folder: Path, steps: int, say: Callable[[str], None]) -> None:
    store, outbox, _ = _opened(folder)
    left = [steps]

    def count() -> int:
        left[0] -= 1
        if left[0] <= 0:
            os._exit(9)
        return 0

    store._connection.set_progress_handler(count, 3)  # pyright: ignore[reportOptionalMemberAccess]
    while True:
        seq, last = 0, ""
        for _ in range(2):
            last = _record(outbox)
            ((seq,),) = store.reading("SELECT seq FROM fact WHERE id = ?", last)
            say(f"+{seq}:{last}")
        if outbox.answered(last):
            outbox.tidy()
            say(f"-{seq}:{last}")


def test_a_cut_of_the_power_at_any_byte_leaves_a_whole_beginning(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    store, outbox, _ = _opened(here)
    ids = [_record(outbox) for _ in range(8)]
    wal = (here / f"{DATABASE}-wal").read_bytes()
    chance = random.Random(1)
    lengths = {0, len(wal)} | {chance.randrange(len(wal)) for _ in range(20)}
    seen = set()
    for length in sorted(lengths):
        there = tmp_path / str(length)
        there.mkdir()
        shutil.copy(here / DATABASE, there / DATABASE)
        shutil.copy(here / FLOOR, there / FLOOR)
        (there / f"{DATABASE}-wal").write_bytes(wal[:length])
        again, outbox, _ = _opened(there)
        assert not again.damaged
        assert again.boot == store.boot + 1, "so that no pair of start and number is given again"
        found = _all(there)
        assert found == list(enumerate(ids[: len(found)], 1))
        _record(outbox)
        seen.add(len(found))
        again.close()
    assert {0, 8} <= seen
    assert len(seen) > 4


def test_a_full_disk_is_said_and_gets_well_again(tmp_path: Path) -> None:
    store, outbox, _ = _opened(tmp_path)
    known = _record(outbox)
    connection = store._connection
    assert connection is not None
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    ids = []
    with pytest.raises(StorageTrouble, match="disk full"):
        while True:
            ids.append(_record(outbox))
    with pytest.raises(StorageTrouble, match="disk full"):
        store.probe()
    assert {one for _, one in _all(tmp_path)} == {known, *ids}
    connection.execute("PRAGMA max_page_count = 100000")
    store.probe()
    _record(outbox)
    assert [seq for seq, _ in _all(tmp_path)] == list(range(1, len(ids) + 3)), "no gap by failures"


def test_a_disk_that_takes_no_more_bytes_loses_nothing(tmp_path: Path) -> None:
    def work(say: Callable[[str], None]) -> None:
        store, outbox, _ = _opened(tmp_path)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
        for _ in range(2000):
            try:
                say(_record(outbox))
            except StorageTrouble:
                say("full")
                break
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        store.probe()
        say(_record(outbox))

    said = _in_child(work)
    assert "full" in said
    assert [one for _, one in _all(tmp_path)] == [one for one in said if one != "full"]


def _garbage(path: Path) -> None:
    path.write_bytes(random.Random(2).randbytes(20_000))


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9000])


def _holes(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[5000:12_000] = bytes(7000)
    path.write_bytes(content)


def _another(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE fact (x)")


def _gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("damage", [_garbage, _half, _holes, _another, _gone])
def test_a_damaged_database_is_moved_aside_and_no_number_given_again(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    store, outbox, _ = _opened(tmp_path)
    for _ in range(1001):
        _record(outbox)
    store.close()
    damage(tmp_path / DATABASE)
    again, outbox, _ = _opened(tmp_path)
    assert again.boot == store.boot + 1
    assert bool(again.damaged) == (damage is not _gone)
    assert (tmp_path / f"damaged-{DATABASE}").exists() == (damage is not _gone)
    _record(outbox)
    ((seq, _),) = _all(tmp_path)
    assert 1001 < seq <= 3003
    again.close()
    assert not Store(tmp_path).damaged


def test_damage_that_shows_later_is_mended_while_it_runs(tmp_path: Path) -> None:
    store, outbox, _ = _opened(tmp_path)
    for _ in range(200):
        _record(outbox)
    assert store._connection is not None
    store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _garbage(tmp_path / DATABASE)
    store._connection.execute("PRAGMA cache_size = 0")
    with pytest.raises(StorageTrouble):
        for _ in range(300):
            _record(outbox)
    store.probe()
    outbox.tidy()
    assert store.damaged
    _record(outbox)
    assert outbox.depth == 1


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"boot":-1,"seq":0}', b"\xff{"])
def test_without_the_second_file_the_database_counts_on(
    tmp_path: Path, content: bytes | None
) -> None:
    store, outbox, _ = _opened(tmp_path)
    _record(outbox)
    store.close()
    file = tmp_path / FLOOR
    file.unlink() if content is None else file.write_bytes(content)
    again, outbox, _ = _opened(tmp_path)
    assert again.boot == store.boot + 1
    _record(outbox)
    assert [seq for seq, _ in _all(tmp_path)] == [1, 2]
    assert floor.read(file) is not None


def test_a_terminal_that_lost_both_files_starts_later_than_ever(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.close()
    (tmp_path / FLOOR).unlink()
    _garbage(tmp_path / DATABASE)
    assert Store(tmp_path).boot >= store.boot


def test_a_folder_that_takes_nothing_is_said_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / DATABASE).mkdir()
    store, outbox, _ = _opened(tmp_path)
    with pytest.raises(StorageTrouble):
        _record(outbox)
    (tmp_path / DATABASE).rmdir()
    store.probe()
    _record(outbox)


def test_commands_and_what_the_server_said_are_remembered(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep("cfg", b"one")
    store.keep("cfg", b"two")
    store.mark_command("a", "begun")
    store.mark_command("a", "done")
    for number in range(600):
        store.mark_command(f"c{number}", "done")
    store.close()
    again = Store(tmp_path)
    assert again.kept("cfg") == b"two"
    kept = again.commands()
    assert len(kept) == 500
    assert kept[-1] == ("c599", "done")
    again.clear()
    assert again.kept("cfg") is None
    assert not again.commands()


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    _record(_opened(tmp_path)[1])
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file.name
