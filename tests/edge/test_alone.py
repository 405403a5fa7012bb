"""`edge/` runs where nothing of the app is, and where no Pi's libraries are."""

import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from edge.relay.keeper import main as keeper_main

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "edge" / "cubby-terminal.service"
OF_A_PI = ("RPi", "spidev", "mfrc522", "lgpio")

START = f"""
import importlib, pkgutil, runpy, sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)

class NotHere:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("locker_app", *{OF_A_PI!r}):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, NotHere())
"""

IMPORT_ALL = """
import edge
for module in pkgutil.walk_packages(edge.__path__, "edge."):
    importlib.import_module(module.name)
for name, module in sorted(sys.modules.items()):
    if name not in before:
        print(name, getattr(module, "__file__", None) or "", sep="\\t")
"""

RUN = """
module, sys.argv[1:] = sys.argv[2], sys.argv[3:]
runpy.run_module(module, run_name="__main__")
"""


def _pins(path: Path) -> dict[str, str]:
    """The version of each package, by its normal name."""
    lines = [re.match(r"([\w.-]+)==([\w.]+)", line) for line in path.read_text().splitlines()]
    return {_normal(line[1]): line[2] for line in lines if line}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing in it but the terminal's program."""
    folder = tmp_path_factory.mktemp("alone")
    shutil.copytree(ROOT / "edge", folder / "edge", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def _python(alone: Path, code: str, *arguments: str, said: str = "") -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-I", "-c", START + code, str(alone), *arguments],
        cwd=alone,
        input=said,
        capture_output=True,
        text=True,
    )


def test_every_module_can_be_imported_and_needs_only_what_is_listed(alone: Path) -> None:
    done = _python(alone, IMPORT_ALL)
    assert done.returncode == 0, done.stderr
    loaded = dict(line.split("\t") for line in done.stdout.splitlines())
    ours = {name for name in loaded if name.partition(".")[0] == "edge"}
    files = {path.relative_to(alone) for path in (alone / "edge").rglob("*.py")}
    assert len(ours) == len(files) > 20
    assert all(loaded[name].startswith(str(alone)) for name in ours)
    owners = metadata.packages_distributions()
    tops = {name.partition(".")[0] for name, file in loaded.items() if "site-packages" in file}
    needed = {_normal(owner) for top in tops for owner in owners.get(top, ())}
    assert needed <= set(_pins(ROOT / "edge" / "requirements.txt"))
    assert "pydantic" in needed, "or this finds nothing"


def test_the_reader_can_be_tried_without_hardware(alone: Path) -> None:
    said = "04:A2:2B:1C:3D:4E:80\nnonsense\nA1B2C3D4\n"
    done = _python(alone, RUN, "edge.reader", said=said)
    assert done.returncode == 0, done.stderr
    why, *cards = done.stdout.splitlines()
    assert why.startswith("A simulated reader: ")
    assert cards == ["card 04:A2:2B:1C:3D:4E:80, 7 bytes", "card A1:B2:C3:D4, 4 bytes"]
    assert "letters A to F" in done.stderr


def test_a_chip_that_can_not_be_had_is_said_in_a_sentence(alone: Path) -> None:
    done = _python(alone, RUN, "edge.reader", "--reader", "mfrc522")
    assert done.returncode == 1
    assert done.stderr.startswith("The MFRC522 can't be used: ")


def test_its_packages_have_the_versions_that_the_app_has() -> None:
    ours, apps = (_pins(ROOT / path) for path in ("edge/requirements.txt", "requirements.txt"))
    assert ours.items() <= apps.items()
    assert {"rpi-gpio", "spidev"}.isdisjoint(ours)
    assert {"rpi-lgpio", "spidev"} <= set(_pins(ROOT / "edge" / "requirements-gpio.txt"))


def test_the_relays_pins_can_not_be_none() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        keeper_main(["--pins", ""])


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    """Verified where systemd is; what matters most is checked everywhere."""
    unit = UNIT.read_text()
    for line in ("Restart=always", "StateDirectory=cubby-terminal", "StartLimitIntervalSec=0"):
        assert line in unit.splitlines()
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return
    copy = tmp_path / UNIT.name
    copy.write_text(unit.replace("/opt/cubby/venv/bin/python", sys.executable))
    done = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True)
    about_it = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert about_it == []
    copy.write_text(unit.replace("Restart=always", "Restart=sometimes"))
    done = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True)
    assert "sometimes" in done.stderr, "or it verifies nothing"
