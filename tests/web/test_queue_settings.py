"""What is said when the settings of a queue are kept."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from locker_app.domain.queues import QueueMode, QueueRules, check_rules
from locker_app.services.queues import RulesKept
from locker_app.web.pages.queue_settings import entered_as, kept_words, rules_of

KATHMANDU = ZoneInfo("Asia/Kathmandu")
NOW = datetime(2026, 3, 1, 20, 0, tzinfo=ZoneInfo("UTC"))  # there it is Monday, 01:45


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KATHMANDU)


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (RulesKept(changed=False), "The settings are kept."),
        (RulesKept(changed=True), "The settings are kept."),
        (
            RulesKept(True, QueueMode.CLOSED, at("2026-03-02T09:00")),
            "The settings are kept. The line is now closed until 09:00.",
        ),
        (
            RulesKept(True, QueueMode.DRAINING, at("2026-03-03T00:30")),
            "The settings are kept. The line takes nobody new until Tue 00:30.",
        ),
        (
            RulesKept(True, QueueMode.OPEN, at("2026-03-08T17:00")),
            "The settings are kept. The line is now open until Sun 17:00.",
        ),
        (
            RulesKept(True, QueueMode.CLOSED, at("2026-03-09T09:00")),
            "The settings are kept. The line is now closed until Mon 9 Mar, 09:00.",
        ),
        (RulesKept(True, QueueMode.OPEN), "The settings are kept. The line is now open."),
        (
            RulesKept(True, left=QueueMode.CLOSED),
            "The settings are kept. The line is closed: open it on the dashboard.",
        ),
        (
            RulesKept(True, left=QueueMode.DRAINING),
            "The settings are kept. The line takes nobody new: open it on the dashboard.",
        ),
    ],
)
def test_what_new_hours_did_at_once_is_said(kept: RulesKept, said: str) -> None:
    assert kept_words(kept, NOW) == said


def test_what_is_entered_is_shown_tidied() -> None:
    form = {
        **entered_as(QueueRules(name="Lab")),
        "name": " Physics   lab ",
        "groups": "1 - 9,lab a",
        "capacity": "",
        "hours_0": "9-12",
        "reset_at": "4:00",
        "room_pin": "ab 12",
    }
    shown = entered_as(check_rules(rules_of(form)))
    assert {name: text for name, text in shown.items() if text != form[name]} == {
        "name": "Physics lab",
        "groups": "1-9, LAB A",
        "hours_0": "09:00-12:00",
        "reset_at": "04:00",
        "room_pin": "AB12",
    }
    assert rules_of(shown) == check_rules(rules_of(form))
