"""Set-up while others act: whoever is a moment earlier decides, and nobody ends up with what is
gone. Run with real threads, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest

from locker_app.db.tables import locker, site, ticket
from locker_app.domain.banks import BankRules, DoorPlan
from locker_app.domain.errors import DomainError
from locker_app.services.banks import (
    archive_bank,
    change_bank,
    change_doors,
    renumber_bank,
    set_up_bank,
)
from locker_app.services.queues import QueueRules, create_queue
from locker_app.services.sites import archive_site
from tests import invariants
from tests.world import World

ROUNDS = 4


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each got, or the code of its refusal; all began at the same moment."""
    together = Barrier(len(acts))

    def do(act: Callable[[], Any]) -> Any:
        together.wait()
        try:
            return act()
        except DomainError as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(do, acts))


@pytest.mark.parametrize("what", ["shrink", "renumber", "prefix", "archive"])
def test_a_bank_is_changed_while_people_reach_for_its_doors(world: World, what: str) -> None:
    admin = world.staff()
    for _ in range(ROUNDS):
        bank_id = world.bank(count=3)
        before = world.view(bank_id).locker_ids
        changes: dict[str, Callable[[], Any]] = {
            "shrink": lambda b=bank_id: world.run(
                admin, change_doors, bank_id=b, doors=DoorPlan("3")
            ),
            "renumber": lambda b=bank_id: world.run(admin, renumber_bank, bank_id=b, first=11),
            "prefix": lambda b=bank_id: world.run(
                admin, change_bank, bank_id=b, rules=BankRules(f"Bank {b}", prefix="Z")
            ),
            "archive": lambda b=bank_id: world.run(admin, archive_bank, bank_id=b),
        }
        takes = [lambda who=who, b=bank_id: world.take(who, b).label for who in world.people(3)]
        changed, *got = at_once(changes[what], *takes)
        done = changed not in ("would_strand",)
        held = {claim.locker_id for claim in world.open_claims() if claim.bank_id == bank_id}
        labels = {label for label in got if label not in ("none_free", "not_found")}
        assert len(labels) == len(held)
        gone = {row.id for row in world.rows(locker, bank_id=bank_id) if row.retired_at}
        assert not gone & held, "nobody has a door that is gone"
        assert held <= set(before)
        if not done:
            assert labels, "it was refused because somebody was quicker"
            assert not gone
        else:
            old = {"shrink": {"A1", "A2"}, "archive": {"A1", "A2", "A3"}}.get(what)
            assert not labels & (old or {"A1", "A2", "A3"}), "a label that is no more"
        invariants.check(world)


def test_a_site_is_archived_while_people_come(world: World) -> None:
    admin = world.staff()
    for n in range(ROUNDS):
        site_id = world.site()
        bank_id, queue_id = world.bank(site_id), world.queue(site_id)
        first, second = world.people(2)
        archived, *_ = at_once(
            lambda s=site_id: world.run(admin, archive_site, site_id=s),
            partial(world.ticket, first, queue_id),
            partial(world.take, second, bank_id),
            lambda s=site_id, n=n: world.run(
                admin, set_up_bank, site_id=s, rules=BankRules(f"New {n}"), doors=DoorPlan("1")
            ),
            lambda s=site_id, n=n: world.run(
                admin, create_queue, site_id=s, plan=QueueRules(name=f"New {n}")
            ),
        )
        tickets = world.rows(ticket, queue_id=queue_id, ended_at=None)
        claims = [claim for claim in world.open_claims() if claim.bank_id == bank_id]
        gone = world.row(site, site_id).archived_at is not None
        assert gone == (archived is True)
        assert gone != bool(tickets or claims), "either somebody is here, or it is archived"
        invariants.check(world)
