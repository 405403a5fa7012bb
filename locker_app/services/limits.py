"""Refusing more lockers than a site allows, in the words that fit what the person has."""

from collections.abc import Sequence
from typing import Any, NoReturn

from sqlalchemy import Row

from locker_app.domain.errors import AlreadyHolds, HoldWaiting
from locker_app.domain.lockers import label


def refuse_more(claims: Sequence[Row[Any]]) -> NoReturn:
    """Refuse another locker to somebody whose open claims are these.

    Raises:
        AlreadyHolds: with the locker that the person has.
        HoldWaiting: when it is only held for them yet.
    """
    held = next((claim for claim in claims if claim.assigned_at is not None), None)
    if held is None:
        raise HoldWaiting
    raise AlreadyHolds(label(held.prefix, held.number))
