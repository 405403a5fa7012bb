"""Longer times."""

from datetime import UTC, datetime, timedelta

import pytest

from locker_app.domain.doors import MAX_EXTENSION_MINUTES, extended
from locker_app.domain.errors import BadInput

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_longer_is_from_the_deadline_or_from_now() -> None:
    assert extended(NOW + HOUR, NOW, 30) == NOW + HOUR + HOUR / 2
    assert extended(NOW - HOUR, NOW, 30) == NOW + HOUR / 2


def test_longer_ends_somewhere() -> None:
    with pytest.raises(BadInput):
        extended(NOW + timedelta(days=350), NOW, MAX_EXTENSION_MINUTES)
