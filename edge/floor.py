"""Numbers that are never given twice, also when the database is lost: which start, which fact.

A second small file beside the database, written whole, says how often the terminal has started and
a number that no fact has reached. It is written once for each start and each thousand facts.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from edge.files import write_whole

BLOCK = 1_000


@dataclass(frozen=True, slots=True)
class Floor:
    """What was given out at most."""

    boot: int
    seq: int
    """No fact has a higher number."""


def read(path: Path) -> Floor | None:
    """What the file says; None when there is none or it is no such file."""
    try:
        said = json.loads(path.read_bytes())
        boot, seq = said["boot"], said["seq"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    whole = all(type(number) is int and 0 <= number < 2**53 for number in (boot, seq))
    return Floor(boot, seq) if whole else None


def write(path: Path, floor: Floor) -> None:
    """Keep it. Raises OSError."""
    write_whole(path, json.dumps(asdict(floor)).encode())


def first() -> Floor:
    """Where nothing is known: on a new terminal, or one that lost both files.

    The second can't be told from the first, and the server takes nothing from a start older than
    the last that it knows. So starts are counted on from the seconds since 1970: more than there
    ever were starts.
    """
    return Floor(boot=int(time.time()), seq=0)
