"""How the machine is that a terminal runs on."""

import shutil
from pathlib import Path

from edge.protocol import Telemetry


def measured(
    folder: Path, outbox: int, oldest_s: int, up_s: int, root: Path = Path("/")
) -> Telemetry:
    """What can be told; what can't is left out."""
    return Telemetry(
        outbox=outbox,
        oldest_s=oldest_s,
        up_s=up_s,
        temperature=_temperature(root / "sys/class/thermal/thermal_zone0/temp"),
        signal=_signal(root / "proc/net/wireless"),
        disk_free=_free(folder),
    )


def _temperature(file: Path) -> float | None:
    try:
        degrees = int(file.read_text()) / 1000
    except (OSError, ValueError):
        return None
    return degrees if -100 <= degrees <= 200 else None


def _signal(file: Path) -> int | None:
    """Of the first wireless interface, in dBm."""
    try:
        line = file.read_text().splitlines()[2]
        level = int(float(line.split()[3]))
    except (OSError, ValueError, IndexError):
        return None
    return level if -200 <= level <= 0 else None


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
