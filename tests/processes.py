"""Other processes for tests, quick to start: forked from one that has imported what they need."""

import multiprocessing
from multiprocessing.context import ForkServerContext

_PRELOADED = ["pytest", "locker_app.db.migrate", "tests.world"]


def forking() -> ForkServerContext:
    """The context to start processes from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context
