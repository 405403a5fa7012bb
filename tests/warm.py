"""What a server has imported and made before it begins: most of the time that its start takes.

Importing this is for the process that servers are forked from (`tests.processes`), and for no
other: it sets the environment that Reflex is imported in.
"""

import gc
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from starlette.routing import NoMatchFound

from locker_app.serving.environment import SERVING
from locker_app.settings import ROOT, get_settings

os.environ.update(SERVING)
os.chdir(ROOT)
gc.disable()  # what is imported stays: looking it through takes an eighth of the time

import locker_app.asgi  # noqa: E402
import locker_app.serving.server  # noqa: E402, F401
from locker_app import cli  # noqa: E402
from locker_app.api import app as api  # noqa: E402

_made = api.make_api()
with suppress(NoMatchFound):
    _made.url_path_for("no such route")  # it looks at all of them, which makes them
api.make_api = lambda: _made

gc.freeze()  # nor do the servers look it through, which share it as long as nobody touches it
gc.enable()


def serve(environment: Mapping[str, str], log: Path, command: str) -> None:
    """Be `python -m locker_app.cli COMMAND` in this environment, printing into the log."""
    os.setsid()
    with log.open("ab") as output, Path(os.devnull).open("rb") as nothing:
        for ours, its in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(ours.fileno(), its)
    os.environ.clear()
    os.environ.update(environment)
    get_settings.cache_clear()
    sys.exit(cli.main([command]))
