"""Set-up: a site with its rules and banks, a bank with its rules and doors, for admins."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection

from locker_app.domain.banks import BankRules, doors_version, plan_of, written_numbers
from locker_app.domain.chargers import ChargingRules
from locker_app.domain.hours_text import written
from locker_app.domain.relays import written_relays
from locker_app.domain.sites import SiteRules, version_of
from locker_app.domain.visits import VisitRules
from locker_app.live.projections.wire import Vars, flat, millis
from locker_app.queries.queues import queues_of_site
from locker_app.queries.setup import (
    TerminalRow,
    bank_to_set_up,
    banks_to_set_up,
    chargers_to_set_up,
    charging_rules,
    site_row,
    sites_to_set_up,
    terminals_to_set_up,
)
from locker_app.queries.visits import visit_rules

_SITE_RULES = (
    *("time_zone", "lockers_per_person", "hold_minutes", "viewers_see_names", "names_kept_days"),
)
_BANK_RULES = ("place", "prefix", "limit_minutes", "reminder_minutes", "overdue_action")


def sites(conn: Connection, _key: int, _now: datetime) -> Vars:
    """All sites, archived ones too."""
    return {"sites": [flat(row) for row in sites_to_set_up(conn)], "ready": True}


def site(conn: Connection, site_id: int, _now: datetime) -> Vars | None:
    """One site."""
    row = site_row(conn, site_id)
    if row is None:
        return None
    return {
        "site_id": site_id,
        "name": row.name,
        "archived": row.archived_at is not None,
        "rules": {
            **{name: getattr(row, name) for name in _SITE_RULES},
            "hours": written(row.hours),
            "version": version_of(SiteRules, row),
        },
        "banks": [flat(bank) for bank in banks_to_set_up(conn, site_id)],
        "queues": [
            {"id": card.id, "name": card.name, "place": card.place, "code": card.code}
            for card in queues_of_site(conn, site_id)
        ],
        "chargers": [flat(spot) for spot in chargers_to_set_up(conn, site_id)],
        "charging": _charging(conn, site_id),
        "terminals": [_terminal(one) for one in terminals_to_set_up(conn, site_id)],
        "visiting": _visiting(conn, site_id),
    }


_TERMINAL = (
    *("id", "name", "place", "kind", "mode", "active_low", "open_ms", "dim_after_s", "offline"),
    *("pin_needed", "simulated", "login"),
)


def _terminal(one: TerminalRow) -> Vars:
    row = one.row
    return {
        **{name: getattr(row, name) for name in _TERMINAL},
        "bank_id": row.bank_id or 0,
        "bank_name": one.bank_name,
        "relays": written_relays(row.relays),
        "code_until": millis(row.code_until),
        "provisioned_at": millis(row.provisioned_at),
        "revoked": row.revoked_at is not None,
        "archived": row.archived_at is not None,
        "version": one.version,
    }


def _visiting(conn: Connection, site_id: int) -> Vars:
    """The rules of visits as a form shows them."""
    rules = visit_rules(conn, site_id)
    return {**flat(rules), "version": version_of(VisitRules, rules)}


def _charging(conn: Connection, site_id: int) -> Vars:
    """The rules of the charging spots as a form shows them."""
    rules = charging_rules(conn, site_id)
    words = {"at_end": rules.at_end.value, "priority": rules.priority.value}
    return {**flat(rules), **words, "version": version_of(ChargingRules, rules)}


def bank(conn: Connection, bank_id: int, _now: datetime) -> Vars | None:
    """One bank."""
    view = bank_to_set_up(conn, bank_id)
    if view is None:
        return None
    row = view.row
    return {
        "bank_id": bank_id,
        "site_id": row.site_id,
        "site_name": view.site_name,
        "name": row.name,
        "code": row.code,
        "archived": row.archived_at is not None,
        "rules": {
            **{name: getattr(row, name) for name in _BANK_RULES},
            "version": version_of(BankRules, row),
        },
        "doors": {**asdict(plan_of(view.doors)), "version": doors_version(view.doors)},
        "count": len(view.doors),
        "first": view.doors[0].number if view.doors else 1,
        "taken": len(view.taken),
        "taken_numbers": written_numbers(view.taken),
        "waiting": view.waiting,
    }
