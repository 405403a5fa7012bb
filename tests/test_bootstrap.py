"""tools/bootstrap.py: from a bare Python, and one clear sentence when something is missing."""

import ast
import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest

from locker_app.settings import ROOT
from tools import bootstrap, system_packages


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder with one requirement that exists nowhere."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "bootstrap.py", tmp_path / "tools")
    (tmp_path / "requirements.txt").write_text("cubby-needs-the-network==1.0\n")
    return tmp_path


@pytest.mark.parametrize("name", ["bootstrap.py", "system_packages.py"])
def test_an_old_python_can_read_it(name: str) -> None:
    """Or it would end with a syntax error and not with the sentence."""
    tree = ast.parse((ROOT / "tools" / name).read_text(), feature_version=(3, 6))
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported <= {*sys.stdlib_module_names, "system_packages"}


def test_a_too_old_python_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    old = SimpleNamespace(version_info=(3, 9, 2), version="3.9.2 (default)", argv=["bootstrap.py"])
    monkeypatch.setattr(bootstrap, "sys", old)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _name: None)
    with pytest.raises(bootstrap.Stop, match=r"needs Python 3\.11 or newer, and this is 3\.9\.2"):
        bootstrap.use_new_enough_python()


def test_a_newer_python_beside_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    old = SimpleNamespace(version_info=(3, 9, 2), version="3.9.2", argv=["bootstrap.py", "run"])
    monkeypatch.setattr(bootstrap, "sys", old)
    found = {"python3.12": sys.executable}
    monkeypatch.setattr(bootstrap.shutil, "which", found.get)
    became: list[list[str]] = []
    monkeypatch.setattr(bootstrap.os, "execv", lambda _path, command: became.append(command))
    with pytest.raises(bootstrap.Stop):  # a real exec does not return
        bootstrap.use_new_enough_python()
    assert became == [[sys.executable, "bootstrap.py", "run"]]


def test_without_a_network_it_says_so(project: Path) -> None:
    """In a virtual environment with the pip that is installed here: making one takes longest."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=project, check=True
    )
    (packages,) = (project / ".venv").glob("lib/python*/site-packages")
    for part in ("pip", f"pip-{version('pip')}.dist-info"):
        shutil.copytree(Path(sysconfig.get_path("purelib")) / part, packages / part)
    done = subprocess.run(
        [sys.executable, "tools/bootstrap.py", "build"],
        cwd=project,
        env={
            "PATH": os.defpath,
            "HOME": str(project),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
            "PIP_RETRIES": "0",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    (sentence,) = done.stderr.strip().splitlines()
    assert "this machine seems to be offline" in sentence
    assert not list((project / ".venv").glob("*.sha256"))


def test_what_is_installed_is_not_installed_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", project)
    monkeypatch.setattr(bootstrap, "VENV", project / ".venv")
    (project / ".venv").mkdir()
    wanted = bootstrap.hashlib.sha256((project / "requirements.txt").read_bytes()).hexdigest()
    (project / ".venv" / "requirements.txt.sha256").write_text(wanted)
    monkeypatch.setattr(bootstrap.subprocess, "Popen", None)  # calling it would raise
    bootstrap.install("requirements.txt")
    (project / "requirements.txt").write_text("changed==1\n")
    with pytest.raises(TypeError):
        bootstrap.install("requirements.txt")


def test_a_terminals_packages_are_installed_without_what_they_ask_for(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver of its reader asks for a package that only a Raspberry Pi can have."""
    monkeypatch.setattr(bootstrap, "ROOT", project)
    monkeypatch.setattr(bootstrap, "VENV", project / ".venv")
    monkeypatch.setattr(bootstrap, "make_venv", lambda: (project / ".venv").mkdir(exist_ok=True))
    monkeypatch.setattr(bootstrap.os, "chdir", lambda _folder: None)
    (project / "edge").mkdir()
    for name in ("requirements-broker.txt", "requirements-dev.txt", "edge/requirements.txt"):
        (project / name).write_text("one==1\n")
    commands: list[list[str]] = []

    class Pip:
        returncode, stdout = 0, ()

        def __init__(self, command: list[str], **_options: object) -> None:
            commands.append(command)

        def poll(self) -> int:
            return 0

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(bootstrap.subprocess, "Popen", Pip)
    for _ in range(2):  # the second time all is there
        assert bootstrap.main(["ready"]) == 0
    lists = [command[command.index("--requirement") + 1] for command in commands]
    lists_of_ours = ["requirements.txt", "requirements-broker.txt", "requirements-dev.txt"]
    assert lists == [*lists_of_ours, "edge/requirements.txt"]
    assert ["--no-deps" in command for command in commands] == [False, True, False, True]


def test_what_there_is_no_wheel_of_is_done_without(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", project)
    monkeypatch.setattr(bootstrap, "VENV", project)
    monkeypatch.setattr(bootstrap, "BIN", Path(sys.executable).parent)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.chdir(project)
    bootstrap.install_if_offered("requirements.txt")
    assert "Cubby goes on without" in capsys.readouterr().out
    monkeypatch.setattr(bootstrap.subprocess, "Popen", None)  # calling it would raise
    bootstrap.install_if_offered("requirements.txt")


def test_missing_programs_are_named_when_they_can_not_be_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(system_packages, "missing", lambda: ["chromium", "postgresql"])
    monkeypatch.setattr(system_packages.os, "geteuid", lambda: 1000)
    found = {"apt-get": "/usr/bin/apt-get"}
    monkeypatch.setattr(system_packages.shutil, "which", found.get)
    assert "ask an administrator to run 'apt-get install chromium postgresql'" in (
        system_packages.ensure()
    )
    monkeypatch.setattr(system_packages.shutil, "which", lambda _name: None)
    assert "this system's package manager" in system_packages.ensure()
