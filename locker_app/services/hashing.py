"""The few threads in which secrets are checked: a hash takes 40 ms and 19 MB, on purpose.

More at once than the machine has cores would not be quicker, only hungrier; whoever is more waits
in line, while everything else goes on.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

R = TypeVar("R")

_THREADS = min(4, os.cpu_count() or 2)
_pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="hashing")


async def off_the_loop(work: Callable[[], R]) -> R:
    """Do the work in one of the threads for hashing, without holding up the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_pool, work)
