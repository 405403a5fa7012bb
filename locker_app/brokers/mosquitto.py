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
"""
_QUIET = """\
connection_messages false
log_dest stderr
log_timestamp false
log_type error
"""
# A client's id is its account's name, whatever it says: nobody takes over the session of another.
_LISTENER = """
listener {where}
use_username_as_clientid true
"""
_TLS = """\
certfile {folder}/server.crt
keyfile {folder}/server.key
tls_version tlsv1.2
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
    own = f"persistence_location {folder}/\nuser {getpass.getuser()}\n"
    return _COMMON + _QUIET + _files(folder) + own + _plain(port)


def listeners(folder: Path, plain: int, tls: int) -> str:
    """For a Mosquitto that somebody else runs, to be included in its configuration: plain on
    loopback, and TLS (1.2 or newer) for everybody. Where it keeps its data is its own affair."""
    outside = _LISTENER.format(where=tls) + _TLS.format(folder=folder)
    return _COMMON + _files(folder) + _plain(plain) + outside


def _files(folder: Path) -> str:
    return f"password_file {folder / PASSWORDS}\nacl_file {folder / ACL}\n"


def _plain(port: int) -> str:
    return _LISTENER.format(where=f"{port} 127.0.0.1")
