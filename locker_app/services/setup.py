"""First run: the first admin, and the sample library in an empty database."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from locker_app.db.database import Database
from locker_app.db.tables import bank, locker, site, staff
from locker_app.db.transaction import Tx
from locker_app.domain.actors import SYSTEM, Actor, Role
from locker_app.domain.chargers import ChargerPlan
from locker_app.domain.codes import CodeKind
from locker_app.domain.facts import BankCreated, SiteCreated
from locker_app.domain.lockers import OverdueAction
from locker_app.domain.people import check_password
from locker_app.services.chargers import new_chargers
from locker_app.services.codes import new_code
from locker_app.services.command import Call, command
from locker_app.services.ids import Id, Text
from locker_app.services.people import add_person, add_staff
from locker_app.services.queues import QueuePlan, new_queue
from locker_app.services.secrets import hash_secret

SAMPLE_STUDENTS = (
    ("CS2021001", "Rahul Sharma"),
    ("CS2021002", "Priya Patel"),
    ("EC2021001", "Amit Kumar"),
    ("ME2021001", "Sneha Gupta"),
    ("CS2021003", "Vikram Singh"),
    ("EC2021002", "Anjali Verma"),
    ("ME2021002", "Ravi Mehta"),
    ("CS2021004", "Pooja Jain"),
    ("EC2021003", "Suresh Yadav"),
    ("ME2021003", "Kavita Nair"),
)


@dataclass(frozen=True, slots=True)
class BankPlan:
    """A bank to set up: `count` lockers numbered from 1, the lowest ones at accessible height."""

    name: str
    place: str
    prefix: str
    count: int
    accessible: int
    limit_minutes: int | None = None
    overdue_action: OverdueAction = OverdueAction.NOTIFY


SAMPLE_BANKS = (
    BankPlan("Entrance hall", "Ground floor, left of the main door", "A", 50, 10),
    BankPlan("Reading room", "First floor, beside the stairs", "B", 50, 10, limit_minutes=240),
    BankPlan(
        "Night study",
        "Basement, open all night",
        "C",
        50,
        10,
        limit_minutes=720,
        overdue_action=OverdueAction.RELEASE,
    ),
)
SAMPLE_QUEUE = QueuePlan(name="Physics lab", place="Room 204")
SAMPLE_CHARGERS = [
    ChargerPlan(str(n), "Car park, north side", "Type 2, 22 kW" if n > 6 else "Type 2, 11 kW")
    for n in range(1, 9)
]


def first_run(
    db: Database, now: datetime, *, admin_password: str | None, sample: bool, time_zone: str
) -> str | None:
    """Make the first admin (login `admin`) when there is no staff, and the sample library when
    there is no site. Doing it again changes nothing.

    Returns:
        The password, if one had to be made up for the first admin.

    Raises:
        BadInput: the given password is too short.
    """
    call = Call(now, "setup", actor=SYSTEM)
    made = None
    if db.read(lambda conn: conn.scalar(select(func.count()).select_from(staff))) == 0:
        made = None if admin_password else secrets.token_urlsafe(12)
        password = check_password(admin_password or made or "")
        db.run(
            command(
                call,
                add_staff,
                login="admin",
                name="Admin",
                password_hash=hash_secret(password),
                role=Role.ADMIN,
            )
        )
    if sample and db.read(lambda conn: conn.scalar(select(func.count()).select_from(site))) == 0:
        db.run(command(call, create_sample, time_zone=time_zone))
    return made


def create_sample(tx: Tx, actor: Actor, now: datetime, *, time_zone: Text) -> int:
    """A library with 150 lockers in three banks, a queue, eight charging spots and ten students;
    the site's id."""
    site_id = create_site(tx, actor, now, name="Central Library", time_zone=time_zone)
    for plan in SAMPLE_BANKS:
        create_bank(tx, actor, now, site_id=site_id, plan=plan)
    new_queue(tx, actor, now, site_id, SAMPLE_QUEUE)
    new_chargers(tx, actor, now, site_id, SAMPLE_CHARGERS)
    for number, name in SAMPLE_STUDENTS:
        add_person(tx, actor, now, number=number, name=name)
    return site_id


def create_site(tx: Tx, actor: Actor, now: datetime, *, name: Text, time_zone: Text) -> int:
    """Set up a site; its id. For the operator's own tools."""
    values = {"name": name, "time_zone": time_zone, "lockers_per_person": 1, "hold_minutes": 10}
    result = tx.conn.execute(insert(site).values(created_at=now, **values))
    key = result.inserted_primary_key
    assert key is not None
    tx.record(SiteCreated(site_id=key[0]), actor, now)
    return key[0]


def create_bank(tx: Tx, actor: Actor, now: datetime, *, site_id: Id, plan: BankPlan) -> int:
    """Set up a bank with its lockers; its id. For the operator's own tools."""
    result = tx.conn.execute(
        insert(bank).values(
            site_id=site_id,
            name=plan.name,
            place=plan.place,
            prefix=plan.prefix,
            limit_minutes=plan.limit_minutes,
            reminder_minutes=15,
            overdue_action=plan.overdue_action.value,
            code=new_code(tx.conn, CodeKind.BANK),
        )
    )
    key = result.inserted_primary_key
    assert key is not None
    tx.conn.execute(
        insert(locker),
        [
            {"bank_id": key[0], "number": number, "accessible": number <= plan.accessible}
            for number in range(1, plan.count + 1)
        ],
    )
    tx.record(BankCreated(site_id=site_id, bank_id=key[0], lockers=plan.count), actor, now)
    return key[0]
