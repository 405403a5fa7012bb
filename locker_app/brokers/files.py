"""The files of a Mosquitto that somebody else runs: configuration, rights, accounts, and TLS."""

import fcntl
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from locker_app.brokers.accounts import FOR_THE_GROUP, write_privately
from locker_app.brokers.certificates import Pair, make_authority, make_server
from locker_app.brokers.choosing import accounts_in
from locker_app.brokers.mosquitto import listeners
from locker_app.settings import Settings

CONFIGURATION = "cubby.conf"
_PATH_UNIT = """\
[Unit]
Description=Mosquitto hears of new accounts of Cubby's terminals

[Path]
PathChanged={folder}/passwords
PathChanged={folder}/acl
PathChanged={folder}/server.crt

[Install]
WantedBy=multi-user.target
"""
_SERVICE_UNIT = """\
[Unit]
Description=Mosquitto reads its accounts again

[Service]
Type=oneshot
ExecStart=/bin/systemctl reload mosquitto.service
"""
_UNIT = "cubby-mosquitto-reload"


def authority(settings: Settings, now: datetime) -> Pair:
    """Who vouches for the broker of this installation; made once, and kept in the data folder."""
    folder = settings.data_dir / "broker"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key, certificate = folder / "ca.key", folder / "ca.crt"
    with (folder / "ca.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a key must never stand beside another's certificate
        if not certificate.exists():
            made = make_authority(now)
            write_privately(key, made.key)
            write_privately(certificate, made.certificate)
    return Pair(key.read_text(), certificate.read_text())


def authority_certificate(settings: Settings) -> str | None:
    """What a terminal is to trust, as PEM: the certificate that was set, or our own authority's.
    None when there is neither, so that the terminal trusts what its system does.

    Raises:
        OSError: it can't be read.
    """
    path = settings.mqtt_ca_file or settings.data_dir / "broker" / "ca.crt"
    if settings.mqtt_ca_file is None and not path.exists():
        return None
    return path.read_text()


def write_files(
    settings: Settings,
    folder: Path,
    hosts: Sequence[str],
    now: datetime,
    ports: tuple[int, int] = (1883, 8883),
) -> None:
    """Write all that a Mosquitto needs into a folder; again, and only the certificate is new.

    Args:
        settings: whose data folder has the authority and the server's own password.
        folder: where Mosquitto will read them.
        hosts: names and addresses by which terminals reach it.
        now: when.
        ports: plain on loopback, and TLS for everybody.

    Raises:
        ValueError: one of the hosts can't be one.
        OSError: the folder can't be written.
    """
    folder = folder.expanduser().resolve()
    server = make_server(authority(settings, now), hosts, now)
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    write_privately(folder / "server.key", server.key)
    write_privately(folder / "server.crt", server.certificate, FOR_THE_GROUP)
    accounts_in(folder, settings, settings.bridge_password(), mode=FOR_THE_GROUP).prepare()
    units = {f"{_UNIT}.path": _PATH_UNIT.format(folder=folder), f"{_UNIT}.service": _SERVICE_UNIT}
    for name, text in {CONFIGURATION: listeners(folder, *ports), **units}.items():
        write_privately(folder / name, text, FOR_THE_GROUP)
