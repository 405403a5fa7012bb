"""What those see who watch from outside."""

import logging
import threading
import time
import tomllib
from pathlib import Path

import pytest

from locker_app.api.routes import health
from tests.api.clients import Library


def test_a_working_installation(any_library: Library) -> None:
    answer = any_library.program().get("/health")

    written = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]
    assert answer.status_code == 200
    said = {"status": "ok", "database": True, "terminals": "away", "version": written}
    assert answer.json() == said


def test_a_database_that_hangs_is_down_and_takes_one_thread(
    library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked, go_on = [], threading.Event()

    def hang(_: object) -> bool:
        asked.append(1)
        return go_on.wait(60)

    monkeypatch.setattr(health, "database_answers", hang)
    monkeypatch.setattr(health.Probe.__init__, "__defaults__", (0.05,))
    program = library.fresh_program()
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            answer = program.get("/health")
            assert answer.status_code == 503
            assert answer.json()["status"] == "down"
            assert answer.json()["database"] is False
        assert len(asked) == 1

        go_on.set()
        deadline = time.monotonic() + 30
        while program.get("/health").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    said = [record.getMessage() for record in caplog.records if record.name == health.__name__]
    assert said == ["the database does not answer: TimeoutError", "the database answers again"]


def test_a_database_without_tables_is_down(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object) -> bool:
        raise OSError("no such table: the name of it")

    monkeypatch.setattr(health, "database_answers", gone)
    answer = library.fresh_program().get("/health")

    assert answer.status_code == 503
    assert "table" not in answer.text


def test_looking_changes_nothing_and_needs_nobody(library: Library) -> None:
    mark = library.world.mark()

    assert library.program(library.world.person()).get("/health").status_code == 200
    assert library.world.mark() == mark + 1  # the person
