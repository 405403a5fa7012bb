"""The whole program with a real broker, and somebody who plays the server."""

import errno
import fcntl
import os
import signal
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import cards
from edge.__main__ import main, wait_for_identity
from edge.control import Control, NoTerminal, ask
from edge.identity import CardKey, Identity, save
from edge.protocol import CmdOpen, CmdRestart, CmdTap, FaultOf, Presence, Status, new_id
from edge.reader.simulated import SimulatedReader
from edge.relay.relays import SimulatedRelays
from edge.settings import IDENTITY, PICTURE, Settings
from edge.store import DATABASE
from edge.terminal import End, Terminal
from tests.broker import TestBroker, mosquitto, wait_until
from tests.edge.stage import CARD, KEY, Server, Stage, Threaded, now_ms, stage

OWN = cards.card_id("k1", b"k" * 32, bytes.fromhex(CARD))


@pytest.fixture(scope="module")
def broker() -> Iterator[TestBroker]:
    with mosquitto() as running:
        yield running


@pytest.fixture
def place(broker: TestBroker, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    name = request.node.name.removeprefix("test_").replace("_", "-").partition("[")[0][:38]
    with stage(broker, name.rstrip("-"), tmp_path) as there:
        yield there


def _opened(server: Server) -> list[str | None]:
    return [one.re for one in server.facts("opened")]


def test_a_tap_an_answer_and_an_open_door(place: Stage) -> None:
    server = place.server
    with place.process() as terminal:
        server.wait_shown("Tap your card")
        shown = server.last("display")
        assert shown.lines == ["7 of 24 free"]
        info = server.last("info")
        assert (info.lockers, info.cfg, info.simulated) == ([17, 18], 1, True)
        terminal.tap()
        tap = server.wait("evt/tap")
        assert (tap.seq, tap.ts_q, tap.data.card) == (1, "srv", [OWN])
        assert abs(tap.ts - now_ms()) < 60_000
        server.answer(tap.id, locker="A17", open=17)
        assert server.wait("evt/opened").re == tap.id
        server.wait_shown("Locker A17")
        wait_until(lambda: (status := terminal.try_status()) and status["outbox"] == 0)
        assert (place.folder / PICTURE).read_bytes().startswith(b"\x89PNG")

        before = server.last("info"), terminal.pid
        server.tell("cmd/restart", CmdRestart(), exp=now_ms() + 5000)
        boot = tap.boot
        server.wait("avail", lambda one: one.boot > boot and one.data.state is Presence.ONLINE)
        assert terminal.pid == before[1], "the same process, begun anew"
        assert terminal.end(signal.SIGTERM) == 0
    server.wait("avail", lambda one: one.boot > boot and one.data.state is Presence.OFFLINE)
    assert server.last("display").headline == "Switched off"


def test_a_terminal_that_was_killed_says_again_what_was_not_answered(place: Stage) -> None:
    server = place.server
    with place.process() as terminal:
        server.wait_shown("Tap your card")
        terminal.tap()
        tap = server.wait("evt/tap")
        terminal.end(signal.SIGKILL)
        server.wait("avail", lambda one: one.data.state is Presence.LOST)
    with place.thread() as again:
        wait_until(lambda: len(server.facts("tap")) >= 2, "the tap again")
        assert {one.id for one in server.facts("tap")} == {tap.id}
        assert {one.seq for one in server.facts("tap")} == {1}
        server.answer(tap.id, open=17)
        wait_until(lambda: again.status()["outbox"] == 0, "an empty outbox")
        again.tap()
        later = server.wait("evt/tap", lambda one: one.id != tap.id)
        assert (later.seq, later.boot) == (2, tap.boot + 1)
        server.answer(later.id, "denied", reason="unknown_card")
        server.wait_shown("Unknown card")
        assert not again.status()["opened"], "the answer came after the start: it opens nothing"


def test_what_is_said_twice_or_too_late_opens_once_or_never(place: Stage) -> None:
    server = place.server
    with place.thread() as terminal:
        server.wait_shown("Tap your card")
        terminal.tap()
        tap = server.wait("evt/tap")
        for _ in range(3):
            server.answer(tap.id, locker="A17", open=17)
        order, command = CmdOpen(locker=18, label="A18"), new_id()
        stale, kept, late = new_id(), new_id(), new_id()
        server.tell("cmd/open", order, id=stale, exp=now_ms() - 1)
        server.tell("cmd/open", order, id=kept)
        for _ in range(2):
            server.tell("cmd/open", order, id=command, exp=now_ms() + 5000)
        server.answer(late, open=18)
        server.tell("cmd/tap", CmdTap(uid="04A22B1D"), id=late, exp=now_ms() + 5000)
        server.wait("evt/tap", lambda one: one.id != tap.id)
        wait_until(lambda: len(server.facts("opened")) >= 2, "two openings")
        replies = [
            (one.message.re, one.message.data.status) for one in server.said if one.tail == "res"
        ]
        assert replies == [
            (stale, Status.EXPIRED),
            (kept, Status.REJECTED),
            (command, Status.ACCEPTED),
            (command, Status.DONE),
            (command, Status.DONE),
            (late, Status.DONE),
        ]
        assert [one["re"] for one in terminal.status()["opened"]] == [tap.id, command]
        boot = tap.boot
    with place.thread() as again:
        server.wait("avail", lambda one: one.boot > boot and one.data.state is Presence.ONLINE)
        server.tell("cmd/open", order, id=command, exp=now_ms() + 5000)
        wait_until(lambda: [one for one in server.said if one.tail == "res"][6:], "an answer")
        assert not again.status()["opened"], "known on disk"
    assert set(_opened(server)) == {tap.id, command}


def test_what_the_broker_kept_opens_nothing(place: Stage) -> None:
    server = place.server
    order = CmdOpen(locker=17, label="A17")
    server.tell("cmd/open", order, exp=now_ms() + 60_000, retain=True)
    with place.thread() as terminal:
        server.wait_shown("Tap your card")
        live = new_id()
        server.tell("cmd/open", order, id=live, exp=now_ms() + 5000)
        server.wait("res", lambda one: one.data.status is Status.DONE)
        assert [one["re"] for one in terminal.status()["opened"]] == [live]
    server.send("cmd/open", b"", retain=True)


def test_taps_outlive_the_broker_and_come_in_order(tmp_path: Path) -> None:
    with mosquitto() as own, stage(own, "door", tmp_path) as place:
        server = place.server
        with place.thread() as terminal:
            server.wait_shown("Tap your card")
            terminal.tap("04A22B00")
            first = server.wait("evt/tap")
            own.down()
            wait_until(lambda: not terminal.status()["link"], "the end of the connection")
            for number in range(1, 5):
                terminal.tap(f"04A22B{number:02X}")
            wait_until(lambda: terminal.status()["outbox"] == 5, "five taps")
            assert terminal.status()["screen"]["headline"] == "Offline"
            own.up()
            server.reconnected()
            wait_until(lambda: len({one.id for one in server.facts("tap")}) == 5, "all taps")
            ids = list(dict.fromkeys(one.id for one in server.facts("tap")))
            assert ids[0] == first.id
            by_id = {one.id: one.seq for one in server.facts("tap")}
            assert [by_id[one] for one in ids] == [1, 2, 3, 4, 5]
            for one in ids:
                server.answer(one, "stale")
            wait_until(lambda: terminal.status()["outbox"] == 0, "an empty outbox")


def test_without_the_server_a_holder_opens_by_a_grant(place: Stage) -> None:
    server = place.server
    server.grant(OWN, 17)
    with place.thread() as terminal:
        server.wait_shown("Tap your card")
        server.alive()  # by a word that is live the time is known
        wait_until(lambda: terminal.status()["grants"] == 1, "the grants")
        server.alive("stopping")
        server.wait_shown("Offline")
        terminal.tap()
        opened = server.wait("evt/offline_open")
        tap = server.wait("evt/tap")
        assert (opened.data.locker, opened.data.card, opened.re) == (17, [OWN], tap.id)
        server.wait_shown("Locker A17")
        terminal.tap("04A22B1D")
        server.wait_shown("Offline")
        assert len(terminal.status()["opened"]) == 1
        server.alive()
        wait_until(lambda: terminal.status()["server"], "the server")


def test_grants_of_somebody_else_are_none(place: Stage) -> None:
    server = place.server
    server.send("grants", server.grants_body(OWN, 17, of="another"), retain=True)
    with place.thread() as terminal:
        wait_until(lambda: terminal.status()["counters"].get("invalid"), "a refusal")
        assert terminal.status()["grants"] == 0


def test_garbage_on_every_topic_changes_nothing(place: Stage) -> None:
    server = place.server
    garbage = [b"\x00\xff", b"{}", b"[" * 5000, b'{"v":2}', b"<script>", b"x" * 15_000]
    with place.thread() as terminal:
        server.wait_shown("Tap your card")
        tails = ["ack", "cmd/open", "cmd/nothing", "cmd/open/more", "cfg", "grants", "idle"]
        for tail in tails:
            for body in garbage:
                server.send(tail, body)
        expected = len(tails) * len(garbage)
        wait_until(lambda: terminal.status()["counters"].get("invalid", 0) >= expected, "all of it")
        with pytest.raises(NoTerminal, match="digits"):
            terminal.tap("xyz")
        with pytest.raises(NoTerminal, match="can't be asked"):
            ask(place.folder, {"do": "dance"})
        terminal.tap()
        server.answer(server.wait("evt/tap").id, locker="A17", open=17)
        server.wait_shown("Locker A17")
        assert "errors" not in terminal.status()["counters"]


def test_a_dead_reader_is_shown_and_told_and_so_is_its_return(place: Stage) -> None:
    server = place.server
    with place.thread() as terminal:
        server.wait_shown("Tap your card")
        ask(place.folder, {"do": "reader", "fail": "It doesn't answer."})
        server.wait("evt/fault", lambda one: one.data.of is FaultOf.READER and not one.data.over)
        server.wait_shown("Reader broken")
        ask(place.folder, {"do": "reader", "fail": ""})
        server.wait("evt/fault", lambda one: one.data.over)
        server.wait_shown("Tap your card")
        assert terminal.status()["faults"] == []


def test_whatever_fails_at_the_end_the_relays_are_given_back(
    place: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("of a driver")

    closed: list[object] = []
    monkeypatch.setattr(SimulatedReader, "close", fail)
    monkeypatch.setattr(SimulatedRelays, "close", lambda self: closed.append(self))
    terminal = Terminal(Settings(place.folder, "simulated", "picture", "simulated"), place.who)
    terminal.stop()
    with pytest.raises(RuntimeError, match="of a driver"):
        terminal.run()
    assert closed
    with pytest.raises(NoTerminal):
        ask(place.folder, {"do": "status"})


def test_a_question_that_could_not_be_taken_is_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.control.PAUSE_S", 0.0)
    accept, tries = socket.socket.accept, iter([OSError(errno.EMFILE, "Too many open files")])

    def too_many(listener: socket.socket) -> object:
        for error in tries:
            raise error
        return accept(listener)

    monkeypatch.setattr(socket.socket, "accept", too_many)
    control = Control(tmp_path, lambda asked: asked.answer.set_result({"ok": True}))
    assert ask(tmp_path, {"do": "status"}) == {"ok": True}
    control.close()


def test_a_full_outbox_takes_no_taps_and_recovers(place: Stage) -> None:
    server = place.server
    with place.thread(cap=2) as terminal:
        server.wait_shown("Tap your card")
        for number in range(3):
            terminal.tap(f"04A22B{number:02X}")
        server.wait_shown("Out of service")
        assert terminal.status()["outbox"] == 2
        for tap in {one.id for one in server.facts("tap")}:
            server.answer(tap, "denied")
        fault = server.wait("evt/fault", lambda one: one.data.of is FaultOf.STORAGE)
        assert "full" in fault.data.text
        server.wait("evt/fault", lambda one: one.data.over)
        terminal.tap()
        server.wait("evt/tap", lambda one: one.data.card == [OWN])


def test_a_damaged_database_is_told_and_the_terminal_works(place: Stage) -> None:
    server = place.server
    (place.folder / DATABASE).write_bytes(b"SQLite format 3\x00" + os.urandom(9000))
    with place.thread() as terminal:
        fault = server.wait("evt/fault", lambda one: one.data.of is FaultOf.STORAGE)
        assert "damaged" in fault.data.text
        server.wait("evt/fault", lambda one: one.data.over)
        server.wait_shown("Tap your card")
        terminal.tap()
        server.wait("evt/tap")


def test_it_works_by_what_it_was_told_before_when_nobody_is_there(tmp_path: Path) -> None:
    with mosquitto() as own, stage(own, "door", tmp_path) as place:
        with place.thread() as terminal:
            place.server.wait_shown("Tap your card")
        own.down()
        with place.thread() as terminal:
            assert terminal.status()["cfg"] == 1
            terminal.tap()
            wait_until(lambda: terminal.status()["screen"]["headline"] == "Offline", "an answer")
            assert terminal.status()["outbox"] == 1


def test_what_belongs_to_another_terminal_is_not_said_as_ones_own(place: Stage) -> None:
    with place.thread() as terminal:
        place.server.wait_shown("Tap your card")
        terminal.tap()
        place.server.wait("evt/tap")
    with sqlite3.connect(place.folder / DATABASE) as connection:
        connection.execute("UPDATE kept SET body = ? WHERE name = 'terminal'", (b"another",))
    with place.thread() as terminal:
        assert terminal.status()["outbox"] == 0


def test_a_terminal_that_is_not_let_in_says_so(place: Stage) -> None:
    stranger = place.who.model_copy(update={"password": "wrong"})
    terminal = Threaded(place.folder, stranger)
    try:
        wait_until(lambda: terminal.status()["screen"]["headline"] == "Not admitted")
    finally:
        terminal.close()


def test_a_new_epoch_is_told_everything_again(place: Stage) -> None:
    server = place.server
    with place.thread():
        server.wait_shown("Tap your card")
        server.said.clear()
        server.alive(epoch="e2")
        for tail in ("avail", "info", "display", "tele"):
            server.wait(tail)


def test_being_provisioned_anew_begins_anew(place: Stage) -> None:
    with place.thread() as terminal:
        place.server.wait_shown("Tap your card")
        more = [CardKey(kid="k2", key=KEY), *place.who.card_keys]
        save(place.folder / IDENTITY, place.who.model_copy(update={"card_keys": more}))
        assert terminal.wait_end() is End.RESTART


def test_two_do_not_share_a_folder_and_nobody_answers_in_an_empty_one(
    place: Stage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (place.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(["--dir", str(place.folder)]) == 1
    with pytest.raises(NoTerminal):
        ask(tmp_path_factory.mktemp("empty"), {"do": "status"})


def test_without_an_identity_it_shows_how_to_get_one_and_waits(place: Stage) -> None:
    folder = place.folder / "empty"
    folder.mkdir()
    found: list[Identity | None] = []
    wanted = threading.Event()
    settings = Settings(folder, "simulated", "picture", "simulated")
    waiting = threading.Thread(target=lambda: found.append(wait_for_identity(settings, wanted)))
    waiting.start()
    wait_until((folder / PICTURE).exists, "a picture")
    save(folder / IDENTITY, place.who)
    waiting.join(20)
    assert found == [place.who]
    (folder / IDENTITY).write_bytes(b"damaged")
    wanted.set()
    assert wait_for_identity(settings, wanted) is None
