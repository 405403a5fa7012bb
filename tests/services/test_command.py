"""From a call to one piece of work: idempotency keys, refusals as events, arguments."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from locker_app.db.tables import assignment, event, request
from locker_app.domain.actors import SYSTEM
from locker_app.domain.errors import (
    AlreadyHolds,
    BadInput,
    DomainError,
    KeyReused,
    NoneFree,
    NotHolding,
)
from locker_app.services.command import Call, command
from locker_app.services.expiry import run_due
from locker_app.services.lockers import force_release, give_back, take_locker
from locker_app.services.sessions import renew
from locker_app.services.waiting import join_waiting, leave_waiting
from tests.world import World


class TestTheSameKey:
    def test_gets_the_same_answer_and_changes_nothing(self, world: World) -> None:
        bank_id, who = world.bank(limit_minutes=60), world.person()
        world.clock.advance(microseconds=123456)
        first = world.repeat("k", who, take_locker, bank_id=bank_id)
        mark = world.mark()
        world.clock.advance(minutes=5)
        assert world.repeat("k", who, take_locker, bank_id=bank_id) == first
        world.give_back(who, first)
        assert world.repeat("k", who, take_locker, bank_id=bank_id) == first, "also long after"
        assert world.kinds(mark) == ["LockerReleased"]
        assert world.doors(bank_id) == "fff"

    def test_whatever_the_answer_is(self, world: World) -> None:
        bank_id, who, admin = world.bank(count=1), world.person(), world.staff()
        ((holder, taken),) = world.fill(bank_id)
        wait_id = world.repeat("a", who, join_waiting, bank_id=bank_id)
        assert world.repeat("a", who, join_waiting, bank_id=bank_id) == wait_id
        for _ in range(2):
            assert world.repeat("b", who, leave_waiting, wait_id=wait_id) is False
        for _ in range(2):
            mine = {"assignment_id": taken.assignment_id}
            assert world.repeat("c", holder, give_back, **mine) == "A1"
        world.take(who, bank_id)
        door = taken.locker_id
        for _ in range(2):
            assert world.repeat("d", admin, force_release, locker_id=door, reason="x") == "A1"
        for _ in range(2):
            assert world.repeat("e", SYSTEM, run_due) == 0
        for _ in range(2):
            assert world.repeat("f", SYSTEM, renew) is None
        assert world.doors(bank_id) == "f"

    def test_gets_the_same_refusal_even_when_it_would_work_now(self, world: World) -> None:
        bank_id, who = world.bank(count=1), world.person()
        ((holder, taken),) = world.fill(bank_id)
        with pytest.raises(NoneFree) as refusal:
            world.repeat("k", who, take_locker, bank_id=bank_id)
        world.give_back(holder, taken)
        with pytest.raises(DomainError) as again:
            world.repeat("k", who, take_locker, bank_id=bank_id)
        first, second = refusal.value, again.value
        assert (second.code, str(second), second.status) == (first.code, str(first), first.status)
        assert world.refusals() == [("take_locker", "none_free")], "kept once"
        assert world.doors(bank_id) == "f"

    def test_for_another_request_is_refused(self, world: World) -> None:
        here, there, who = world.bank(), world.bank(), world.person()
        taken = world.repeat("k", who, take_locker, bank_id=here)
        with pytest.raises(KeyReused):
            world.repeat("k", who, take_locker, bank_id=there)
        with pytest.raises(KeyReused):
            world.repeat("k", who, take_locker, bank_id=here, accessible=True)
        with pytest.raises(KeyReused):
            world.repeat("k", who, give_back, assignment_id=taken.assignment_id)
        assert (world.doors(here), world.doors(there)) == ("hff", "fff")

    def test_for_another_request_after_a_refusal_is_refused(self, world: World) -> None:
        bank_id, who = world.bank(), world.person()
        with pytest.raises(NotHolding):
            world.repeat("k", who, give_back, assignment_id=99)
        with pytest.raises(KeyReused):
            world.repeat("k", who, take_locker, bank_id=bank_id)
        assert world.doors(bank_id) == "fff"

    def test_of_another_person_is_another_key(self, world: World) -> None:
        bank_id = world.bank()
        labels = [
            world.repeat("k", who, take_locker, bank_id=bank_id).label for who in world.people(3)
        ]
        assert labels == ["A1", "A2", "A3"]

    def test_is_kept_with_the_event(self, world: World) -> None:
        world.repeat("k", world.person(), take_locker, bank_id=world.bank())
        (logged,) = world.rows(event, kind="LockerAssigned")
        assert (logged.request_id, logged.origin) == ("k", "test")

    def test_without_a_key_nothing_is_kept(self, world: World) -> None:
        bank_id, who = world.bank(), world.person()
        world.take(who, bank_id)
        with pytest.raises(AlreadyHolds):
            world.take(who, bank_id)
        assert world.rows(request) == []

    def test_in_many_threads_at_once_has_one_effect(self, world: World) -> None:
        bank_id, who = world.bank(world.site(lockers_per_person=3), count=20), world.person()
        together = Barrier(12)

        def take(_: int) -> Any:
            together.wait()
            return world.repeat("k", who, take_locker, bank_id=bank_id)

        with ThreadPoolExecutor(12) as threads:
            answers = list(threads.map(take, range(12)))
        assert len({answer.assignment_id for answer in answers}) == 1
        assert len(world.rows(assignment)) == 1
        assert len(world.rows(event, kind="LockerAssigned")) == 1

    def test_refused_in_many_threads_at_once_is_kept_once(self, world: World) -> None:
        bank_id, who = world.bank(count=1), world.person()
        world.fill(bank_id)
        together = Barrier(12)

        def take(_: int) -> str:
            together.wait()
            try:
                world.repeat("k", who, take_locker, bank_id=bank_id)
            except DomainError as refusal:
                return refusal.code
            return "got one"

        with ThreadPoolExecutor(12) as threads:
            assert set(threads.map(take, range(12))) == {"none_free"}
        assert world.refusals() == [("take_locker", "none_free")]

    @pytest.mark.parametrize("key", ["", "x" * 201, "a b", "é", "\x00", "\ud800", "a\nb"])
    def test_that_is_none(self, world: World, key: str) -> None:
        bank_id, who = world.bank(), world.person()
        with pytest.raises(BadInput):
            world.repeat(key, who, take_locker, bank_id=bank_id)
        assert world.doors(bank_id) == "fff"

    def test_as_long_as_may_be(self, world: World) -> None:
        world.repeat("~" * 200, world.person(), take_locker, bank_id=world.bank())


class TestRefusals:
    def test_are_events_with_who_and_what(self, world: World) -> None:
        site_id = world.site()
        bank_id, who = world.bank(site_id, count=1), world.person()
        ((_, taken),) = world.fill(bank_id)
        world.clock.advance(minutes=3)
        with pytest.raises(DomainError):
            world.run(who, force_release, locker_id=taken.locker_id, reason="mine")
        (logged,) = world.rows(event, kind="Refused")
        assert (logged.actor_kind, logged.actor_id, logged.at) == (
            "person",
            who.id,
            world.clock.now,
        )
        subject = (logged.site_id, logged.bank_id, logged.locker_id)
        assert subject == (site_id, bank_id, taken.locker_id)
        assert logged.details == {"command": "force_release", "code": "not_allowed"}

    def test_leave_nothing_else_behind(self, world: World) -> None:
        """The lapse that a refused command did on its way is undone with it, and done later."""
        bank_id = world.bank(count=1)
        ((holder, taken),) = world.fill(bank_id)
        for who in world.people(2):
            world.join(who, bank_id)
        world.give_back(holder, taken)
        world.clock.advance(minutes=10)
        mark = world.mark()
        with pytest.raises(NoneFree):
            world.take(world.person(), bank_id)
        assert world.kinds(mark) == ["PersonAdded", "Refused"]
        assert world.run_due() == 1

    def test_of_arguments_come_before_any_transaction(self, world: World) -> None:
        with pytest.raises(BadInput) as refusal:
            command(Call(world.clock.now, "test"), take_locker, bank_id="x")  # pyright: ignore[reportArgumentType]
        assert refusal.value.field == "bank_id"
        assert world.refusals() == []

    def test_of_arguments_do_not_repeat_what_was_sent(self, world: World) -> None:
        for sent in ("<script>", "9" * 3000):
            with pytest.raises(BadInput) as refusal:
                command(Call(world.clock.now, "test"), take_locker, bank_id=sent)  # pyright: ignore[reportArgumentType]
            assert sent not in str(refusal.value)


def test_the_time_is_the_calls(world: World) -> None:
    bank_id, who = world.bank(), world.person()
    earlier = replace(world.call(who), now=world.clock.now - timedelta(hours=1))
    world.db.run(command(earlier, take_locker, bank_id=bank_id))
    (logged,) = world.rows(event, kind="LockerAssigned")
    assert logged.at == world.clock.now - timedelta(hours=1)


def test_the_answer_kept_is_json(world: World) -> None:
    world.repeat("k", world.person(), take_locker, bank_id=world.bank())
    (row,) = world.rows(request)
    assert json.loads(row.answer)["label"] == "A1"
    assert row.refusal is None
    assert row.at == world.clock.now
