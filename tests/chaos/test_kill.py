"""Killed under load, several times: every answer that was given is kept, and nothing is broken."""

import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import httpx

from tests import running
from tests.chaos.crowd import Answered, Log, Member
from tests.e2e.library import SECRET_KEY, Library

SEED = 20210001
MEMBERS = 20
LOCKERS = 6  # fewer than people, so that some are refused and wait
KILLS = 3
BETWEEN_KILLS = (60, 160)  # answers; with the seed it is always the same numbers
PATIENCE = 120.0
REPEATED = 25


def test_what_was_answered_is_there_after_each_kill(tmp_path: Path) -> None:
    data = tmp_path / "data"
    chance = random.Random(SEED)
    server = running.start(data, CUBBY_SECRET_KEY=SECRET_KEY)
    library = Library(data)
    bank_id = library.bank(count=LOCKERS)
    people = library.people(MEMBERS)
    tokens = {person.id or 0: library.token(person) for person in people}
    library.db.close()
    log = Log()
    members = [
        Member(server.url, token, person_id, bank_id, SEED + person_id, log)
        for person_id, token in tokens.items()
    ]
    for member in members:
        member.start()
    try:
        for _ in range(KILLS):
            log.wait_for(len(log.so_far()) + chance.randint(*BETWEEN_KILLS), PATIENCE)
            server.stop(signal.SIGKILL)
            answers = log.so_far()
            _check(data, answers)
            server = running.start(data, server.port, CUBBY_SECRET_KEY=SECRET_KEY)
            _repeat(server.url, tokens, chance.sample(answers, REPEATED), data)
        log.wait_for(len(log.so_far()) + BETWEEN_KILLS[0], PATIENCE)
        for member in members:
            member.stop()
        for member in members:
            member.join(PATIENCE)
        assert [member.failure for member in members if member.failure] == []
        assert server.stop() == 0
        assert "Traceback" not in server.output
    finally:
        server.stop(signal.SIGKILL)
    answers = log.so_far()
    _check(data, answers)
    # The crowd met what it was to meet, or all this would show little.
    met = Counter(answer.body.get("code", "done") for answer in answers)
    assert met["done"] > 100
    assert met["none_free"] > 0


def _check(data: Path, answers: list[Answered]) -> None:
    """The database is sound, and holds exactly one event for each answer."""
    database = sqlite3.connect(data / "cubby.db", isolation_level=None)
    try:
        database.execute("BEGIN")  # one snapshot: the crowd may be at work meanwhile
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        _check_answers(database, answers)
        _check_doors(database)
    finally:
        database.close()


def _check_answers(database: sqlite3.Connection, answers: Iterable[Answered]) -> None:
    kept: dict[str, list[tuple[str, int | None, int | None]]] = {}
    for key, *event in database.execute(
        "SELECT request_id, kind, actor_id, json_extract(details, '$.assignment_id') FROM event"
        " WHERE request_id IS NOT NULL AND actor_kind = 'person' ORDER BY id"
    ):
        kept.setdefault(key, []).append(tuple(event))
    lost = [answer for answer in answers if not _is_kept(answer, kept.get(answer.key, []))]
    assert lost == []


def _is_kept(answer: Answered, events: list[tuple[str, int | None, int | None]]) -> bool:
    """Whether the events of the answer's key are those of one such command, and of one only."""
    if any(actor_id != answer.person_id for _, actor_id, _ in events):
        return False
    kinds = Counter(kind for kind, _, _ in events)
    if answer.status == 409:
        return kinds == {"Refused": 1}
    verb = answer.path.rpartition("/")[2]
    wanted = {
        "take": "LockerAssigned",
        "give-back": "LockerReleased",
        "waits": "WaitJoined",
        "leave": "WaitEnded",
    }[verb]
    if kinds[wanted] != 1 or kinds["Refused"]:
        return False
    given = [assignment_id for kind, _, assignment_id in events if kind == wanted]
    return verb != "take" or given == [answer.body["assignment_id"]]


def _check_doors(database: sqlite3.Connection) -> None:
    """No door is with two people, nobody has two, and the events tell what the tables hold."""
    open_claims = database.execute(
        "SELECT locker_id, person_id FROM assignment WHERE released_at IS NULL"
    ).fetchall()
    assert len({locker_id for locker_id, _ in open_claims}) == len(open_claims)
    assert len({person_id for _, person_id in open_claims}) == len(open_claims)
    holders: dict[int, int] = {}
    for kind, locker_id, person_id in database.execute(
        "SELECT kind, locker_id, person_id FROM event"
        " WHERE kind IN ('LockerAssigned', 'LockerReleased') ORDER BY id"
    ):
        if kind == "LockerAssigned":
            assert holders.setdefault(locker_id, person_id) == person_id
        else:
            assert holders.pop(locker_id) == person_id
    assigned = database.execute(
        "SELECT locker_id, person_id FROM assignment"
        " WHERE released_at IS NULL AND assigned_at IS NOT NULL"
    )
    assert sorted(holders.items()) == sorted(assigned)


def _repeat(url: str, tokens: dict[int, str], answers: list[Answered], data: Path) -> None:
    """Answered requests, sent once more, get the same answer and do nothing."""
    with httpx.Client(base_url=f"{url}/api/v1", timeout=20) as client:
        for answer in answers:
            again = client.post(
                answer.path,
                headers={
                    "authorization": f"Bearer {tokens[answer.person_id]}",
                    "idempotency-key": answer.key,
                },
            )
            assert again.status_code == answer.status, again.text
            assert _said(again.json()) == _said(answer.body)
    _check(data, answers)


def _said(body: dict[str, object]) -> dict[str, object]:
    """The answer without what names this one occurrence of it."""
    return {name: value for name, value in body.items() if name != "instance"}
