"""Mosquitto: where it is, and the configuration that it is given."""

import getpass
import shutil
from pathlib import Path

from locker_app.brokers.accounts import ACL, PASSWORDS

_PLACES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin", "/usr/local/opt/mosquitto/sbin")
LARGEST_PACKET = 20 * 1024
"""Bytes: a message may have 16 KB, the rest is its topic and what is around it."""

_COMMON = f"""\
# Written by Cubby: what is changed here is lost.
per_listener_settings false
allow_anonymous false
persistence true
persistence_file mosquitto.db
autosave_interval 60
# Sessions of a server that was taken away for good
persistent_client_expiration 7d
set_tcp_nodelay true
max_packet_size {LARGEST_PACKET}
# A burst of taps after an outage must not be thrown away: by default that begins at 1,000
max_inflight_messages 100
max_queued_messages 20000
max_queued_bytes 64000000
max_keepalive 120
connection_messages false
log_type error
log_type warning
"""


def find() -> Path | None:
    """The program, also where it is outside of the path, as Debian has it for users."""
    found = shutil.which("mosquitto")
    if found is not None:
        return Path(found)
    return next((path for path in (Path(p, "mosquitto") for p in _PLACES) if path.exists()), None)


def configuration(folder: Path, port: int) -> str:
    """For our own child: plain, on loopback only, with its files in `folder`.

    One that was started as root would go on as another account, to whom the files are closed, and
    would no longer end with us: the kernel forgets that wish when a process changes its account.
    """
    lines = (
        f"password_file {folder / PASSWORDS}",
        f"acl_file {folder / ACL}",
        f"persistence_location {folder}/",
        "log_dest stderr",
        f"user {getpass.getuser()}",
        f"listener {port} 127.0.0.1",
        "use_username_as_clientid true",
    )
    return _COMMON + "\n".join(lines) + "\n"
