"""The version of this installation, from the one place where it is written: `pyproject.toml`.

Cubby runs from its source tree and is not installed as a package, so there is no metadata to ask.
"""

import tomllib
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"

VERSION: str = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["version"]
