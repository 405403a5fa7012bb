"""Pictures that can't take their colour from the style sheet have the same as stands there."""

import re
from pathlib import Path

import pytest

ASSETS = Path(__file__).resolve().parent.parent.parent / "assets"


@pytest.mark.parametrize("status", ["free", "held", "reserved", "overdue", "out"])
def test_doors_have_the_colours_of_their_status(status: str) -> None:
    style = (ASSETS / "cubby.css").read_text()
    light, dark = re.findall(rf"--{status}: light-dark\((#\w+), (#\w+)\)", style)[0]
    picture = (ASSETS / "icons" / "door" / f"{status}.svg").read_text()
    assert f'stroke="{light}"' in picture
    assert f"(prefers-color-scheme: dark) {{ svg {{ stroke: {dark} }} }}" in picture
    shape = re.findall(r"<(?:path|rect|circle)[^>]*>", picture)
    assert shape == re.findall(
        r"<(?:path|rect|circle)[^>]*>", (ASSETS / "icons" / f"{status}.svg").read_text()
    )
