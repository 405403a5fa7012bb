"""Staff accounts: made, invited once, changed, disabled; and there is always an admin."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from locker_app.db.tables import invitation, session, sign_in, staff, staff_role
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, ActorKind, Right, Role
from locker_app.domain.errors import (
    BadInput,
    DomainError,
    InvitationOver,
    LastAdmin,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RulesChanged,
    WrongPassword,
)
from locker_app.queries.people import staff_secret
from locker_app.queries.staff import accounts_of_staff
from locker_app.services.secrets import TokenKeys, hash_secret, secret_matches
from locker_app.services.sessions import identify, staff_actor
from locker_app.services.sign_in import (
    Door,
    change_own_password,
    enter_by_invitation,
    invitation_key,
    key_of,
    sign_in_staff,
)
from locker_app.services.staff import (
    RoleAt,
    change_account,
    create_account,
    disable_account,
    enable_account,
    forget_old_sign_ins,
    invite,
)
from tests.world import PASSWORD, World

ADMIN, VIEWER = [RoleAt(Role.ADMIN)], [RoleAt(Role.VIEWER)]


@pytest.fixture
def admin(world: World) -> Actor:
    return world.staff()


@pytest.fixture
def door(world: World) -> Door:
    return Door(world.db, TokenKeys(("a signing key that is long enough",)))


def login_of(world: World, actor: Actor) -> str:
    assert actor.id is not None
    return world.row(staff, actor.id).login


def id_of(actor: Actor) -> int:
    assert actor.id is not None
    return actor.id


def account(world: World, admin: Actor, login: str = "ada", **more: Any) -> int:
    given = {"login": login, "name": "Ada", "roles": VIEWER, **more}
    return world.run(admin, create_account, **given)


class TestMake:
    def test_an_account_waits_for_its_password(self, world: World, admin: Actor) -> None:
        site_id = world.site()
        roles = [RoleAt(Role.PROFESSOR, site_id), RoleAt(Role.VIEWER), RoleAt(Role.VIEWER)]
        staff_id = account(world, admin, " Ada ", name="  Ada  L.", roles=roles)
        row = world.row(staff, staff_id)
        assert (row.login, row.name, row.password_hash) == ("ada", "Ada L.", "")
        held = [(at.site_id, at.role) for at in world.rows(staff_role, staff_id=staff_id)]
        assert held == [(None, "viewer"), (site_id, "professor")]
        secret = world.db.read(lambda conn: staff_secret(conn, "ada"))
        assert secret is not None
        assert not secret_matches(secret.hash, "")

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"login": "no spaces"}, "login"),
            ({"login": "x"}, "login"),
            ({"name": " "}, "name"),
            ({"roles": []}, "roles"),
            ({"roles": [RoleAt(Role.ADMIN, 99)]}, "roles"),
        ],
    )
    def test_what_can_not_be(
        self, world: World, admin: Actor, more: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(BadInput) as refused:
            account(world, admin, **{"login": "ada", **more})
        assert refused.value.field == field

    def test_a_login_is_one_account(self, world: World, admin: Actor) -> None:
        account(world, admin)
        with pytest.raises(BadInput, match="already"):
            account(world, admin, "ADA")


class TestInvitation:
    def test_works_once(self, world: World, admin: Actor, door: Door) -> None:
        staff_id = account(world, admin)
        world.run(admin, invite, staff_id=staff_id, key=invitation_key("the link"))
        call = world.call()
        opaque = enter_by_invitation(door, call, "the link", "a new password", address="1.2.3.4")
        actor = world.db.read(lambda conn: identify(conn, key_of(opaque), world.clock.now))
        assert (actor.kind, actor.id) == (ActorKind.STAFF, staff_id)
        with pytest.raises(InvitationOver):
            enter_by_invitation(door, call, "the link", "another password")
        sign_in_staff(door, call, "ada", "a new password", address="5.6.7.8")
        (mine,) = (a for a in world.db.read(lambda c: accounts_of_staff(c, world.clock.now))
                   if a.id == staff_id)  # fmt: skip
        assert [address for _, address in mine.sign_ins] == ["5.6.7.8", "1.2.3.4"]

    def test_works_for_a_week(self, world: World, admin: Actor, door: Door) -> None:
        staff_id = account(world, admin)
        world.run(admin, invite, staff_id=staff_id, key=invitation_key("old"))
        world.clock.advance(days=7)
        with pytest.raises(InvitationOver):
            enter_by_invitation(door, world.call(), "old", "a new password")

    def test_a_new_link_ends_the_old_one(self, world: World, admin: Actor, door: Door) -> None:
        staff_id = account(world, admin)
        for link in ("one", "two"):
            world.run(admin, invite, staff_id=staff_id, key=invitation_key(link))
        with pytest.raises(InvitationOver):
            enter_by_invitation(door, world.call(), "one", "a new password")
        enter_by_invitation(door, world.call(), "two", "a new password")

    def test_a_password_that_is_too_short_uses_nothing_up(
        self, world: World, admin: Actor, door: Door
    ) -> None:
        staff_id = account(world, admin)
        world.run(admin, invite, staff_id=staff_id, key=invitation_key("link"))
        for bad in ("short", "a\0" * 10):
            with pytest.raises(BadInput):
                enter_by_invitation(door, world.call(), "link", bad)
        enter_by_invitation(door, world.call(), "link", "long enough")

    def test_a_disabled_account_is_not_invited(
        self, world: World, admin: Actor, door: Door
    ) -> None:
        staff_id = account(world, admin)
        world.run(admin, invite, staff_id=staff_id, key=invitation_key("link"))
        world.run(admin, disable_account, staff_id=staff_id)
        with pytest.raises(InvitationOver):
            enter_by_invitation(door, world.call(), "link", "a new password")
        with pytest.raises(NotFound):
            world.run(admin, invite, staff_id=staff_id, key="x")
        assert all(row.used_at is not None for row in world.rows(invitation))


class TestPassword:
    def test_one_s_own_takes_the_old_one(self, world: World, door: Door) -> None:
        who = world.staff()
        login = login_of(world, who)
        here, there = (key_of(sign_in_staff(door, world.call(), login, PASSWORD)) for _ in range(2))
        call = world.call().__class__(world.clock.now, "test", session_key=here)
        with pytest.raises(WrongPassword):
            change_own_password(door, call, "not this one", "a new password")
        with pytest.raises(BadInput):
            change_own_password(door, call, PASSWORD, "short")
        change_own_password(door, call, PASSWORD, "a new password")
        ended = {row.key: row.ended_at is not None for row in world.rows(session)}
        assert ended == {here: False, there: True}
        sign_in_staff(door, world.call(), login, "a new password")
        with pytest.raises(WrongPassword):
            sign_in_staff(door, world.call(), login, PASSWORD)

    def test_not_for_who_is_no_staff(self, world: World, door: Door) -> None:
        with pytest.raises(NotSignedIn):
            change_own_password(door, world.call(), PASSWORD, "a new password")


class TestChange:
    def test_other_roles_sign_out(self, world: World, admin: Actor, door: Door) -> None:
        who = world.staff(Role.VIEWER)
        sign_in_staff(door, world.call(), login_of(world, who), PASSWORD)
        roles = [RoleAt(Role.PROFESSOR)]
        given = {"staff_id": id_of(who), "name": "Staff", "roles": roles}
        assert world.run(admin, change_account, **given)
        assert not world.run(admin, change_account, **given)
        assert [row.ended_at is not None for row in world.rows(session)] == [True]
        acts = world.db.read(lambda conn: staff_actor(conn, id_of(who)))
        assert acts.may(Right.SERVE_QUEUE, None)
        assert not acts.may(Right.SEE_BOARD, None)

    def test_changed_by_others_meanwhile(self, world: World, admin: Actor) -> None:
        staff_id = account(world, admin)
        (seen,) = (a.version for a in world.db.read(lambda c: accounts_of_staff(c, world.clock.now))
                   if a.id == staff_id)  # fmt: skip
        given: dict[str, Any] = {"staff_id": staff_id, "roles": VIEWER, "version": seen}
        world.run(admin, change_account, name="One", **given)
        with pytest.raises(RulesChanged):
            world.run(admin, change_account, name="Two", **given)

    def test_a_disabled_account_is_nobody(self, world: World, admin: Actor, door: Door) -> None:
        who = world.staff()
        login = login_of(world, who)
        sign_in_staff(door, world.call(), login, PASSWORD)
        assert world.run(admin, disable_account, staff_id=id_of(who))
        assert not world.run(admin, disable_account, staff_id=id_of(who))
        assert all(row.ended_at is not None for row in world.rows(session))
        with pytest.raises(WrongPassword):
            sign_in_staff(door, world.call(), login, PASSWORD)
        assert world.run(admin, enable_account, staff_id=id_of(who))
        sign_in_staff(door, world.call(), login, PASSWORD)


class TestLastAdmin:
    @pytest.mark.parametrize("others", ["none", "disabled", "invited", "of a site"])
    def test_stays(self, world: World, admin: Actor, others: str) -> None:
        if others == "disabled":
            world.run(admin, disable_account, staff_id=id_of(world.staff()))
        elif others == "invited":
            account(world, admin, roles=ADMIN)
        elif others == "of a site":
            world.staff(Role.ADMIN, world.site())
        with pytest.raises(LastAdmin):
            world.run(admin, disable_account, staff_id=id_of(admin))
        with pytest.raises(LastAdmin):
            world.run(admin, change_account, staff_id=id_of(admin), name="Staff", roles=VIEWER)
        with pytest.raises(LastAdmin):
            world.run(admin, invite, staff_id=id_of(admin), key="x", forget=True)
        world.run(admin, change_account, staff_id=id_of(admin), name="Renamed", roles=ADMIN)

    def test_may_go_when_there_is_another(self, world: World, admin: Actor) -> None:
        world.staff()
        assert world.run(admin, disable_account, staff_id=id_of(admin))

    @pytest.mark.parametrize("how", ["disable", "demote"])
    def test_two_who_end_each_other_at_once(self, world: World, how: str) -> None:
        for _ in range(5):
            pair = [world.staff(), world.staff()]
            for row in world.rows(staff, disabled_at=None):
                if row.id not in {who.id for who in pair}:
                    world.run(SYSTEM, disable_account, staff_id=row.id)
            together = Barrier(2)

            def end(n: int, pair: list[Actor] = pair, together: Barrier = together) -> str:
                together.wait()
                other = id_of(pair[1 - n])
                try:
                    if how == "disable":
                        world.run(pair[n], disable_account, staff_id=other)
                    else:
                        world.run(
                            pair[n], change_account, staff_id=other, name="Staff", roles=VIEWER
                        )
                except DomainError as refusal:
                    return refusal.code
                return "done"

            with ThreadPoolExecutor(2) as threads:
                results = sorted(threads.map(end, range(2)))
            assert results[0] == "done", results
            assert results[1] in ("not_allowed", "last_admin")


def test_only_admins_of_all_sites_may(world: World, admin: Actor) -> None:
    staff_id = account(world, admin)
    commands: list[tuple[Any, dict[str, Any]]] = [
        (create_account, {"login": "new", "name": "New", "roles": VIEWER}),
        (change_account, {"staff_id": staff_id, "name": "New", "roles": ADMIN}),
        (disable_account, {"staff_id": staff_id}),
        (enable_account, {"staff_id": staff_id}),
        (invite, {"staff_id": staff_id, "key": "x"}),
    ]
    strangers = [
        world.staff(Role.ADMIN, world.site()),
        world.staff(Role.PROFESSOR),
        world.staff(Role.VIEWER),
        world.person(),
    ]
    for fn, more in commands:
        for actor in strangers:
            with pytest.raises(NotAllowed):
                world.run(actor, fn, **more)
        with pytest.raises(NotSignedIn):
            world.run(NOBODY, fn, **more)


def test_sign_ins_are_kept_for_a_while(world: World, door: Door) -> None:
    who = world.staff()
    for n in range(7):
        sign_in_staff(door, world.call(), login_of(world, who), PASSWORD, address=f"10.0.0.{n}")
    assert [row.address[-1] for row in world.rows(sign_in)] == list("23456")
    world.clock.now += timedelta(days=91)
    assert world.run(SYSTEM, forget_old_sign_ins) == 5


def test_whoever_was_made_by_the_operator_can_sign_in(world: World, door: Door) -> None:
    """As before there were invitations."""
    sign_in_staff(door, world.call(), login_of(world, world.staff()), PASSWORD)
    assert secret_matches(hash_secret("x" * 10), "x" * 10)
