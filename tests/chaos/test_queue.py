"""A class on real websockets: all join in the same second; and a server killed in the middle."""

import asyncio
import random
import signal
import time
from collections import Counter
from pathlib import Path

from locker_app.db.tables import event, queue, ticket
from locker_app.domain.actors import Role
from tests import running
from tests.chaos.phones import Professor, Student, appear
from tests.e2e.library import SECRET_KEY, Library
from tests.running import Server

CLASS = 200
SMALL_CLASS = 80
"""Enough to be in the middle of when the server dies."""
SEED = 20220006
_SHOWN = ("queue_id", "given", "shown", "serving", "line", "done", "round", "mode", "pace")


class Lab:
    """A queue on a running server, with a class and its professor."""

    def __init__(self, data: Path, size: int) -> None:
        self.data, self.size = data, size
        self.server: Server = running.start(data, CUBBY_SECRET_KEY=SECRET_KEY)
        self.library = Library(data)
        site = self.library.site()
        self.queue_id = self.library.queue(site, name="Lab", tickets_per_group=2)
        self.code = self.library.row(queue, self.queue_id).code
        staff = self.library.staff(Role.PROFESSOR, site)
        self.people = self.library.people(size)
        self.tokens = [self.library.token(person) for person in self.people]
        self.staff_token = self.library.token(staff)

    def students(self) -> list[Student]:
        """The class, in groups of two."""
        return [Student(self.code, token, str(i // 2 + 1)) for i, token in enumerate(self.tokens)]

    def kill_and_start(self) -> None:
        """As when the power fails."""
        self.server.stop(signal.SIGKILL)
        self.server = running.start(self.data, self.server.port, CUBBY_SECRET_KEY=SECRET_KEY)

    def open_tickets(self) -> int:
        """How many are in the line or being helped."""
        rows = self.library.rows(ticket, queue_id=self.queue_id)
        return sum(row.ended_at is None for row in rows)

    def check_numbers(self) -> None:
        """In the tables and in the log: 1 to n, once each, one for each person."""
        rows = self.library.rows(ticket, queue_id=self.queue_id)
        assert sorted(row.number for row in rows) == list(range(1, self.size + 1))
        assert {row.person_id for row in rows} == {person.id for person in self.people}
        taken = [row.details["ticket_number"] for row in self.library.rows(event)
                 if row.kind == "TicketTaken"]  # fmt: skip
        assert taken == list(range(1, self.size + 1))


def test_two_hundred_join_in_the_same_second(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "data", CLASS)
    try:
        asyncio.run(_all_at_once(lab))
        lab.check_numbers()
    finally:
        lab.library.db.close()
        lab.server.stop(signal.SIGKILL)
    assert "Traceback" not in lab.server.output


async def _all_at_once(lab: Lab) -> None:
    students = lab.students()
    await appear(lab.server.port, students)
    began = time.monotonic()
    for student in students:
        student.join()
    assert time.monotonic() - began < 1
    numbers = await asyncio.gather(*(student.joined() for student in students))
    assert sorted(numbers) == list(range(1, CLASS + 1))
    for student in students:
        line = student.of("live_states.Line")
        await student.until(lambda line=line: line["given"] == CLASS)
        assert line["line"] == list(range(2, CLASS + 1))
        assert line["serving"] == [[1, ""]]
        rows = student.of("live_states.Tickets")["rows"]
        assert [row["status"] for row in rows] == [
            "serving" if rows[0]["number"] == 1 else "waiting"
        ]
        student.screen.close()


def test_a_class_that_sees_its_server_die_and_come_back(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "data", SMALL_CLASS)
    try:
        asyncio.run(_through_a_kill(lab))
        lab.check_numbers()
        done = lab.library.rows(ticket, queue_id=lab.queue_id)
        assert {row.status for row in done} == {"done"}
        kinds = Counter(
            (row.kind, row.details["ticket_number"])
            for row in lab.library.rows(event)
            if row.kind in ("TicketCalled", "TicketCompleted")
        )
        assert set(kinds.values()) == {1}  # nobody was called twice, or skipped
        assert len(kinds) == 2 * SMALL_CLASS
    finally:
        lab.library.db.close()
        lab.server.stop(signal.SIGKILL)
    assert "Traceback" not in lab.server.output


async def _through_a_kill(lab: Lab) -> None:
    chance = random.Random(SEED)
    professor, students = Professor(lab.queue_id, lab.staff_token), lab.students()
    await appear(lab.server.port, [professor, *students])
    early, late = students[: lab.size // 2], students[lab.size // 2 :]
    for student in early:
        student.join()
    promised = {student: await student.joined() for student in early}
    for student in late:  # the press and the power cut come while they are at it
        student.join()
        if chance.random() < 0.3:
            professor.press()
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    seen = {student: student.ticket["number"] for student in late if student.ticket}
    await asyncio.to_thread(lab.kill_and_start)
    await appear(lab.server.port, [professor, *students])
    professor.press(again=True)
    for student in late:
        student.join()
    promised |= {student: await student.joined() for student in late}
    assert {student: promised[student] for student in seen} == seen  # what was shown was kept
    for student, number in promised.items():
        assert student.ticket["number"] == number
    await professor.until(lambda: professor.open_tickets == lab.open_tickets())  # all have joined
    while left := professor.open_tickets:
        professor.press()
        await professor.until(lambda left=left: professor.open_tickets < left)
    await _all_see_the_same(lab, students, promised)


async def _all_see_the_same(
    lab: Lab, students: list[Student], promised: dict[Student, int]
) -> None:
    """Those that were there all the time show what somebody sees who has only just come."""
    fresh = Student(lab.code, lab.tokens[0], "1")
    await appear(lab.server.port, [fresh])
    wanted = {name: fresh.of("live_states.Line")[name] for name in _SHOWN}
    assert (wanted["given"], wanted["line"], wanted["serving"]) == (lab.size, [], [])
    for student in students:
        await student.until(
            lambda student=student: (
                student.ticket["status"] == "done"
                and wanted == {name: student.of("live_states.Line")[name] for name in _SHOWN}
            )
        )
        assert student.ticket["number"] == promised[student]
        student.screen.close()
    fresh.screen.close()
