"""Terminals and commands, with a real broker and a real database between."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from edge.protocol import FROM_TERMINAL, MAX_BYTES, dump
from edge.signing import is_genuine
from locker_app.bridge import link, runner, voices
from locker_app.brokers.choosing import Running
from locker_app.brokers.rights import BRIDGES
from locker_app.db.database import Database
from locker_app.db.tables import (
    assignment,
    event,
    terminal,
    terminal_alert,
    terminal_command,
)
from locker_app.domain.terminals import CommandKind, TapMode, TerminalKind, TerminalPlan
from locker_app.services.commands import tell
from locker_app.services.doors import open_door
from locker_app.services.lockers import give_back
from locker_app.services.terminals import change_terminal, revoke_terminal
from tests.bridge.stage import Bridging, Now, Stage, Terminal, eventually, stage_of
from tests.broker import Client, TestBroker, embedded
from tests.world import World


def kinds(stage: Stage, kind: str) -> int:
    return len(stage.world.rows(event, kind=kind))


def alerts(stage: Stage, kind: str) -> list[Any]:
    return stage.world.rows(terminal_alert, kind=kind, cleared_at=None)


def status(stage: Stage) -> list[str]:
    return [row.status for row in stage.world.rows(terminal_command)]


class TestTaps:
    def test_a_tap_gets_a_locker_and_all_displays_and_grants_follow(self, stage: Stage) -> None:
        world = stage.world
        bank = world.bank(count=3)
        one, other = stage.terminal(bank), stage.terminal(bank)
        person = world.person()
        number = stage.card_of(person)
        answer = one.answer(one.tap(number))
        assert (answer.verdict, answer.locker, answer.open) == ("assigned", "A1", 1)
        for terminal_ in (one, other):
            assert terminal_.until_told("idle", lambda idle: idle.free == 2).total == 3
            grants = terminal_.until_told("grants", lambda said: len(said.grants) == 1)
            key = _key(terminal_)
            assert is_genuine(key, terminal_.login, grants)
            assert not is_genuine(key, "t-somebody", grants)
            assert (grants.grants[0].card, grants.grants[0].locker) == ([number], 1)
        (taken,) = world.rows(assignment)
        world.run(person, give_back, assignment_id=taken.id)
        one.until_told("idle", lambda idle: idle.free == 3)
        one.until_told("grants", lambda said: not said.grants)

    def test_however_often_it_is_sent_it_counts_once(self, stage: Stage) -> None:
        bank = stage.world.bank(count=3)
        one = stage.terminal(bank)
        tap = one.tap(stage.card_of(stage.world.person()))
        for _ in range(4):
            one.send("evt/tap", dump(tap))
        first = one.answer(tap)
        one.send("evt/tap", dump(tap))
        eventually(lambda: len(one.answers(tap.id)) > 1)
        assert {dump_of(answer) for answer in one.answers(tap.id)} == {first.model_dump_json()}
        assert len(stage.world.rows(assignment)) == kinds(stage, "LockerAssigned") == 1
        assert kinds(stage, "CardTapped") == 1

    def test_killed_between_commit_and_answer_it_still_counts_once(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        number = stage.card_of(stage.world.person())
        publish = link.Link.publish

        def but_answers(self: link.Link, topic: str, body: bytes, **more: Any) -> bool:
            return not topic.endswith("/ack") and publish(self, topic, body, **more)

        with monkeypatch.context() as patch:
            patch.setattr(link.Link, "publish", but_answers)
            tap = one.tap(number)
            eventually(lambda: kinds(stage, "LockerAssigned"))
            stage.stop(stage.bridges[0])
        assert one.answers(tap.id) == []
        stage.start()
        one.send("evt/tap", dump(tap))
        assert one.answer(tap).verdict == "assigned"
        assert len(stage.world.rows(assignment)) == 1

    def test_a_repeat_that_is_late_opens_nothing(self, stage: Stage) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        tap = one.tap(stage.card_of(stage.world.person()))
        assert one.answer(tap).open == 1
        now: Any = stage.world.clock
        now.ahead = timedelta(seconds=11)
        stage.stop(stage.bridges[0])
        stage.start(clock=lambda: stage.world.clock.now)
        one.send("evt/tap", dump(tap))
        eventually(lambda: len(one.answers(tap.id)) > 1)
        again = one.answers(tap.id)[-1].data
        assert (again.verdict, again.open) == ("assigned", None)

    def test_a_tap_that_was_kept_for_long_is_stale(self, stage: Stage) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        number = stage.card_of(stage.world.person())
        fresh = one.message("evt/tap", {"card": [number], "mode": "locker"})
        late = one.tap(number, ts=fresh.ts - 60_000)
        nobodys = one.tap(number, ts_q="none")
        for tap in (late, nobodys):
            answer = one.answer(tap)
            assert (answer.verdict, answer.open) == ("stale", None)
        assert stage.world.rows(assignment) == []

    def test_they_are_applied_in_order(self, stage: Stage) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        numbers = [stage.card_of(stage.world.person()) for _ in range(3)]
        messages = [
            one.message("evt/tap", {"card": [number], "mode": "locker"}, seq=seq)
            for seq, number in enumerate(numbers, 1)
        ]
        for message in reversed(messages):
            one.send("evt/tap", dump(message))
        assert [one.answer(message).locker for message in messages] == ["A1", "A2", "A3"]
        assert alerts(stage, "gap") == []
        assert stage.world.row(terminal, one.id).seq == 3

    def test_what_never_comes_is_an_alert_and_holds_up_nobody(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(voices, "WAIT_SECONDS", 0.2)
        one = stage.terminal(stage.world.bank(count=3))
        first = one.tap(stage.card_of(stage.world.person()))
        assert one.answer(first).verdict == "assigned"
        one.seq += 2
        after = one.tap(stage.card_of(stage.world.person()))
        assert one.answer(after).verdict == "assigned"
        (alert,) = alerts(stage, "gap")
        assert alert.details == {"after": 1, "before": 4}
        late = one.tap(stage.card_of(stage.world.person()), seq=2)
        assert one.answer(late).verdict == "assigned", "late, and applied all the same"
        assert stage.world.row(terminal, one.id).seq == 4

    def test_another_fact_with_the_same_id_is_refused(self, stage: Stage) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        tap = one.tap(stage.card_of(stage.world.person()))
        assert one.answer(tap).verdict == "assigned"
        other = one.tap(stage.card_of(stage.world.person()), id=tap.id)
        eventually(lambda: len(one.answers(tap.id)) > 1)
        assert one.answers(tap.id)[-1].data.reason == "key_reused"
        assert (len(stage.world.rows(assignment)), other.id) == (1, tap.id)


class TestOtherFacts:
    def test_all_are_answered_once_and_kept(self, stage: Stage) -> None:
        world = stage.world
        one = stage.terminal(world.bank(count=3))
        number = stage.card_of(world.person())
        tap = one.tap(number)
        assert one.answer(tap).locker == "A1"
        facts = [
            one.fact("evt/opened", {"locker": 1}, re=tap.id),
            one.fact("evt/door", {"locker": 1, "open": True}),
            one.fact("evt/fault", {"of": "reader", "text": "it is silent"}),
            one.fact("evt/fault", {"of": "door", "locker": 1}),
            one.fact("evt/offline_open", {"card": [number], "locker": 1, "grants": 1}),
            one.fact("evt/offline_open", {"card": [number], "locker": 2, "grants": 1}),
            one.fact("evt/opened", {"locker": 77}),
        ]
        for fact in facts:
            one.send(tail_of(fact), dump(fact))
            assert one.answer(fact).verdict == "noted"
        assert [kinds(stage, kind) for kind in ("DoorOpened", "DoorMoved")] == [1, 1]
        assert kinds(stage, "OpenedOffline") == 2
        (stuck,) = alerts(stage, "stuck")
        assert stuck.count == 1
        assert len(alerts(stage, "fault")) == 1
        (conflict,) = alerts(stage, "conflict")
        assert conflict.details["locker"] == "A2", "it was nobody's"
        over = [
            one.fact("evt/fault", {"of": "reader", "over": True}),
            one.fact("evt/opened", {"locker": 1}),
        ]
        for fact in over:
            one.answer(fact)
        assert alerts(stage, "fault") == alerts(stage, "stuck") == []

    def test_what_it_is_and_shows_and_how_it_goes(self, stage: Stage) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        info = {
            "kind": "locker",
            "version": "1.2",
            "reader": "simulated",
            "display": "picture",
            "lockers": [1, 2, 3],
            "simulated": True,
            "cfg": 1,
            "kids": [],
        }
        one.say("info", info, retain=True)
        one.say("display", {"headline": "Tap your card"}, retain=True)
        one.say("tele", {"outbox": 3})
        row = lambda: stage.world.row(terminal, one.id)  # noqa: E731
        eventually(lambda: row().version == "1.2")
        assert (row().served, row().simulated, row().cfg_seen) == ([1, 2, 3], True, 1)
        seen = stage.bridges[0].seen
        eventually(lambda: seen.of(one.id).shown and seen.of(one.id).telemetry)
        assert seen.of(one.id).shown.headline == "Tap your card"  # pyright: ignore
        before = kinds(stage, "TerminalHeard")
        one.say("info", info, retain=True)
        one.answer(one.fact("evt/door", {"locker": 1, "open": True}))
        assert kinds(stage, "TerminalHeard") == before, "the same again is no news"

    def test_a_clock_that_is_wrong_is_an_alert_until_it_is_right(self, stage: Stage) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        now = one.message("tele", {"outbox": 0}).ts
        one.say("tele", {"outbox": 0}, ts=now + 3_600_000)
        eventually(lambda: alerts(stage, "clock"))
        one.say("tele", {"outbox": 0})
        eventually(lambda: not alerts(stage, "clock"))


class TestPresence:
    def test_lost_and_back_and_an_old_last_will(self, stage: Stage) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        one.break_off()
        eventually(lambda: stage.state(one.id) == "lost")
        one.boot = 2
        one.connect()
        eventually(lambda: stage.state(one.id) == "online")
        one.say("avail", {"state": "lost"}, boot=1)
        one.answer(one.fact("evt/door", {"locker": 1, "open": True}, boot=2))
        assert stage.state(one.id) == "online"
        assert stage.world.row(terminal, one.id).boot == 2

    def test_who_is_silent_for_long_is_lost(self, stage: Stage) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        bridge = stage.bridges[0]
        eventually(lambda: bridge.bridge._voices[one.id].is_online)
        bridge.call(lambda: bridge.bridge._voices[one.id].gone())
        eventually(lambda: stage.state(one.id) == "lost")
        one.say("avail", {"state": "online"}, retain=True)
        eventually(lambda: stage.state(one.id) == "online")


BAD = (
    b"",
    b"\xff\xfe\x00",
    b"not json",
    b"[]",
    b"{}",
    b'{"v":2}',
    b"<html><script>alert(1)</script></html>",
    b"[" * 5000,
    b'{"v":1,"id":"x","boot":-1,"seq":1e400,"ts":1,"ts_q":"ntp","data":{}}',
    b'"' + b"x" * (MAX_BYTES + 1) + b'"',
)


class TestOddInput:
    def test_garbage_on_every_topic_and_it_goes_on(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(voices, "TOLD_EVERY_SECONDS", 0.1)
        one = stage.terminal(stage.world.bank(count=3))
        for tail in (*FROM_TERMINAL, "evt/unheard_of"):
            for body in BAD:
                one.send(tail, body)
        one.send("evt/tap", dump(one.message("avail", {"state": "online"})))
        number = stage.card_of(stage.world.person())
        assert one.answer(one.tap(number)).verdict == "assigned"
        bad = (len(FROM_TERMINAL) + 1) * (len(BAD) - 1) + 1  # what is empty says nothing
        counted = lambda: sum(alert.count for alert in alerts(stage, "bad_messages"))  # noqa: E731
        eventually(lambda: counted() == bad, "the last ones, when nothing comes after them")
        assert stage.bridges[0].bridge.connected
        assert len(stage.world.rows(assignment)) == 1
        (alert,) = alerts(stage, "bad_messages")
        assert "script" not in str(alert.details)

    def test_a_megabyte_on_every_topic_is_refused_and_the_next_message_is_taken(
        self, stage: Stage
    ) -> None:
        one, bridge = stage.terminal(stage.world.bank(count=3)), stage.bridges[0]
        tails = (*FROM_TERMINAL, "evt/unheard_of")
        tap = one.message("evt/tap", _tap(stage.card_of(stage.world.person())), seq=1)
        huge = dump(tap)[:-1] + b',"more":"' + b"x" * 2**20 + b'"}'
        one.leave()
        for tail in tails:  # our broker ends the connection
            with Client(stage.broker, one.login, one.given.password) as client:
                client.paho.publish(one.topic(tail), huge, 0 if tail == "tele" else 1)
                client.wait_end()
        taken: list[str] = []
        for tail in tails:  # another one may pass it on
            came = link.Incoming(one.topic(tail), huge, False, lambda tail=tail: taken.append(tail))
            bridge.call(bridge.bridge._hear, came)
        eventually(lambda: len(taken) == len(tails), "all of them")
        eventually(lambda: alerts(stage, "bad_messages"))
        assert not stage.world.rows(assignment)
        assert one.connect().answer(one.tap(tap.data.card[0])).verdict == "assigned"
        assert kinds(stage, "CardTapped") == 1

    def test_nobody_speaks_for_another_or_elsewhere(self, stage: Stage) -> None:
        bank = stage.world.bank(count=3)
        one, other = stage.terminal(bank), stage.terminal(bank)
        number = stage.card_of(stage.world.person())
        tap = other.message("evt/tap", {"card": [number], "mode": "locker"}, seq=1)
        assert one.client is not None
        one.client.paho.publish(other.topic("evt/tap"), dump(tap), 1)
        elsewhere = f"cubby/1/999/{one.login}/evt/tap"
        one.client.paho.publish(elsewhere, dump(one.message("evt/tap", _tap(number), seq=1)), 1)
        own = one.tap(number)
        assert one.answer(own).verdict == "assigned"
        assert other.answers(tap.id) == []
        assert len(stage.world.rows(assignment)) == 1
        eventually(lambda: alerts(stage, "bad_messages"))

    def test_who_joins_a_group_takes_nothing_from_the_server(self, stage: Stage) -> None:
        bank = stage.world.bank(count=3)
        one, thief = stage.terminal(bank), stage.terminal(bank)
        assert thief.client is not None
        for group in ("cubby", "cubby-2", thief.login):
            thief.client.subscribe(f"$share/{group}/cubby/1/+/+/evt/#")
        facts = [one.fact("evt/door", {"locker": 1, "open": True}) for _ in range(8)]
        assert {one.answer(fact).verdict for fact in facts} == {"noted"}

    def test_a_fact_of_a_kind_that_is_not_known_is_noted(self, stage: Stage) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        newer = one.message("evt/door", {"locker": 1, "open": True}, seq=1)
        one.send("evt/weighed", dump(newer))
        assert one.answer(newer).verdict == "noted"
        one.seq = 1
        assert one.answer(one.tap(stage.card_of(stage.world.person()))).verdict == "assigned"
        (alert,) = alerts(stage, "bad_messages")
        assert (alert.count, "evt/weighed" in alert.details["why"]) == (1, True)
        assert alerts(stage, "gap") == []

    def test_a_fact_with_a_value_that_is_not_known_is_answered(self, stage: Stage) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        newer = one.message("evt/fault", {"of": "reader"}, seq=1)
        one.send("evt/fault", dump(newer).replace(b'"reader"', b'"battery"'))
        assert one.answer(newer).verdict == "noted"
        tap = one.message("evt/tap", _tap(stage.card_of(stage.world.person())), seq=2)
        one.send("evt/tap", dump(tap).replace(b'"locker"', b'"parcel"'))
        assert one.answer(tap).verdict == "denied", "who stands there sees that it was no tap"
        (alert,) = alerts(stage, "bad_messages")
        assert (alert.count, alert.details["why"]) == (2, "evt/tap: enum at data.mode")
        assert (alerts(stage, "gap"), kinds(stage, "CardTapped")) == ([], 0)

    def test_what_is_retained_where_nothing_may_be_is_counted_once_and_goes(
        self, stage: Stage
    ) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        assert one.client is not None
        elsewhere = f"cubby/1/999/{one.login}/info"
        stage.stop(stage.bridges[0])
        one.client.publish(elsewhere, b"{}", retain=True)
        for _ in range(2):
            stage.start()
            eventually(lambda: alerts(stage, "bad_messages"))
            one.answer(one.fact("evt/door", {"locker": 1, "open": True}))
            stage.stop(stage.bridges[0])
        (alert,) = alerts(stage, "bad_messages")
        assert alert.count == 1
        with Client(stage.broker) as server:
            server.subscribe(elsewhere)
            server.publish(elsewhere, b"the first of all")
            assert server.next().payload == b"the first of all", "so nothing was retained"

    def test_a_fact_that_comes_as_retained_is_cleared(self, stage: Stage) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        body = dump(one.message("evt/tap", _tap(stage.card_of(stage.world.person())), seq=1))
        bridge, topic = stage.bridges[0], one.topic("evt/tap")
        with Client(stage.broker, BRIDGES[2], stage.broker.broker.password) as server:
            server.subscribe(topic)
            came = link.Incoming(topic, body, retained=True, taken=lambda: None)
            bridge.call(bridge.bridge._hear, came)
            assert server.next().payload == b"", "whichever broker hands it out"
        eventually(lambda: alerts(stage, "bad_messages"))
        assert kinds(stage, "CardTapped") == 0

    def test_a_retained_fact_is_none(self, stage: Stage) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        number = stage.card_of(stage.world.person())
        assert one.answer(one.tap(number)).verdict == "assigned"
        stage.stop(stage.bridges[0])
        one.send("evt/tap", dump(one.message("evt/tap", _tap(number), seq=2)), retain=True)
        stage.start()
        after = one.fact("evt/door", {"locker": 1, "open": True}, seq=3)
        one.answer(after)
        assert kinds(stage, "CardTapped") == 1
        one.send("evt/tap", b"", retain=True)


class TestCommands:
    def test_sent_then_accepted_then_done(self, stage: Stage) -> None:
        world = stage.world
        bank = world.bank(count=3)
        one = stage.terminal(bank)
        admin = world.staff()
        assert world.run(admin, open_door, locker_id=world.locker_ids(bank)[1]) == "A2"
        told = one.next("cmd/open")
        assert (told.data.locker, told.data.label) == (2, "A2")
        assert told.exp is not None
        assert 0 < told.exp - told.ts <= 5000
        eventually(lambda: status(stage) == ["sent"])
        one.say("res", {"status": "accepted"}, re=told.id)
        eventually(lambda: status(stage) == ["accepted"])
        one.answer(one.fact("evt/opened", {"locker": 2}, re=told.id))
        one.say("res", {"status": "done"}, re=told.id)
        eventually(lambda: status(stage) == ["done"])
        moved = [row.details["status"] for row in world.rows(event, kind="CommandMoved")]
        assert moved == ["sent", "accepted", "done"]
        assert kinds(stage, "DoorOpened") == 1

    def test_each_kind_reaches_it(self, stage: Stage) -> None:
        world = stage.world
        one = stage.terminal(world.bank(count=3))
        world.change(terminal.update().values(simulated=True))
        admin = world.staff()
        for kind, tail in (
            (CommandKind.IDENTIFY, "cmd/show"),
            (CommandKind.SYNC, "cmd/sync"),
            (CommandKind.RESTART, "cmd/restart"),
            (CommandKind.TAP, "cmd/tap"),
        ):
            world.run(admin, tell, terminal_id=one.id, kind=kind, uid="04a1b2c3d4e5f6")
            one.next(tail)
        assert one.told("cmd/show")[0].data.identify
        assert one.told("cmd/tap")[0].data.uid == "04A1B2C3D4E5F6"

    def test_what_was_given_while_nobody_could_send_it_is_sent_never(self, stage: Stage) -> None:
        world = stage.world
        one = stage.terminal(world.bank(count=3))
        stage.stop(stage.bridges[0])
        world.run(world.staff(), tell, terminal_id=one.id, kind=CommandKind.SYNC)
        now: Any = world.clock
        now.ahead = timedelta(seconds=6)
        stage.start(clock=lambda: world.clock.now)
        one.until_told("state", lambda said: said.state == "online")
        assert status(stage) == ["given"]
        world.run_due()
        assert (status(stage), one.told("cmd/sync")) == (["expired"], [])

    def test_one_that_is_young_enough_is_sent_by_the_next_bridge(self, stage: Stage) -> None:
        world = stage.world
        one = stage.terminal(world.bank(count=3))
        stage.stop(stage.bridges[0])
        world.run(world.staff(), tell, terminal_id=one.id, kind=CommandKind.SYNC)
        stage.start()
        one.next("cmd/sync")
        eventually(lambda: status(stage) == ["sent"])

    def test_without_a_word_it_times_out_and_what_is_said_late_counts(self, stage: Stage) -> None:
        world = stage.world
        one = stage.terminal(world.bank(count=3))
        world.run(world.staff(), tell, terminal_id=one.id, kind=CommandKind.SYNC)
        told = one.next("cmd/sync")
        now: Any = world.clock
        now.ahead = timedelta(seconds=9)
        world.run_due()
        assert status(stage) == ["timed_out"]
        one.say("res", {"status": "done"}, re=told.id)
        eventually(lambda: status(stage) == ["done"])
        assert len(one.told("cmd/sync")) == 1

    def test_nobody_ends_the_command_of_another(self, stage: Stage) -> None:
        world = stage.world
        bank = world.bank(count=3)
        one, other = stage.terminal(bank), stage.terminal(bank)
        world.run(world.staff(), tell, terminal_id=one.id, kind=CommandKind.SYNC)
        told = one.next("cmd/sync")
        other.say("res", {"status": "done"}, re=told.id)
        other.answer(other.fact("evt/door", {"locker": 1, "open": True}))
        assert status(stage) == ["sent"]


class TestSetUp:
    def test_a_change_reaches_it(self, stage: Stage) -> None:
        world = stage.world
        gate = stage.terminal(site_id=world.site())
        first = gate.next("cfg").data
        assert (first.kind, first.mode) == ("gate", "gate")
        plan = TerminalPlan("Exit", TerminalKind.GATE, TapMode.OUT, place="North")
        world.run(world.staff(), change_terminal, terminal_id=gate.id, plan=plan)
        told = gate.until_told("cfg", lambda cfg: cfg.version > first.version)
        assert (told.name, told.mode, told.place) == ("Exit", "out", "North")

    def test_revoked_it_is_cut_off_and_answered_no_more(self, stage: Stage) -> None:
        world = stage.world
        one = stage.terminal(world.bank(count=3))
        assert one.client is not None
        world.run(world.staff(), revoke_terminal, terminal_id=one.id, reason="stolen")
        assert one.client.ended.wait(10), "its connection ends"
        stage.bridges[0].call(lambda: None)
        number = stage.card_of(world.person())
        with Client(stage.broker) as somebody:  # as if it had found a way in
            message = one.message("evt/tap", _tap(number), seq=1)
            somebody.subscribe(one.topic("#"))
            somebody.publish(one.topic("evt/tap"), dump(message))
        assert world.rows(assignment) == []
        one.client = None

    def test_another_device_takes_over(self, stage: Stage) -> None:
        world = stage.world
        one = stage.terminal(world.bank(count=3))
        one.break_off()
        one.boot = 99
        one.connect()
        assert one.answer(one.tap(stage.card_of(world.person()))).verdict == "assigned"
        eventually(lambda: world.row(terminal, one.id).boot == 99)
        again = Terminal(stage, one.id, stage.provision(one.id))
        assert one.client is not None
        assert one.client.ended.wait(10), "the old device's connection ends"
        one.client.__exit__(None, None, None)
        one.client = None
        again.connect()
        stage.terminals.append(again)
        tap = again.tap(stage.card_of(world.person()))
        assert again.answer(tap).verdict == "assigned", "with numbers of its own, from 1 on"
        again.until_told("grants", lambda said: is_genuine(_key(again), again.login, said))
        told = [said.data for said in again.told("grants")]
        assert all(is_genuine(_key(again), again.login, said) for said in told), "none of the old"
        assert alerts(stage, "gap") == []
        eventually(lambda: stage.state(one.id) == "online")
        assert world.row(terminal, one.id).boot == 1, "whatever the old one's last will said"


class TestBrokerAway:
    def test_one_that_has_forgotten_everything_is_filled_again(self, sqlite_world: World) -> None:
        with embedded() as broker, stage_of(sqlite_world, broker) as stage:
            bridge = stage.start()
            one = stage.terminal(sqlite_world.bank(count=3))
            epoch = bridge.bridge._outbound.epoch
            one.next("cfg")
            one.next("idle")
            broker.down()
            eventually(lambda: not bridge.bridge.connected)
            assert stage.bridges[0].seen.broker_for(1).why
            one.heard.clear()
            broker.up()
            bridge.until_connected()
            assert one.client is not None
            one.subscribe()
            for tail in ("cfg", "grants", "idle"):
                one.next(tail)
            one.until_told("state", lambda said: said.epoch != epoch)
            assert one.answer(one.tap(stage.card_of(sqlite_world.person()))).locker == "A1"

    def test_it_is_told_when_the_server_stops_and_is_back_in_the_same_epoch(
        self, stage: Stage
    ) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        epoch = stage.bridges[0].bridge._outbound.epoch
        one.until_told("state", lambda said: said.epoch == epoch)
        stage.stop(stage.bridges[0])
        one.until_told("state", lambda said: said.state == "stopping")
        stage.start()
        back = one.until_told("state", lambda said: said.state == "online")
        assert back.epoch == epoch, "the broker has forgotten nothing"

    def test_a_fault_of_the_bridge_begins_it_again(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        one = stage.terminal(stage.world.bank(count=3))
        stage.stop(stage.bridges[0])
        look, faults = runner.Bridge._look_after_silent, [ZeroDivisionError("once")]

        async def fails_once(bridge: runner.Bridge) -> None:
            if faults:
                raise faults.pop()
            await look(bridge)

        monkeypatch.setattr(runner, "RETRY_SECONDS", 0.05)
        monkeypatch.setattr(runner.Bridge, "_look_after_silent", fails_once)
        stage.start()
        assert one.answer(one.tap(stage.card_of(stage.world.person()))).locker == "A1"
        assert "begins again soon" in caplog.text


@pytest.fixture
def shared_stage(
    new_database_url: Callable[..., str], real_mosquitto: TestBroker
) -> Iterator[tuple[Stage, Database]]:
    """A library on PostgreSQL, and the database once more, as another process has it."""
    url = new_database_url("postgresql")
    with (
        closing(Database(url)) as db,
        closing(Database(url)) as second,
        stage_of(World(db, Now()), real_mosquitto) as stage,
    ):
        yield stage, second


def test_two_bridges_send_a_command_once_and_share_the_taps(
    shared_stage: tuple[Stage, Database],
) -> None:
    stage, second = shared_stage
    world = stage.world
    one = stage.start(alone=False)
    running = stage.broker.running
    broker = replace(running.broker, user=BRIDGES[1])
    stage.broker.running = Running(broker, running.accounts)
    try:
        two = stage.start(second, alone=False)
    finally:
        stage.broker.running = running
    device = stage.terminal(world.bank(count=30), relays={1: 2})
    eventually(lambda: two.bridge._known.named(device.login) or two.call(two.bridge._anew.set))
    admin = world.staff()
    for n in range(10):
        command_id = world.run(admin, tell, terminal_id=device.id, kind=CommandKind.SYNC)
        given = [
            row
            for row in (_logged(event_row) for event_row in world.rows(event, kind="CommandGiven"))
            if row.command_id == command_id
        ]
        two.call(two.bridge.follow, given)
        device.next("cmd/sync", n)
    eventually(lambda: status(stage) == ["sent"] * 10)
    taps = [device.tap(stage.card_of(world.person())) for _ in range(12)]
    assert {device.answer(tap).verdict for tap in taps} == {"assigned"}
    assert len(device.told("cmd/sync")) == 10
    assert (len(world.rows(assignment)), alerts(stage, "gap")) == (12, [])
    assert isinstance(one, Bridging)


def _logged(row: Any) -> Any:
    from locker_app.db.log import Logged

    return Logged(row.id, row.kind, row.site_id, command_id=row.details["command_id"])


def _tap(number: str) -> dict[str, Any]:
    return {"card": [number], "mode": "locker"}


def _key(one: Terminal) -> bytes:
    import base64

    return base64.b64decode(one.given.grant_key)


def dump_of(message: Any) -> str:
    return message.data.model_dump_json()


def tail_of(message: Any) -> str:
    return next(tail for tail, kind in FROM_TERMINAL.items() if isinstance(message.data, kind))
