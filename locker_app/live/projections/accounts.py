"""Staff accounts, for admins of all sites."""

from datetime import datetime

from sqlalchemy import Connection

from locker_app.live.projections.wire import Vars, millis
from locker_app.live.topics import ALL
from locker_app.queries.staff import Account, accounts_of_staff


def accounts(conn: Connection, _key: int, now: datetime) -> Vars:
    """All accounts."""
    return {"rows": [_row(account) for account in accounts_of_staff(conn, now)], "ready": True}


def _row(account: Account) -> Vars:
    return {
        "id": account.id,
        "login": account.login,
        "name": account.name,
        "roles": [[site_id or ALL, role.value] for site_id, role in account.roles],
        "disabled": account.disabled_at is not None,
        "waits": account.waits,
        "invited_until": millis(account.invited_until),
        "sign_ins": [[millis(at), address] for at, address in account.sign_ins],
        "version": account.version,
    }
