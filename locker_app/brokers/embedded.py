"""The broker that comes with the Python packages: rumqttd, of the package `iotcore`, behind a gate.

It forgets everything when it stops, and is for trying things out. It runs in a process of its own,
since it can't be stopped otherwise.
"""

import asyncio
import contextlib
import importlib.util
import logging
import os
import secrets
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from locker_app.brokers.accounts import write_privately
from locker_app.brokers.gate import Gate, Inner
from locker_app.brokers.mosquitto import LARGEST_PACKET

log = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[2]  # without the settings, whose import takes 0.3 s
_LOOPBACK = "127.0.0.1"
_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from locker_app.brokers.embedded import main; main(sys.argv[1:])"
)
_CONFIGURATION = """\
id = 0

[router]
id = 0
max_connections = 1010
max_outgoing_packet_count = 200
max_segment_size = 2097152
max_segment_count = 5
"""
_LISTENER = """
[{version}.1]
name = "{version}"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[{version}.1.connections]
connection_timeout_ms = 5000
max_payload_size = {largest}
max_inflight_count = 100
dynamic_filters = true

[{version}.1.connections.auth]
{user} = "{password}"
"""


def is_available() -> bool:
    """Whether its package is there for this machine."""
    return importlib.util.find_spec("iotcore") is not None


def command(folder: Path, port: int, prefix: str) -> list[str]:
    """How to start it: with the accounts in `folder`, on this port of loopback."""
    return [sys.executable, "-I", "-c", _START, str(_ROOT), str(folder), str(port), prefix]


def configuration(inner: Inner) -> str:
    """What rumqttd reads: a listener for each version of MQTT, on loopback."""
    listeners = (
        _LISTENER.format(
            version=f"v{level}",
            host=_LOOPBACK,
            port=port,
            largest=LARGEST_PACKET,
            user=inner.user,
            password=inner.password,
        )
        for level, port in inner.ports.items()
    )
    return _CONFIGURATION + "".join(listeners)


def main(arguments: list[str]) -> None:
    """The process: runs until it is told to stop."""
    folder, port, prefix = Path(arguments[0]), int(arguments[1]), arguments[2]
    logging.basicConfig(level="WARNING", format="%(message)s")
    # It writes a line for each packet, as an error.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL + 1)
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_run(folder, port, prefix))
    os._exit(0)  # its threads know no other end


async def _run(folder: Path, port: int, prefix: str) -> None:
    inner = Inner(_ports(), "gate", secrets.token_urlsafe(24))
    _start(folder, inner)
    for each in inner.ports.values():
        await _reachable(each)
    gate = Gate(folder, prefix, inner)
    loop = asyncio.get_running_loop()
    task: asyncio.Task[Any] | None = asyncio.current_task()
    assert task is not None
    loop.add_signal_handler(signal.SIGHUP, gate.reload)
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    server = await asyncio.start_server(gate.serve, _LOOPBACK, port, limit=2 * LARGEST_PACKET)
    await server.serve_forever()


def _start(folder: Path, inner: Inner) -> None:
    from iotcore import IotCoreBroker  # only here: 14 MB

    path = folder / "rumqttd.toml"
    write_privately(path, configuration(inner))
    try:
        IotCoreBroker(config_path=str(path)).start()
    finally:
        path.unlink()


def _ports() -> dict[int, int]:
    """Two ports that nobody has."""
    with socket.socket() as one, socket.socket() as other:
        one.bind((_LOOPBACK, 0))
        other.bind((_LOOPBACK, 0))
        return {4: one.getsockname()[1], 5: other.getsockname()[1]}


async def _reachable(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(_LOOPBACK, port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.01)
