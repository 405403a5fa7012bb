"""What hashing a secret costs, and that it holds up nobody else."""

import asyncio
import subprocess
import sys
import threading
import time

from argon2 import extract_parameters

from locker_app.services import hashing


def test_the_cost_is_at_least_what_owasp_recommends() -> None:
    """Asked of a new process: the tests have a cheap one."""
    made = "from locker_app.services.secrets import hash_secret; print(hash_secret('4711'))"
    hash_ = subprocess.run(
        [sys.executable, "-c", made], capture_output=True, text=True, check=True
    ).stdout.strip()

    cost = extract_parameters(hash_)
    assert cost.type.name == "ID"
    assert (cost.memory_cost, cost.time_cost, cost.parallelism) >= (19 * 1024, 2, 1)


def test_a_few_at_a_time_and_the_loop_goes_on() -> None:
    lock, at_once, most, turns = threading.Lock(), 0, 0, 0

    def hash_slowly() -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.02)
        with lock:
            at_once -= 1

    async def crowd() -> None:
        nonlocal turns
        hashes = asyncio.gather(*[hashing.off_the_loop(hash_slowly) for _ in range(20)])
        while not hashes.done():
            turns += 1
            await asyncio.sleep(0.001)

    asyncio.run(crowd())

    assert 1 <= most <= hashing._THREADS
    assert turns > 20
