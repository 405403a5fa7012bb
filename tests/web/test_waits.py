"""The estimate of a wait as the browser reckons it, beside the server's: they must agree."""

import json
import os
import random
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from locker_app.domain.waits import Pace, estimate
from locker_app.serving.environment import path_with_node
from locker_app.settings import ROOT

CALLED_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SCRIPT = """
import { estimate } from "./assets/waits.js";
let text = "";
for await (const part of process.stdin) text += part;
const answers = JSON.parse(text).map(([pace, ahead, now]) => estimate(pace, ahead, now));
process.stdout.write(JSON.stringify(answers));
"""
Question = tuple[Pace, int, datetime]


def millis(at: datetime | None) -> int:
    """As times are sent to pages; 0 for none."""
    return round(at.timestamp() * 1000) if at else 0


def in_javascript(questions: Sequence[Question]) -> list[Any]:
    """What the browser's function answers, run by the Node that builds the pages."""
    asked = [
        [asdict(pace) | {"called_at": millis(pace.called_at)}, ahead, millis(now)]
        for pace, ahead, now in questions
    ]
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", SCRIPT],
        input=json.dumps(asked),
        env=os.environ | {"PATH": path_with_node()},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def in_python(questions: Sequence[Question]) -> list[Any]:
    """What the server answers."""
    waits = (estimate(*question) for question in questions)
    return [wait and wait._asdict() for wait in waits]


def any_question(chance: random.Random) -> Question:
    """One of a class of any size, by a pace as `learn` rounds it, soon or late after a call."""
    pace = Pace(
        seconds_per_ticket=chance.choice([chance.randint(50, 600), chance.randint(50, 36000)]) / 10,
        low_ratio=chance.randint(0, 100) / 100,
        high_ratio=chance.choice([chance.randint(100, 300), chance.randint(100, 5000)]) / 100,
        called_at=CALLED_AT,
        known=True,
    )
    passed = chance.choice([0, chance.randint(0, 600), chance.randint(-5_000, 600_000) / 1000])
    return pace, chance.choice([0, chance.randint(0, 20), chance.randint(0, 500)]), (
        CALLED_AT + timedelta(seconds=passed)
    )  # fmt: skip


def test_the_browser_reckons_as_the_server_does() -> None:
    chance = random.Random(7)
    questions = [any_question(chance) for _ in range(20_000)]

    answers = zip(questions, in_python(questions), in_javascript(questions), strict=True)

    assert [one for one in answers if one[1] != one[2]] == []


def test_neither_promises_anything_without_a_pace() -> None:
    questions: list[Question] = [
        (Pace(), 3, CALLED_AT),
        (Pace(called_at=CALLED_AT), 3, CALLED_AT),
        (Pace(seconds_per_ticket=60, known=True), 3, CALLED_AT),
    ]
    assert in_python(questions) == in_javascript(questions) == [None] * 3
