"""How long the server takes to start when nothing has to be built."""

import statistics
import time

from bench.server import new_folder, serving


def measure_start(times: int) -> dict[str, object]:
    """Start and stop it that often on one database; a row with seconds until it answers."""
    folder, took = new_folder("start"), []
    for _ in range(times):
        began = time.monotonic()
        with serving(folder):
            took.append(time.monotonic() - began)
    return {
        "starts": times,
        "median, s": round(statistics.median(took), 1),
        "longest, s": round(max(took), 1),
    }
