"""An import of thousands of people, killed in its middle: nothing is half done, and it goes on."""

import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from locker_app.db.tables import event, people_import, person
from tests import running
from tests.e2e.library import SECRET_KEY, Library
from tests.running import Server

ROWS = 8000
PATIENCE = 90.0


class Desk:
    """An admin at a server that is killed now and then."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.server: Server = running.start(data, CUBBY_SECRET_KEY=SECRET_KEY)
        self.library = Library(data)
        self.token = self.library.token(self.library.staff())
        self.import_id = 0

    def post(self, path: str, **sent: object) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}", "idempotency-key": f"key{path}"}
        url = f"{self.server.url}/api/v1/people/imports{path}"
        answer = httpx.post(url, headers=headers, timeout=30, **sent)  # pyright: ignore[reportArgumentType]
        assert answer.status_code == 200, answer.text
        return answer

    def kill(self) -> None:
        self.server.stop(signal.SIGKILL)

    def start(self) -> None:
        self.server = running.start(self.data, self.server.port, CUBBY_SECRET_KEY=SECRET_KEY)

    @property
    def row(self):
        return self.library.row(people_import, self.import_id)

    def until(self, so: Callable[[], bool]) -> None:
        pause, end = threading.Event(), time.monotonic() + PATIENCE
        while not so():
            assert time.monotonic() < end, self.row
            pause.wait(0.004)

    def imported(self) -> int:
        rows = self.library.rows(person)
        return sum(row.number.startswith("KILL") for row in rows)


def test_an_import_goes_on_after_each_kill(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data")
    try:
        file = "number,name\n" + "".join(f"KILL{n:05},Person {n}\n" for n in range(ROWS))
        sent = desk.post("", files={"file": ("people.csv", file)})
        desk.import_id = sent.json()["id"]
        desk.until(lambda: desk.row.progress > 0)
        desk.kill()
        assert desk.row.status == "reading"
        assert 0 < desk.row.progress < ROWS
        desk.start()
        desk.until(lambda: desk.row.status == "ready")
        assert (desk.row.new, desk.row.total, desk.imported()) == (ROWS, ROWS, 0)
        desk.post(f"/{desk.import_id}/confirm", json={"good_only": False})
        desk.kill()
        assert desk.imported() == (ROWS if desk.row.status == "done" else 0)
        desk.start()
        desk.until(lambda: desk.row.status == "done")
        assert desk.imported() == ROWS
        assert len(desk.library.rows(event, kind="PeopleImported")) == 1
        assert desk.server.stop() == 0
        assert "Traceback" not in desk.server.output
    finally:
        desk.kill()
        desk.library.db.close()
    with sqlite3.connect(desk.data / "cubby.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
