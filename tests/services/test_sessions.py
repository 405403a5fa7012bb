"""Sessions: who acts in one, and the end of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from locker_app.db.log import Trace
from locker_app.db.tables import event, session, staff_role
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import NOBODY, Actor, ActorKind, Role
from locker_app.domain.errors import NotSignedIn
from locker_app.services.command import command
from locker_app.services.lockers import take_locker
from locker_app.services.sessions import (
    PERSON_SESSION,
    STAFF_SESSION,
    VISITOR_SESSION,
    identify,
    key_of,
    open_session,
    renew,
    sign_out,
    sign_out_everywhere,
)
from locker_app.services.visitors import open_visit
from tests.world import World


def signed_in(world: World, who: Actor, name: str = "one") -> str:
    """Open a session of this actor; its key."""
    key = key_of(f"{who.kind}-{who.id}-{name}")
    owner = "person_id" if who.kind is ActorKind.PERSON else "staff_id"

    def attempt(tx: Tx) -> int:
        return open_session(tx, world.clock.now, key, **{owner: who.id})

    world.db.run(Work(attempt, Trace("test")))
    return key


def who_is(world: World, key: str) -> Actor:
    return world.db.read(lambda conn: identify(conn, key, world.clock.now))


def act(world: World, key: str, fn: Callable[..., Any], **arguments: Any) -> Any:
    """Run a command in the session with this key."""
    call = replace(world.call(), session_key=key)
    return world.db.run(command(call, fn, **arguments))


LASTS = {ActorKind.PERSON: PERSON_SESSION, ActorKind.STAFF: STAFF_SESSION}


@pytest.mark.parametrize("kind", ["person", "staff"])
def test_a_session_expires(world: World, kind: str) -> None:
    who = world.person() if kind == "person" else world.staff()
    key = signed_in(world, who)
    world.clock.now += LASTS[who.kind] - timedelta(microseconds=1)
    actor = who_is(world, key)
    assert (actor.kind, actor.id, actor.roles) == (who.kind, who.id, who.roles)
    world.clock.advance(microseconds=1)
    assert who_is(world, key) == NOBODY
    with pytest.raises(NotSignedIn):
        act(world, key, take_locker, bank_id=world.bank())


@pytest.mark.parametrize("kind", ["person", "staff"])
def test_a_session_is_renewed_while_it_lasts(world: World, kind: str) -> None:
    who = world.person() if kind == "person" else world.staff()
    key = signed_in(world, who)
    for _ in range(3):
        world.clock.now += LASTS[who.kind] - timedelta(minutes=1)
        assert act(world, key, renew) == world.clock.now + LASTS[who.kind]
    world.clock.now += LASTS[who.kind]
    assert act(world, key, renew) is None
    assert who_is(world, key) == NOBODY


def test_staff_may_what_their_roles_say_at_this_moment(world: World) -> None:
    site_id = world.site()
    member = world.staff(Role.ADMIN, site_id)
    key = signed_in(world, member)
    assert who_is(world, key).roles == ((site_id, Role.ADMIN),)
    world.change(staff_role.delete())
    assert who_is(world, key).roles == ()


def test_signing_out_ends_this_session_alone(world: World) -> None:
    who = world.person()
    here, there = signed_in(world, who, "here"), signed_in(world, who, "there")
    assert act(world, here, sign_out) is True
    assert who_is(world, here) == NOBODY
    assert who_is(world, there).id == who.id
    assert act(world, here, sign_out) is False
    (logged,) = world.rows(event, kind="SessionEnded")
    assert logged.person_id == who.id
    assert act(world, here, renew) is None, "what has ended is not renewed"


@pytest.mark.parametrize("kind", ["person", "staff"])
def test_signing_out_everywhere_ends_ones_own_sessions_alone(world: World, kind: str) -> None:
    """A person and a staff member can have the same id."""
    person, member = world.person(), world.staff()
    assert person.id == member.id
    who, other = (person, member) if kind == "person" else (member, person)
    keys = [signed_in(world, who, name) for name in ("a", "b")]
    theirs = signed_in(world, other)
    assert act(world, keys[0], sign_out_everywhere) is True
    assert [who_is(world, key) for key in keys] == [NOBODY, NOBODY]
    assert who_is(world, theirs).id == other.id
    assert act(world, keys[0], sign_out_everywhere) is False


def test_a_session_of_nobody_does_nothing(world: World) -> None:
    for key in ("", "x", key_of("made up"), key_of("") * 50):
        assert who_is(world, key) == NOBODY
        assert act(world, key, sign_out) is False
        assert act(world, key, sign_out_everywhere) is False
        assert act(world, key, renew) is None
    assert world.rows(session) == []


def test_who_acts_is_found_in_the_transaction(world: World) -> None:
    """A session that ended after the click and before the commit does nothing any more."""
    who, bank_id = world.person(), world.bank()
    key = signed_in(world, who)
    work = command(replace(world.call(), session_key=key), take_locker, bank_id=bank_id)
    act(world, key, sign_out)
    with pytest.raises(NotSignedIn):
        world.db.run(work)
    assert world.doors(bank_id) == "fff"


def test_a_session_given_beats_an_actor_given(world: World) -> None:
    who, other, bank_id = world.person(), world.person(), world.bank()
    key = signed_in(world, who)
    call = replace(world.call(other), session_key=key)
    world.db.run(command(call, take_locker, bank_id=bank_id))
    (claim,) = world.open_claims()
    assert claim.person_id == who.id


def test_a_visitor_has_one_session(world: World) -> None:
    """That is the browser's own: signing out everywhere ends it, and no other's."""
    keys = [key_of(name) for name in ("one", "two")]
    one, two = (world.run(NOBODY, open_visit, session_key=key) for key in keys)
    assert who_is(world, keys[0]) == Actor(ActorKind.VISITOR, one, one)
    assert act(world, keys[0], renew) == world.clock.now + VISITOR_SESSION
    assert act(world, keys[0], sign_out_everywhere)
    assert who_is(world, keys[0]) == NOBODY
    world.clock.now += VISITOR_SESSION - timedelta(microseconds=1)
    assert who_is(world, keys[1]).id == two
    world.clock.advance(microseconds=1)
    assert who_is(world, keys[1]) == NOBODY
