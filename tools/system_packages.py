"""What the tests need from the system: Chromium, PostgreSQL's server programs and Mosquitto.

No browser or server is downloaded from anywhere but the distribution's packages.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def missing() -> list:
    """Names of the Debian packages whose programs are not there."""
    needed = []
    if not (shutil.which("chromium") or shutil.which("chromium-browser")):
        needed.append("chromium")
    if not (shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        needed.append("postgresql")
    if not (shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists()):
        needed.append("mosquitto")
    return needed


LIGHTER = "chromium-headless-shell"
"""Chromium without the windows that no test looks at: a page costs a third less. Where it is not
to be had, the tests do with the whole."""


def ensure() -> str:
    """Install what is missing. Empty when all is there, else a sentence for the user."""
    trouble = _ensure_needed()
    if not trouble and not shutil.which(LIGHTER) and _install() and _is_offered(LIGHTER):
        subprocess.call([*_install(), LIGHTER])
    return trouble


def _ensure_needed() -> str:
    needed = missing()
    if not needed:
        return ""
    names = " ".join(needed)
    ask = "The tests need " + " and ".join(needed) + ": "
    if not shutil.which("apt-get"):
        return ask + "install them with this system's package manager, then try again."
    if not _install():
        return ask + "ask an administrator to run 'apt-get install " + names + "', then try again."
    print("Installing " + names + " from the system's packages", flush=True)
    subprocess.call([*_apt_get(), "update"])
    code = subprocess.call([*_install(), *needed])
    if code or missing():
        return ask + "'apt-get install " + names + "' did not work; its messages are above."
    return ""


def _install() -> list:
    """The command that installs packages; empty when whoever runs this may not."""
    apt_get = _apt_get()
    return [*apt_get, "install", "--yes", "--no-install-recommends"] if apt_get else []


def _apt_get() -> list:
    if not shutil.which("apt-get"):
        return []
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and not (shutil.which("sudo") and _answers(["sudo", "-n", "true"])):
        return []
    return [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]


def _is_offered(package: str) -> bool:
    """Whether the distribution has such a package."""
    return _answers(["apt-cache", "show", package])


def _answers(command: list) -> bool:
    return subprocess.run(command, capture_output=True).returncode == 0


if __name__ == "__main__":
    sys.exit(ensure() or 0)
