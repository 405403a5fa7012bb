"""The replay that judges the forecast: it is honest, reads what it is given, and says what is
wrong with it. And how good the forecast is on made-up sessions."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bench.forecast import WRONG, main
from bench.habits import Population, sessions
from bench.replay import replay
from bench.sessions import COLUMNS, Session, write_sessions
from bench.verdict import ENOUGH, judge

OFFICE = Population(days=60)
POPULATIONS = {
    "office": OFFICE,
    "small": Population(by_clock=5, by_length=4, part_timers=2, overnight=0, visitors=1, days=120),
    "home": Population(
        zone="America/Los_Angeles", by_clock=0, by_length=6, part_timers=0, overnight=20, states=0
    ),
    "visitors": replace(OFFICE, visitors=12, by_clock=8, anonymous=0.3),
}
HEAD = ",".join(COLUMNS)
GOOD = "2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,ada,1,2026-03-02T17:00:00+00:00"


def written(folder: Path, *lines: str) -> Path:
    path = folder / "sessions.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def judged(path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str, str]:
    code = main([str(path), "--tz", "Europe/Berlin", *more])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made-up") / "sessions.csv"
    write_sessions(path, sessions(replace(OFFICE, days=5), 3))
    return path


@pytest.mark.parametrize("name", POPULATIONS)
def test_it_is_as_good_as_it_is_meant_to_be(name: str) -> None:
    who = POPULATIONS[name]
    made = sessions(who, 7)
    verdict = judge(replay(made, ZoneInfo(who.zone), judged_from=len(made)))
    assert verdict.best.better >= 0.10
    assert 0.75 <= verdict.ranges[0].inside <= 0.85
    assert verdict.reached


def test_ranges_hold_after_each_hour_too() -> None:
    made = sessions(replace(OFFICE, days=25), 5)
    verdict = judge(replay(made, ZoneInfo(OFFICE.zone), judged_from=len(made) // 2))
    later = [one for one in verdict.ranges if one.sessions >= 100]
    assert len(later) >= 6
    for one in later:
        assert 0.72 <= one.inside <= 0.88


def test_the_same_seed_makes_the_same_sessions() -> None:
    few = replace(OFFICE, days=5)
    assert sessions(few, 1) == sessions(few, 1) != sessions(few, 2)
    for one in sessions(few, 1):
        assert one.arrival <= one.departure


def test_no_forecast_sees_what_had_not_ended() -> None:
    """A session with an absurd future, and all that come after it, change nothing before."""
    made = sessions(replace(OFFICE, days=8), 4)
    middle = len(made) // 2
    odd = replace(made[middle], departure=made[middle].arrival + timedelta(days=300))
    other = [*made[:middle], odd, *made[middle + 1 :]]
    zone = ZoneInfo(OFFICE.zone)
    real, absurd = replay(made, zone), replay(other, zone)
    began = made[middle].departure
    for one, its in zip(real, absurd, strict=True):
        if one.session.arrival < began:
            assert (one.said, one.baselines) == (its.said, its.baselines)
        if one.session.departure < began:
            assert one.later == its.later
    cut = replay(made[: middle + 1], zone)
    assert [one.said for one in cut] == [one.said for one in real[: middle + 1]]


def test_a_baseline_is_the_median_of_what_had_ended() -> None:
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    hours = timedelta(hours=1)
    made = [
        Session(start, start + 2 * hours, "ada", "1", start + 9 * hours),
        Session(start + hours, start + 9 * hours, "bo"),
        Session(start + 3 * hours, start + 4 * hours, "ada"),
        Session(start + 10 * hours, start + 11 * hours, "bo"),
        Session(start + 10 * hours, start + 11 * hours),
    ]
    first, _, third, fourth, last = (one.baselines for one in replay(made, ZoneInfo("UTC")))
    assert (first.stated, first.overall, first.holder) == (start + 9 * hours, None, None)
    assert (third.overall, third.holder) == (start + 5 * hours, start + 5 * hours)
    assert (fourth.overall, fourth.holder) == (start + 12 * hours, start + 18 * hours)
    assert last.holder is None


def test_it_prints_tables(made_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, wrong = judged(made_up, capsys)
    assert (code, wrong) == (0, "")
    for word in ("forecast", "stated time", "overall median", "holder's median", "after 1 h"):
        assert word in printed


def test_it_prints_json(made_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, wrong = judged(made_up, capsys, "--json")
    found = json.loads(printed)
    assert (code, wrong) == (0, "")
    assert found["zone"] == "Europe/Berlin"
    assert found["left_out"] == []
    assert found["error_minutes"] > 0
    names = {way["name"]: way for way in found["ways"]}
    assert found["best_baseline"] in names
    best = names[found["best_baseline"]]
    assert best["sessions"] == found["judged"]
    assert found["better_than_best_by"] == pytest.approx(
        1 - found["error_minutes"] / best["error_minutes"]
    )
    assert [one["after_hours"] for one in found["ranges"]] == list(range(len(found["ranges"])))
    assert found["ranges"][0]["inside"] == found["inside_at_arrival"]
    assert all(0 <= one["inside"] <= 1 for one in found["ranges"])


BAD_ROWS = {
    "2026-03-02T08:00:00Z,2026-03-02T07:00:00Z,ada,1,": "departure before arrival",
    "2026-03-02T08:00:00,2026-03-02T09:00:00Z,ada,1,": "arrival without a zone",
    "2026-03-02T08:00:00Z,2026-03-02 09:00,ada,1,": "departure without a zone",
    "2026-03-02T08:00:00Z,2026-03-02T09:00:00Z,ada,1,2026-03-02": "stated_departure without",
    "yesterday,2026-03-02T09:00:00Z,ada,1,": "arrival is no time",
    ",2026-03-02T09:00:00Z,ada,1,": "no arrival",
    "2026-03-02T08:00:00Z": "no departure",
    "9999-12-31T23:59:59-12:00,9999-12-31T23:59:59-12:00,ada,1,": "year 9999",
    GOOD: "the same as line 2",
}
"""With what is said of each."""


def test_bad_rows_are_named_and_left_out(
    tmp_path: Path, made_up: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = made_up.read_text().splitlines()
    path = written(tmp_path, HEAD, GOOD, "", *BAD_ROWS, *lines[1:])
    code, printed, wrong = judged(path, capsys, "--json")
    assert code == 0
    for number, said in enumerate(BAD_ROWS.values(), 4):
        (about,) = (line for line in wrong.splitlines() if f"line {number}: " in line)
        assert said in about
    assert json.loads(printed)["sessions"] == len(lines)


@pytest.mark.parametrize(
    "lines, said",
    [
        ([], "empty"),
        ([HEAD], "Too few sessions: 0"),
        ([HEAD, GOOD], "Too few sessions: 1"),
        (["arrival,departure,holder"], "line 1: no column spot, stated_departure"),
        (["arrival;departure;holder;spot;stated_departure"], "no column arrival"),
        ([HEAD, '"' + "x" * 200_000], "line 2"),
    ],
)
def test_a_file_that_cannot_be_judged(
    lines: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text("\n".join(lines))
    code, printed, wrong = judged(path, capsys)
    assert (code, printed) == (WRONG, "")
    assert said in wrong


def test_a_file_that_is_not_there_or_no_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judged(tmp_path / "none.csv", capsys)[0] == WRONG
    assert judged(tmp_path, capsys)[0] == WRONG
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    code, _, wrong = judged(binary, capsys)
    assert code == WRONG
    assert "not UTF-8" in wrong


def test_order_columns_and_marks_at_the_beginning_do_not_matter(
    tmp_path: Path, made_up: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head, *rows = made_up.read_text().splitlines()
    _, expected, _ = judged(made_up, capsys, "--json")
    turned = [",".join(["more", *reversed(line.split(","))]) for line in [head, *reversed(rows)]]
    path = tmp_path / "turned.csv"
    path.write_text("\r\n".join(turned), encoding="utf-8-sig")
    code, printed, _ = judged(path, capsys, "--json")
    assert code == 0
    assert json.loads(printed)["ways"] == json.loads(expected)["ways"]


def test_without_holders_and_stated_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = [
        replace(one, holder=None, spot=None, stated_departure=None)
        for one in sessions(replace(OFFICE, days=8), 2)
    ]
    path = tmp_path / "nobody.csv"
    write_sessions(path, made)
    code, printed, _ = judged(path, capsys, "--json")
    assert code == 0
    assert len(json.loads(printed)["ways"]) == 3  # those that fall back on the overall median


@pytest.mark.parametrize("zone", ["Nowhere/Town", "../etc/passwd", "America", "", "/"])
def test_a_zone_that_is_none(zone: str, made_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(made_up), "--tz", zone])
    assert stopped.value.code == WRONG
    assert "no time zone named" in capsys.readouterr().err


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Pacific/Apia", "Antarctica/Troll"])
def test_odd_zones(zone: str, made_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(made_up), "--tz", zone, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["judged"] >= ENOUGH
