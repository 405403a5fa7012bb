"""The demo from the shell: in a folder of its own, so that it never touches a real library."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from locker_app.brokers.choosing import where
from locker_app.db.database import Database
from locker_app.demo.cast import Cast
from locker_app.demo.place import BANKS, NAMES, set_up, shown_uid
from locker_app.domain.errors import DomainError
from locker_app.services.sealing import Seal
from locker_app.serving.addresses import AddressError, addresses, listen
from locker_app.settings import ROOT, Settings, SettingsError, use_instead

SECONDS = 3.0
"""From one card to the next."""
TERMINALS = "terminals"
_LOCK, _ADMIN = "demo.lock", "admin.json"
_PORTS = 10
"""That are tried where none was asked for."""
_ANYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
_YOU = "CS2021001"


@contextlib.contextmanager
def folder_of_its_own(settings: Settings) -> Iterator[Settings]:
    """The settings of this process in the demo: data in `demo` below the data folder, a broker of
    its own, and a port that is free.

    Raises:
        SettingsError: a demo runs there already, or the folder can't be used.
    """
    folder = settings.data_dir / "demo"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / _LOCK).open("a")
    except OSError as error:
        raise SettingsError(f"The demo can't use {folder}: {error.strerror}.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SettingsError(f"A demo runs already in {folder}.") from None
        yield use_instead(
            data_dir=folder,
            database_url="",
            secret_key=None,
            sample=True,
            mqtt="auto" if settings.mqtt == "off" else settings.mqtt,
            mqtt_url="",
            mqtt_public_url="",
            mqtt_files=None,
            port=settings.port if "port" in settings.model_fields_set else _free(settings),
        )


def password(settings: Settings, made: str | None) -> str:
    """The admin's password, if it is known: in a demo it is kept, to be shown at each start."""
    kept = settings.data_dir / _ADMIN
    given = settings.admin_password.get_secret_value() if settings.admin_password else None
    if made or (given and not kept.exists()):
        with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(made or given, file)
    try:
        return str(json.loads(kept.read_text()))
    except (OSError, ValueError):
        return ""


@contextlib.contextmanager
def cast(settings: Settings) -> Iterator[Cast]:
    """Terminals and visitors, set up and not begun yet; whole gone at the end.

    Raises:
        NoSample: the sample library in the demo's folder was taken apart.
    """
    db = Database(settings.database)
    try:
        seal = Seal(tuple(settings.signing_key().split(",")))
        try:
            place = set_up(db, seal, datetime.now(UTC))
        except DomainError as refusal:
            raise SettingsError(f"The demo can't be set up: {refusal}") from None
        host = "127.0.0.1" if settings.host in _ANYWHERE else settings.host
        made = Cast(
            db,
            place,
            settings.data_dir / TERMINALS,
            f"http://{f'[{host}]' if ':' in host else host}:{settings.port}",
            every=SECONDS,
            broker_is_there=lambda: where(settings) is not None,
        )
        try:
            yield made
        finally:
            made.stop()
    finally:
        db.close()


def greeting(settings: Settings, cast: Cast, admin: str) -> str:
    """Where to look, and how to take part."""
    here = addresses(settings)[0]
    staff = f"Sign in there as admin, password {admin}" if admin else "Sign in there as admin"
    folder = _short(cast.folder_of(next(iter(BANKS))))
    return f"""
The demo is running at {here}

  {here}/staff/terminals   displays, live
  {here}/staff             all doors, live
  {staff}

Visitors come, get a locker and leave, as long as it runs. After half a minute the
card reader of the reading room fails for a moment: the terminals' page shows an alert.
Be one of the visitors: sign in at
{here} as {_YOU} ({NAMES[_YOU]}), and put the card of that name on a reader:
for a locker, again to open it, and once more within half a minute to give it back:

  .venv/bin/python -m edge --dir {folder} tap {shown_uid(_YOU)}

Ctrl-C stops it. Its data stay in {_short(settings.data_dir)}.
"""


def _free(settings: Settings) -> int:
    """The usual port, or the next that is free: the real library may be running beside."""
    for port in range(settings.port, settings.port + _PORTS):
        with contextlib.suppress(AddressError):
            listen(settings.host, port).close()
            return port
    return settings.port


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
