"""An alert says what happened and what to do, whatever a device said."""

from typing import Any

import pytest

from locker_app.domain.alert_words import MAX_TEXT, alert_text
from locker_app.domain.terminals import AlertKind

AT = "2026-05-03T12:05:10+00:00"
BEFORE = "2026-05-03T12:04:58+00:00"


def said(kind: AlertKind, **details: Any) -> str:
    return alert_text(kind, details, zone="Europe/Berlin", terminals={7: "Gate North"})


@pytest.mark.parametrize(
    ("kind", "details", "parts"),
    [
        (AlertKind.GAP, {"after": 1, "before": 4}, ["numbers 2 to 3 are missing"]),
        (AlertKind.GAP, {"after": 1, "before": 3}, ["number 2 is missing"]),
        (
            AlertKind.CONFLICT,
            {"what": "offline_open", "locker": "A2", "at": AT},
            ["A2 was opened without the server on 3 May at 14:05:10", "not the locker of"],
        ),
        (AlertKind.CONFLICT, {"what": "tap", "at": AT}, ["a tap on 3 May at 14:05:10 came late"]),
        (
            AlertKind.FAULT,
            {"of": "relay", "door": 5, "text": "no answer"},
            ["the relay of door 5 does not work: no answer"],
        ),
        (AlertKind.FAULT, {"of": "reader", "text": ""}, ["the card reader does not work"]),
        (AlertKind.BAD_MESSAGES, {"why": "evt/tap: missing at v"}, ["evt/tap: missing", "revoke"]),
        (
            AlertKind.TOO_FAST,
            {"at": AT, "before_at": 7, "before": BEFORE},
            ["here on 3 May at 14:05:10, at Gate North on 3 May at 14:04:58"],
        ),
        (AlertKind.TOO_FAST, {"at": AT, "before_at": 8}, ["at a terminal of another site"]),
        (AlertKind.CLOCK, {"off_seconds": 3600}, ["60 minutes ahead"]),
        (AlertKind.CLOCK, {"off_seconds": -7}, ["7 seconds behind"]),
        (AlertKind.CLOCK, {"off_seconds": None}, ["does not know the time"]),
        (AlertKind.STUCK, {"text": "bent"}, ["bent", "by hand"]),
    ],
)
def test_what_happened_and_what_to_do(
    kind: AlertKind, details: dict[str, Any], parts: list[str]
) -> None:
    text = said(kind, **details)
    assert [part for part in parts if part not in text] == []


@pytest.mark.parametrize("kind", AlertKind)
@pytest.mark.parametrize("odd", [None, "", -1, 10**30, True, [], {}, "x\n\u202e\x1b[31m" * 500])
def test_whatever_is_in_it_is_one_short_line(kind: AlertKind, odd: object) -> None:
    names = ("after", "before", "what", "locker", "at", "of", "text", "why", "door", "off_seconds")
    text = said(kind, **dict.fromkeys(names, odd))
    assert len(text) <= MAX_TEXT
    assert text.isprintable()
