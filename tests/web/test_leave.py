"""Until when one may stay, and when a clock shows a time, as the browser reckons it, beside the
server's: they must agree."""

import json
import os
import random
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from locker_app.domain.bookings import Span, latest_leave, leave_time, period_of, used_in
from locker_app.domain.chargers import ChargingRules
from locker_app.serving.environment import path_with_node
from locker_app.settings import ROOT

SCRIPT = """
import { fullAllowance, latestLeave, leaveTime } from "./assets/leave.js";
let text = "";
for await (const part of process.stdin) text += part;
const asked = JSON.parse(text);
const times = asked.times.map((one) => leaveTime(...one));
const latest = asked.latest.map(([at, rules, given]) => {
  const allow = given.fresh ? fullAllowance(at, rules, given.fresh) : given.allow;
  return latestLeave(at, rules, { ...given, allow });
});
process.stdout.write(JSON.stringify([times, latest]));
"""
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
CHANGES = (
    *(datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    *(datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)),
    *(datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2028, 2, 29, 23, tzinfo=UTC)),
)
"""When clocks are changed in one of these zones, and the end of a leap day."""


def millis(at: datetime | None) -> int:
    """As times are sent to pages; 0 for none."""
    return round(at.timestamp() * 1000) if at else 0


def in_javascript(times: Sequence[Any], latest: Sequence[Any]) -> Any:
    """What the browser's functions answer, run by the Node that builds the pages."""
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", SCRIPT],
        input=json.dumps({"times": times, "latest": latest}),
        env=os.environ | {"PATH": path_with_node()},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def any_moment(chance: random.Random) -> datetime:
    """Mostly near a change of clocks."""
    return chance.choice(CHANGES) + timedelta(minutes=chance.randint(-2000, 2000))


def any_stay(chance: random.Random) -> tuple[datetime, ChargingRules, str, list[Span], Span | None]:
    """When a stay begins, by which rules and clocks, what its holder has used, and its own time if
    it is among that."""
    start, zone = any_moment(chance), chance.choice(ZONES)
    rules = ChargingRules(
        max_stay_minutes=chance.choice([60, 720, 10080]),
        day_minutes=chance.choice([None, 60, 240, 600]),
        week_minutes=chance.choice([None, 300, 3000]),
    )
    used = [
        (begin, begin + timedelta(minutes=chance.randint(1, 900)))
        for begin in (start + timedelta(minutes=chance.randint(-4000, 2000)) for _ in range(3))
    ]
    own = (start, start + timedelta(minutes=30)) if chance.random() < 0.5 else None
    return start, rules, zone, used, own


def left_of(start: datetime, zone: str, days: int, most: int | None, used: list[Span]) -> list[Any]:
    """What is left of each day or week, as it is sent to the browser."""
    if most is None:
        return []
    periods, at = [], start
    for _ in range(10):
        periods.append(period_of(at, zone, days))
        at = periods[-1][1]
    left = [[millis(p[0]), most - used_in(p, used).total_seconds() / 60] for p in periods]
    return [*left, [millis(at), 0]]


def test_the_browser_reads_times_of_day_as_the_server_does() -> None:
    chance = random.Random(11)
    asked = [
        (f"{chance.randint(0, 23):02}:{chance.randint(0, 59):02}", any_moment(chance), zone)
        for zone in ZONES
        for _ in range(400)
    ]
    times, _ = in_javascript([(text, millis(now), zone) for text, now, zone in asked], [])
    answers = zip(asked, [millis(leave_time(*one)) for one in asked], times, strict=True)
    assert [one for one in answers if one[1] != one[2]] == []


def test_the_browser_limits_stays_as_the_server_does() -> None:
    chance = random.Random(12)
    stays = [any_stay(chance) for _ in range(1500)]
    here, there = [], []
    for start, rules, zone, used, own in stays:
        next_at = (
            start + timedelta(minutes=chance.randint(20, 400)) if chance.random() < 0.3 else None
        )
        found = latest_leave(start, rules, zone, next_at=next_at, used=used)
        here.append({"at": millis(found.at), "bound": found.bound.value})
        counted = [*used, own] if own else used
        allow = {
            "days": left_of(start, zone, 1, rules.day_minutes, counted),
            "weeks": left_of(start, zone, 7, rules.week_minutes, counted),
        }
        plain = {name: getattr(rules, name) or 0 for name in ("day_minutes", "week_minutes")}
        plain["max_stay_minutes"] = rules.max_stay_minutes
        mine = [millis(own[0]), millis(own[1])] if own else None
        there.append(
            [millis(start), plain, {"nextAt": millis(next_at), "allow": allow, "own": mine}]
        )
    _, latest = in_javascript([], there)
    assert [pair for pair in zip(here, latest, strict=True) if pair[0] != pair[1]] == []
    assert {one["bound"] for one in here} == {"longest", "next", "day", "week"}


def test_who_has_booked_nothing_yet_has_the_whole_of_each_limit() -> None:
    chance = random.Random(13)
    here, there = [], []
    for start, rules, zone, _, _ in (any_stay(chance) for _ in range(300)):
        found = latest_leave(start, rules, zone)
        here.append({"at": millis(found.at), "bound": found.bound.value})
        plain = {name: getattr(rules, name) or 0 for name in ("day_minutes", "week_minutes")}
        plain["max_stay_minutes"] = rules.max_stay_minutes
        there.append([millis(start), plain, {"fresh": zone}])
    _, latest = in_javascript([], there)
    assert [pair for pair in zip(here, latest, strict=True) if pair[0] != pair[1]] == []


def test_what_is_no_time_of_day() -> None:
    now = millis(datetime(2026, 3, 2, tzinfo=UTC))
    times, _ = in_javascript([(text, now, "UTC") for text in ("", "24:00", "7", "a:b", None)], [])
    assert times == [None] * 5
