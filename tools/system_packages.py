"""What the tests need from the system: Chromium and PostgreSQL's server programs.

No browser or server is downloaded from anywhere but the distribution's packages.
"""

import os
import shutil
import subprocess
from pathlib import Path


def missing() -> list:
    """Names of the Debian packages whose programs are not there."""
    needed = []
    if not (shutil.which("chromium") or shutil.which("chromium-browser")):
        needed.append("chromium")
    if not (shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        needed.append("postgresql")
    return needed


def ensure() -> str:
    """Install what is missing. Empty when all is there, else a sentence for the user."""
    needed = missing()
    if not needed:
        return ""
    names = " ".join(needed)
    ask = "The tests need " + " and ".join(needed) + ": "
    if not shutil.which("apt-get"):
        return ask + "install them with this system's package manager, then try again."
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and (not shutil.which("sudo") or subprocess.call(["sudo", "-n", "true"]) != 0):
        return ask + "ask an administrator to run 'apt-get install " + names + "', then try again."
    print("Installing " + names + " from the system's packages", flush=True)
    quiet = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]
    subprocess.call([*quiet, "update"])
    code = subprocess.call([*quiet, "install", "--yes", "--no-install-recommends", *needed])
    if code or missing():
        return ask + "'apt-get install " + names + "' did not work; its messages are above."
    return ""
