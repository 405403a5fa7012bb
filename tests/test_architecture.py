"""The rules of ARCHITECTURE.md that a machine can hold."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "locker_app"
_MAY_ASK_THE_CLOCK = (
    # `call_now`, by which adapters say when a command came in, is kept beside what it fills.
    "locker_app/services/runtime.py",
    # How long ago it wrote a line into the log.
    "locker_app/db/outage.py",
    # A token's expiry is checked against the clock, as the library that reads it does.
    "locker_app/services/secrets.py",
    # The limits library counts by its own clock; how long to wait is reckoned by the same.
    "locker_app/services/limiter.py",
)
_CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
}


@cache
def _all_calls() -> list[tuple[str, ast.Call]]:
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno}", node)
        for path in sorted(APP.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    ]


def _calls(*folders: str) -> Iterator[tuple[str, ast.Call]]:
    return (call for call in _all_calls() if call[0].startswith(folders))


def test_import_rules() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_the_database_layer_commits() -> None:
    committing = [
        place
        for place, call in _calls("locker_app/")
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "commit"
        and not place.startswith("locker_app/db/")
    ]
    assert committing == []


def test_nothing_below_the_adapters_asks_the_clock() -> None:
    asking = []
    layers = (f"locker_app/{layer}/" for layer in ("domain", "db", "services", "queries"))
    for place, call in _calls(*layers):
        function = call.func
        if isinstance(function, ast.Attribute):
            owner = function.value
            name = owner.attr if isinstance(owner, ast.Attribute) else None
            name = owner.id if isinstance(owner, ast.Name) else name
            allowed = place.startswith(_MAY_ASK_THE_CLOCK)
            if (name, function.attr) in _CLOCKS and not allowed:
                asking.append(place)
    assert asking == []


def test_the_domain_imports_the_standard_library_only() -> None:
    foreign = set()
    for path in (APP / "domain").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path.name}: absolute imports only"
                names = [node.module or ""]
            foreign |= {
                f"{path.name}: {name}"
                for name in names
                if name.partition(".")[0] not in sys.stdlib_module_names
                and not name.startswith("locker_app.domain")
            }
    assert foreign == set()


def test_importing_the_package_imports_nothing() -> None:
    assert (APP / "__init__.py").read_text().strip() == ""
