"""What the figures were measured on."""

import os
import platform
import re
import shutil
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

from locker_app.settings import ROOT


def facts() -> dict[str, object]:
    """Machine, versions and revision."""
    return {
        "machine": f"{_cpu()}, {os.cpu_count()} CPUs, {_memory_gb():.0f} GB, {platform.system()}",
        "load before": round(os.getloadavg()[0], 1),
        "Python": platform.python_version(),
        "Reflex": version("reflex"),
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": _postgresql(),
        "revision": _revision(),
    }


def _cpu() -> str:
    path = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*: (.+)", path.read_text()) if path.exists() else None
    return named[1].strip() if named else platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _postgresql() -> str:
    """The version installed here, though SQLite is what is measured."""
    found = shutil.which("postgres") or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))[-1:]), ""
    )
    said = re.search(r"\d+[.\d]*", _said([found, "--version"])) if found else None
    return f"{said[0]} (installed, not measured)" if said else "not installed"


def _revision() -> str:
    commit = _said(["git", "rev-parse", "--short", "HEAD"])
    changed = bool(_said(["git", "status", "--porcelain", "--", "locker_app", "bench"]))
    return (commit or "unknown") + (" with changes" if changed else "")


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
