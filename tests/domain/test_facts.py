"""The kinds of facts are stored for ever: renaming one would make old rows unreadable."""

from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import get_args, get_type_hints

import pytest

from locker_app.domain.fact_kinds import FACTS
from locker_app.domain.facts import Fact

STORED = {
    "LockerAssigned",
    "LockerReserved",
    "LockerReleased",
    "HoldEnded",
    "ReturnReminded",
    "AssignmentOverdue",
    "LimitExtended",
    "HoldExtended",
    "LockerNoted",
    "LockerNoteRemoved",
    "LockerTakenOutOfService",
    "LockerBackInService",
    "WaitJoined",
    "WaitEnded",
    "SiteCreated",
    "BankCreated",
    "PersonAdded",
    "PinChosen",
    "PinReset",
    "PreferencesChanged",
    "PersonSignedIn",
    "StaffAdded",
    "StaffSignedIn",
    "TicketRemoved",
    "SessionEnded",
    "Refused",
}
ALL = FACTS
WHAT_IDENTIFIES_SOMEBODY = {"name", "number", "login", "pin", "password", "secret", "token", "key"}


def test_kinds_that_were_stored_once_stay() -> None:
    assert ALL.keys() >= STORED


@pytest.mark.parametrize("kind", ALL.values(), ids=lambda kind: kind.__name__)
def test_facts_hold_ids_and_never_names(kind: type[Fact]) -> None:
    assert not {field.name for field in fields(kind)} & WHAT_IDENTIFIES_SOMEBODY


@pytest.mark.parametrize("kind", ALL.values(), ids=lambda kind: kind.__name__)
def test_facts_hold_what_json_can(kind: type[Fact]) -> None:
    for hint in get_type_hints(kind).values():
        for plain in get_args(hint) or (hint,):
            assert plain in (int, str, bool, datetime, type(None)) or issubclass(plain, Enum)
