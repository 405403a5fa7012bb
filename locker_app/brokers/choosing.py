"""Which broker it is, and running it where it is our own.

A broker that was set by its address; else Mosquitto, if it is installed; else the embedded one, if
its package is there for this machine. Of several processes with the same data folder one runs it,
and when that one ends the next does.
"""

import contextlib
import errno
import fcntl
import json
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from locker_app.brokers import embedded, mosquitto
from locker_app.brokers.accounts import (
    FOR_THE_GROUP,
    FOR_THE_OWNER,
    Accounts,
    kept_hash,
    write_privately,
)
from locker_app.brokers.broker import Broker, Kind, NoBroker
from locker_app.brokers.keeper import Died, Keeper
from locker_app.brokers.rights import BRIDGE, HOME_ASSISTANT
from locker_app.settings import Settings, parse_mqtt_url

log = logging.getLogger(__name__)

_LOOPBACK = "127.0.0.1"
_TRIES = 3
_WAIT_SECONDS = 20
_ENDING_SECONDS = 5
OFF = "Terminals are switched off (CUBBY_MQTT=off)."
NONE = (
    "There is no MQTT broker for terminals: Mosquitto is not installed, and the package iotcore is "
    "not there for this machine. Install Mosquitto, or name a broker by CUBBY_MQTT_URL."
)


class Running:
    """A broker to use, with its accounts. `stop()` it at the end, or use it as a context."""

    def __init__(self, broker: Broker, accounts: Accounts, own: "_Own | None" = None) -> None:
        self.broker, self.accounts = broker, accounts
        self._own = own

    @property
    def pid(self) -> int | None:
        """The process of the broker, where this process runs it."""
        return self._own.pid if self._own else None

    def stop(self) -> None:
        """End the broker, if it is ours. Takes up to some seconds; the second time nothing."""
        if self._own:
            self._own.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        self.stop()


def open_broker(settings: Settings) -> Running:
    """Find the broker, and start it where it is our own. Takes a moment: not on the event loop.

    Raises:
        NoBroker: there is none; in words for staff.
    """
    if settings.mqtt == "off":
        raise NoBroker(OFF)
    if settings.mqtt_url:
        return _outside(settings)
    kind = kind_here(settings)
    try:
        return _own(settings, kind)
    except (Died, OSError) as error:
        raise NoBroker(f"The MQTT broker for terminals can't be started: {error}") from None


def kind_here(settings: Settings) -> Kind:
    """Which broker would be our child.

    Raises:
        NoBroker: none can be.
    """
    if settings.mqtt in ("auto", "mosquitto") and mosquitto.find():
        return Kind.MOSQUITTO
    if settings.mqtt in ("auto", "embedded") and embedded.is_available():
        return Kind.EMBEDDED
    raise NoBroker(NONE)


def where(settings: Settings) -> Broker | None:
    """The broker that a process with this data folder runs now, or the one that was set; for
    programs beside the server. None when there is none."""
    if settings.mqtt == "off":
        return None
    if settings.mqtt_url:
        return _outside(settings).broker
    said = _said(_folder(settings))
    return _broker(settings, Kind(said["kind"]), said["port"]) if said else None


def pages_port(settings: Settings) -> int | None:
    """The port of the pages of the server with this data folder that runs a broker now; None when
    there is none."""
    said = _said(_folder(settings))
    return said.get("pages") if said else None


def _outside(settings: Settings) -> Running:
    address = parse_mqtt_url(settings.mqtt_url)
    password = settings.mqtt_password()
    files = settings.mqtt_files
    broker = Broker(
        host=address.host,
        port=address.port,
        kind=Kind.OUTSIDE,
        user=address.user,
        password=password,
        tls=address.tls,
        ca_file=settings.mqtt_ca_file,
        manages_accounts=files is not None,
    )
    if files is None:
        return Running(broker, NoAccounts())
    if address.user != BRIDGE:
        raise NoBroker(f"With CUBBY_MQTT_FILES the user {BRIDGE} has to be in CUBBY_MQTT_URL.")
    if not password:
        raise NoBroker("CUBBY_MQTT_FILES needs a password: set CUBBY_MQTT_PASSWORD_FILE.")
    return Running(broker, accounts_in(files, settings, password, mode=FOR_THE_GROUP))


def accounts_in(
    folder: Path,
    settings: Settings,
    password: str,
    *,
    reload: Callable[[], None] = lambda: None,
    mode: int = FOR_THE_OWNER,
) -> Accounts:
    """The accounts of a broker, in a folder, as the settings have them.

    Args:
        folder: where the files are, or shall be.
        settings: with what Home Assistant has, if it may come at all.
        password: the server's own.
        reload: makes the broker read the files again.
        mode: of the files.
    """
    word = settings.home_assistant_password
    return Accounts(
        folder,
        kept_hash(folder, password),
        home_assistant=kept_hash(folder, word.get_secret_value() if word else "", HOME_ASSISTANT),
        prefix=settings.home_assistant_prefix,
        reload=reload,
        mode=mode,
    )


class NoAccounts(Accounts):
    """Of a broker whose accounts somebody else keeps: nothing that is done here reaches it."""

    def __init__(self) -> None:
        super().__init__(Path(os.devnull), "")

    def prepare(self) -> None:
        """Nothing is written."""

    def sync(self, terminals: Any) -> bool:
        """Nothing is written."""
        return False


def _folder(settings: Settings) -> Path:
    return settings.data_dir / "broker"


def _broker(settings: Settings, kind: Kind, port: int) -> Broker:
    return Broker(_LOOPBACK, port, kind, BRIDGE, settings.bridge_password())


def _own(settings: Settings, kind: Kind) -> Running:
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = _Own(settings, folder, kind)
    if own.take_turn():
        own.run()
        return Running(_broker(settings, kind, own.port), own.accounts, own)
    said = _wait_for(folder, own)
    if said is None:
        return Running(_broker(settings, kind, own.port), own.accounts, own)
    own.follow(said)
    return Running(_broker(settings, own.kind, own.port), own.accounts, own)


def _wait_for(folder: Path, own: "_Own") -> dict[str, Any] | None:
    """What the process that runs it says of it; None when we have become that process."""
    end = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < end:
        if said := _said(folder):
            return said
        if own.take_turn():
            own.run()
            return None
        time.sleep(0.05)
    raise Died("another process runs it and does not say where")


def _said(folder: Path) -> dict[str, Any] | None:
    """What `running.json` says, if its process is still there."""
    try:
        with (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None  # it is held for as long as that process lives
    except BlockingIOError:
        pass
    except OSError:
        return None
    return _read(folder / "running.json")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


class _Own:
    """Our own child, or that of another process whose turn we take when it ends."""

    def __init__(self, settings: Settings, folder: Path, kind: Kind) -> None:
        self._settings, self._folder, self.kind = settings, folder, kind
        self._keeper: Keeper | None = None
        self._turn: int | None = None
        self._stopped = self._is_told = False
        self._changing = threading.RLock()
        self.port, self._prefix = settings.mqtt_port, settings.home_assistant_prefix
        password = settings.bridge_password()
        self.accounts = accounts_in(folder, settings, password, reload=self._reload)

    @property
    def pid(self) -> int | None:
        return self._keeper.pid if self._keeper else None

    def take_turn(self, *, wait: bool = False) -> bool:
        """Become the process that runs it, unless there is one."""
        handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(handle)
            return False
        self._turn = handle
        self._wait_for_the_last_one()
        return True

    def _wait_for_the_last_one(self) -> None:
        """The broker of a server that was killed may still be saving what it has."""
        path = self._folder / "running.json"
        said = _read(path)
        end = time.monotonic() + _ENDING_SECONDS
        while said and free_port(said["port"]) != said["port"] and time.monotonic() < end:
            time.sleep(0.02)
        path.unlink(missing_ok=True)

    def run(self) -> None:
        """Start it, on the port that was set if that is free, else on any."""
        self.accounts.prepare()
        for attempt in range(_TRIES):
            self.port = free_port(self.port if attempt == 0 else 0)
            self._keeper = Keeper(_NAMES[self.kind], self._command(), begun=self._begun)
            try:
                self._keeper.start(lambda: answers(self.port))
                break
            except Died:
                if attempt == _TRIES - 1:
                    self.stop()
                    raise
        if self.port != self._settings.mqtt_port:
            log.warning(
                "Port %d is taken: the broker is on %d", self._settings.mqtt_port, self.port
            )
        log.info("%s listens on %s:%d", _NAMES[self.kind], _LOOPBACK, self.port)
        self._is_told = True
        self._tell(self.pid)

    def _begun(self, pid: int) -> None:
        """It was started, at first or again, as another process."""
        if self._is_told:
            with contextlib.suppress(OSError):
                self._tell(pid)

    def _tell(self, pid: int | None) -> None:
        """Let other processes of the server know where it is, and whom to send signals."""
        said = {"kind": self.kind.value, "port": self.port, "pid": pid}
        said["pages"] = self._settings.port
        write_privately(self._folder / "running.json", json.dumps(said))

    def follow(self, said: dict[str, Any]) -> None:
        """Use another process's; when that ends, go on with it on the same port."""
        self.kind, self.port = Kind(said["kind"]), said["port"]
        threading.Thread(target=self._succeed, name="broker heir", daemon=True).start()

    def stop(self) -> None:
        with self._changing:
            self._stopped = True
            if self._keeper:
                self._keeper.stop()
            if self._turn is not None:
                (self._folder / "running.json").unlink(missing_ok=True)
                os.close(self._turn)
                self._turn = None

    def _succeed(self) -> None:
        self.take_turn(wait=True)
        with self._changing:
            if not self._stopped:
                try:
                    self.run()
                except (Died, OSError) as error:
                    log.error("The MQTT broker can't be started: %s", error)
                return
        self.stop()

    def _reload(self) -> None:
        if self._keeper:
            self._keeper.reload()
        elif (said := _said(self._folder)) and said["pid"]:
            with contextlib.suppress(ProcessLookupError):  # it reads the files when it is back
                os.kill(said["pid"], signal.SIGHUP)

    def _command(self) -> list[str]:
        if self.kind is Kind.EMBEDDED:
            return embedded.command(self._folder, self.port, self._prefix)
        conf = self._folder / "mosquitto.conf"
        write_privately(conf, mosquitto.configuration(self._folder, self.port))
        return [str(mosquitto.find()), "-c", str(conf)]


_NAMES = {Kind.MOSQUITTO: "Mosquitto", Kind.EMBEDDED: "The embedded broker"}


def free_port(wanted: int) -> int:
    """This port of loopback if nobody has it, else one that nobody has; any for 0."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, wanted))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            probe.bind((_LOOPBACK, 0))
        return probe.getsockname()[1]


_STRANGER = bytes.fromhex("100c00044d51545404020005 0000".replace(" ", ""))
"""A CONNECT (3.1.1, no name, no password)."""


def answers(port: int) -> bool:
    """Whether a broker answers there, and turns away whoever has no account."""
    try:
        with socket.create_connection((_LOOPBACK, port), timeout=2) as conn:
            conn.sendall(_STRANGER)
            return conn.recv(4)[:1] == b"\x20"
    except OSError:
        return False
