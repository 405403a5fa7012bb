"""The same reads for everybody, with what each may see."""

import pytest

from locker_app.domain.actors import NOBODY, SYSTEM, Actor, Role
from locker_app.domain.errors import NotAllowed, NotFound, NotSignedIn
from locker_app.queries.scoped import (
    all_sites,
    bank_with_holders,
    banks_of_site,
    history,
    me,
)
from tests.world import World


def see_history(world: World, actor: Actor) -> list[int]:
    """The ids of the events that the actor sees."""
    rows = world.db.read(lambda conn: history(conn, actor, world.clock.now, limit=500))
    return [row.id for row in rows]


def names_seen(world: World, actor: Actor, bank_id: int) -> list[str | None] | None:
    _, holders = world.db.read(
        lambda conn: bank_with_holders(conn, actor, world.clock.now, bank_id)
    )
    return None if holders is None else [holder.person_name for holder in holders]


def test_who_holds_what_is_for_admins_of_the_site(world: World) -> None:
    site_id, other_site = world.site(), world.site()
    bank_id, who = world.bank(site_id), world.person()
    world.take(who, bank_id)
    strangers = [NOBODY, SYSTEM, who, world.person(), world.staff(Role.ADMIN, other_site)]
    strangers += [world.staff(Role.VIEWER), world.staff(Role.PROFESSOR, site_id)]
    for actor in strangers:
        assert names_seen(world, actor, bank_id) is None
    for actor in (world.staff(), world.staff(Role.ADMIN, site_id)):
        names = names_seen(world, actor, bank_id)
        assert names is not None
        assert len(names) == 1


def test_history_is_for_admins_and_of_their_sites(world: World) -> None:
    one, other = world.site(), world.site()
    for site_id in (one, other):
        world.take(world.person(), world.bank(site_id))
    with pytest.raises(NotSignedIn):
        see_history(world, NOBODY)
    for role in (Role.VIEWER, Role.PROFESSOR):
        with pytest.raises(NotAllowed):
            see_history(world, world.staff(role))
    for actor in (SYSTEM, world.person()):
        with pytest.raises(NotAllowed):
            see_history(world, actor)
    of_one, of_other = (
        set(see_history(world, world.staff(Role.ADMIN, site_id))) for site_id in (one, other)
    )
    assert of_one
    assert of_other
    assert not of_one & of_other
    assert set(see_history(world, world.staff())) > of_one | of_other


def test_counts_and_sites_are_for_everybody(world: World) -> None:
    site_id = world.site()
    world.bank(site_id)
    now = world.clock.now
    (only,) = world.db.read(lambda conn: all_sites(conn, NOBODY, now))
    assert only.id == site_id
    (counts,) = world.db.read(lambda conn: banks_of_site(conn, NOBODY, now, site_id))
    assert counts.free == 3
    with pytest.raises(NotFound):
        world.db.read(lambda conn: banks_of_site(conn, NOBODY, now, 99))
    with pytest.raises(NotFound):
        world.db.read(lambda conn: bank_with_holders(conn, NOBODY, now, 99))


def test_me(world: World) -> None:
    bank_id, who, other, member = world.bank(), world.person(), world.person(), world.staff()
    world.take(who, bank_id)
    now = world.clock.now
    mine = world.db.read(lambda conn: me(conn, who, now))
    assert mine.person is not None
    assert mine.person.id == who.id
    assert (len(mine.claims), mine.waits, mine.staff) == (1, [], None)
    assert world.db.read(lambda conn: me(conn, other, now)).claims == []
    theirs = world.db.read(lambda conn: me(conn, member, now))
    assert theirs.staff is not None
    assert (theirs.person, theirs.claims) == (None, []), "a person has the same id"
    for actor in (NOBODY, SYSTEM):
        with pytest.raises(NotSignedIn):
            world.db.read(lambda conn: me(conn, actor, now))  # noqa: B023
