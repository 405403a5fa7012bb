"""The broker of terminals from the shell: `cubby broker show`, `cubby broker files`.

For the operator. What is written is for a Mosquitto that somebody else runs; the broker that the
server runs itself needs none of it.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from locker_app.brokers.broker import NoBroker
from locker_app.brokers.certificates import ends_at
from locker_app.brokers.choosing import OFF, kind_here, where
from locker_app.brokers.files import CONFIGURATION, write_files
from locker_app.brokers.rights import BRIDGE
from locker_app.settings import Settings, SettingsError


def add_to(commands: Any) -> None:
    """Add `broker` and what it can do to the parser of the command line."""
    about = "the MQTT broker that terminals meet at"
    broker = commands.add_parser("broker", help=about, description=f"From the shell: {about}.")
    doing = broker.add_subparsers(dest="doing", required=True, metavar="WHAT")
    told = "say which broker it is, and where"
    doing.add_parser("show", help=told, description=told)
    told = "write configuration, rights, accounts and TLS for a Mosquitto of your own"
    files = doing.add_parser(
        "files",
        help=told,
        description=f"{told}. Again, and the certificate is renewed; all else stays. "
        "docs/terminals-broker.md says what to do with them.",
    )
    files.add_argument("folder", type=Path, metavar="FOLDER", help="where Mosquitto will read them")
    files.add_argument(
        "--host",
        action="append",
        required=True,
        metavar="NAME",
        help="a name or address by which terminals reach it; may be given more than once",
    )


def run(settings: Settings, asked: argparse.Namespace) -> str:
    """Do it; what to tell whoever typed it.

    Raises:
        SettingsError: it can't be done; in words for them.
    """
    try:
        return _files(settings, asked) if asked.doing == "files" else _show(settings)
    except (NoBroker, ValueError) as error:
        raise SettingsError(f"{error}") from None
    except OSError as error:
        raise SettingsError(f"{error.filename}: {error.strerror}") from None


def in_short(settings: Settings) -> str:
    """One line about it, or why there is none."""
    try:
        broker = where(settings)
        if broker is not None:
            return f"{broker.kind} at {broker.host}:{broker.port}"
        return OFF if settings.mqtt == "off" else f"{kind_here(settings)} (does not run now)"
    except NoBroker as none:
        return str(none)


def _show(settings: Settings) -> str:
    broker = where(settings)
    if broker is not None:
        scheme = "mqtts" if broker.tls else "mqtt"
        return f"{scheme}://{broker.host}:{broker.port}\n{broker.words}"
    if settings.mqtt == "off":
        return OFF
    return f"None runs now. The server will start one: {kind_here(settings)}."


def _files(settings: Settings, asked: argparse.Namespace) -> str:
    hosts, folder = asked.host, asked.folder.expanduser().resolve()
    write_files(settings, folder, hosts, datetime.now(UTC))
    until = ends_at((folder / "server.crt").read_text())
    own = settings.data_dir / "broker"
    return "\n".join(
        (
            f"Written to {folder}: have Mosquitto include {CONFIGURATION}.",
            f"Its certificate is for {', '.join(hosts)} until {until:%d %B %Y}; "
            "the same command makes another.",
            "",
            "For the server, in its file .env:",
            f"CUBBY_MQTT_URL=mqtts://{BRIDGE}@{hosts[0]}",
            f"CUBBY_MQTT_PASSWORD_FILE={own / 'bridge_password'}",
            f"CUBBY_MQTT_CA_FILE={own / 'ca.crt'}",
            f"CUBBY_MQTT_FILES={folder}",
        )
    )
