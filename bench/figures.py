"""Figures out of samples."""

import statistics
from collections.abc import Sequence


def median(samples: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(samples)


def p95(samples: Sequence[float]) -> float:
    """What nineteen of twenty do not exceed."""
    return sorted(samples)[max(0, -(-len(samples) * 95 // 100) - 1)]


def ms(seconds: float, digits: int = 1) -> float:
    """Milliseconds, rounded for a table."""
    return round(seconds * 1000, digits)
