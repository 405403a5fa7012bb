"""Our own broker as a child: it ends with us, is started again, and keeps to this machine."""

import json
import logging
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from locker_app.brokers import choosing, embedded, keeper, leash, mosquitto
from locker_app.brokers.accounts import Account, new_password, password_hash
from locker_app.brokers.broker import Kind, NoBroker
from locker_app.brokers.choosing import answers, free_port, kind_here, open_broker, where
from locker_app.brokers.keeper import Died, Keeper
from locker_app.settings import ROOT, Settings, SettingsError
from tests.broker import KINDS, PATIENCE, Client, TestBroker, lets_in, of_kind, wait_until
from tests.broker import mosquitto as running_mosquitto

_SERVER = """
import signal, sys, time
from pathlib import Path
from locker_app.brokers.choosing import open_broker
from locker_app.settings import Settings
kind, folder, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's & has it ignored
running = open_broker(Settings(mqtt=kind, mqtt_url="", data_dir=folder, mqtt_port=port))
print(running.broker.port, running.pid, flush=True)
time.sleep(600)
"""


def _settings(folder: Path, **more: Any) -> Settings:
    return Settings.model_validate({"data_dir": folder, "mqtt_port": free_port(0)} | more)


def _server(kind: str, folder: Path, port: int) -> "tuple[subprocess.Popen[str], int, int]":
    """A process that runs a broker: itself, the broker's port, the broker's process."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, kind, str(folder), str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    said = process.stdout.readline().split()
    return process, int(said[0]), int(said[1]) if said[1] != "None" else 0


def _is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended and nobody has asked for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("mosquitto", signal.SIGINT),
        ("embedded", signal.SIGKILL),
        ("embedded", signal.SIGTERM),
    ],
)
def test_the_broker_ends_with_the_server(tmp_path: Path, kind: str, how: signal.Signals) -> None:
    server, port, pid = _server(kind, tmp_path, free_port(0))
    assert answers(port)
    server.send_signal(how)
    server.wait(PATIENCE)
    wait_until(lambda: not _is_there(pid), "the end of the broker")
    assert not answers(port)
    assert server.stdout is not None
    server.stdout.close()


def test_when_one_server_ends_the_next_runs_the_broker_on_the_same_port(tmp_path: Path) -> None:
    server, port, pid = _server("mosquitto", tmp_path, free_port(0))
    with open_broker(_settings(tmp_path, mqtt="mosquitto", mqtt_port=port)) as running:
        assert (running.broker.port, running.pid) == (port, None)
        account = Account("door-1", password_hash("x"))
        assert running.accounts.sync([account])  # by whoever does not run it as well
        wait_until(lambda: lets_in(running.broker, "door-1", "x"), "the account")
        server.kill()
        server.wait(PATIENCE)
        wait_until(lambda: running.pid, "another broker")
        assert running.pid != pid
        wait_until(lambda: answers(port), "its answer")
        with Client(running.broker) as client:
            assert client.reasons == ["Success"]
    assert server.stdout is not None
    server.stdout.close()


def test_a_server_started_again_at_once_has_the_same_port(tmp_path: Path) -> None:
    """Though the broker of the one that was killed may still be there for a moment."""
    port = free_port(0)
    server, _, pid = _server("mosquitto", tmp_path, port)
    server.kill()
    server.wait(PATIENCE)
    with open_broker(_settings(tmp_path, mqtt="mosquitto", mqtt_port=port)) as running:
        assert running.broker.port == port
        assert running.pid != pid
        wait_until(lambda: not _is_there(pid), "the end of the other one")
    assert server.stdout is not None
    server.stdout.close()


def test_of_several_servers_that_start_at_once_one_runs_it(tmp_path: Path) -> None:
    settings = _settings(tmp_path, mqtt="mosquitto")
    opened: list[choosing.Running] = []
    threads = [
        threading.Thread(target=lambda: opened.append(open_broker(settings))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len({running.broker.port for running in opened}) == 1
    assert len([running for running in opened if running.pid]) == 1
    for running in sorted(opened, key=lambda running: running.pid is not None):
        running.stop()
    assert where(settings) is None


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_started_again_when_it_was_killed(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    with of_kind(kind) as broker:
        password = broker.add("door-1")
        with Client(broker, "door-1", password, again=True) as client:
            broker.kill()
            wait_until(lambda: client.reasons.count("Success") == 2, "its coming back")
    said = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert [line for line in said if "has ended (by signal 9); it is started again in" in line]


def test_another_process_has_a_broker_read_its_accounts_that_was_started_again(
    tmp_path: Path,
) -> None:
    with running_mosquitto(tmp_path) as broker, open_broker(broker.settings) as other:
        assert other.pid is None
        broker.kill()
        secret = new_password()
        other.accounts.sync([Account("door-1", password_hash(secret))])
        wait_until(lambda: lets_in(broker.broker, "door-1", secret), "the new account")


def test_mosquitto_keeps_sessions_and_retained_messages_that_were_saved(tmp_path: Path) -> None:
    """What had not been saved yet is lost: nobody may count on more."""
    with running_mosquitto(tmp_path) as broker:
        password = broker.add("door-1")
        with Client(broker) as server:
            with Client(broker, "door-1", password, clean=False) as client:
                client.subscribe("cubby/1/+/door-1/cmd/#")
            server.publish("cubby/1/main/door-1/cfg", b"kept", retain=True)
            server.publish("cubby/1/main/door-1/cmd/show", b"waits")
        kept = tmp_path / "broker" / "mosquitto.db"
        os.kill(broker.pid, signal.SIGUSR1)
        wait_until(lambda: kept.exists() and b"waits" in kept.read_bytes(), "what is saved")
        broker.kill()
        with Client(broker, "door-1", password, clean=False) as client:
            assert client.session_present
            assert client.next().payload == b"waits"
            client.subscribe("cubby/1/+/door-1/cfg")
            assert client.next().payload == b"kept"
        assert {stat.S_IMODE(path.stat().st_mode) for path in kept.parent.iterdir()} == {0o600}
        assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_mosquitto_keeps_them_over_an_orderly_stop(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path) as broker:
        with Client(broker) as server:
            server.publish("cubby/1/main/door-1/cfg", b"kept", retain=True)
        broker.down()
        assert not answers(broker.port)
        broker.up()
        with Client(broker) as server:
            server.subscribe("cubby/1/#")
            assert server.next().payload == b"kept"


def test_a_taken_port_is_left_to_whoever_has_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        settings = _settings(tmp_path, mqtt="mosquitto", mqtt_port=taken)
        with open_broker(settings) as running:
            assert running.broker.port != taken
            assert where(settings) == running.broker  # so terminals beside it find it
            with Client(running.broker) as client:
                assert client.reasons == ["Success"]
        assert where(settings) is None


@pytest.mark.parametrize("kind", KINDS)
def test_it_listens_on_loopback_only(request: pytest.FixtureRequest, kind: str) -> None:
    broker: TestBroker = request.getfixturevalue(f"{kind}_broker")
    inodes = {
        str(link.readlink()).removeprefix("socket:[").removesuffix("]")
        for link in Path(f"/proc/{broker.pid}/fd").iterdir()
        if link.is_symlink()
    }
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{broker.pid}/net/{table}").read_text().splitlines()[1:]:
            cells = line.split()
            if cells[3] == "0A" and cells[9] in inodes:
                listening.append(cells[1])
    assert f"0100007F:{broker.port:04X}" in listening
    assert {address.partition(":")[0] for address in listening} == {"0100007F"}


@pytest.mark.parametrize("kind", KINDS)
def test_its_secrets_are_on_no_command_line_and_in_no_file_for_others(
    request: pytest.FixtureRequest, kind: str
) -> None:
    broker: TestBroker = request.getfixturevalue(f"{kind}_broker")
    password = broker.broker.password
    assert password not in Path(f"/proc/{broker.pid}/cmdline").read_text()
    assert password not in repr(broker.broker)
    folder = broker.settings.data_dir / "broker"
    holding = [path for path in folder.iterdir() if password in path.read_text(errors="replace")]
    assert [path.name for path in holding] == ["bridge_password"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert not (folder / "rumqttd.toml").exists()


def test_stopping_twice_does_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    running = open_broker(_settings(tmp_path, mqtt="mosquitto"))
    running.stop()
    running.stop()
    assert running.pid is None
    assert [r for r in caplog.records if r.levelno > logging.INFO] == []  # an end that was meant


# What can't be started, and what is missing


def test_what_ends_at_once_is_reported_with_what_it_said() -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such thing')"]
    with pytest.raises(Died, match="no such thing"):
        Keeper("It", command).start(lambda: False)


def test_pauses_between_deaths_grow(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(keeper, "PAUSES", (0, 0.01, 0.02))
    kept = Keeper("It", [sys.executable, "-S", "-c", ""])
    kept._thread.start()
    wait_until(lambda: len(caplog.records) >= 4, "four deaths")
    kept.stop()
    pauses = [record.getMessage().split()[-2] for record in caplog.records[:4]]
    assert pauses == ["0", "0.01", "0.02", "0.02"]


def test_without_a_broker_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mosquitto, "find", lambda: None)
    monkeypatch.setattr(embedded, "is_available", lambda: False)
    with pytest.raises(NoBroker, match="Install Mosquitto"):
        open_broker(_settings(tmp_path))
    assert where(_settings(tmp_path)) is None


def test_a_broker_that_can_not_be_started_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mosquitto, "find", lambda: "/bin/false")
    with pytest.raises(NoBroker, match="can't be started"):
        open_broker(_settings(tmp_path, mqtt="mosquitto"))
    assert where(_settings(tmp_path)) is None


def test_a_folder_that_can_not_be_written_is_no_broker(tmp_path: Path) -> None:
    (tmp_path / "broker").write_text("a file")
    with pytest.raises(NoBroker, match="can't be started"):
        open_broker(_settings(tmp_path, mqtt="mosquitto"))


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    settings = _settings(tmp_path, mqtt="off", mqtt_url="mqtt://broker.example.org")
    with pytest.raises(NoBroker, match="CUBBY_MQTT=off"):
        open_broker(settings)
    assert where(settings) is None


def test_mosquitto_comes_before_the_embedded_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kind_here(_settings(tmp_path)) is Kind.MOSQUITTO
    monkeypatch.setattr(mosquitto, "find", lambda: None)
    assert kind_here(_settings(tmp_path)) is Kind.EMBEDDED
    with pytest.raises(NoBroker):
        kind_here(_settings(tmp_path, mqtt="mosquitto"))


def test_mosquitto_is_found_where_users_have_no_path_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = mosquitto.find()
    assert found is not None
    assert found.name == "mosquitto"


# A broker of somebody else


def test_an_outside_broker_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("from the file\n")
    url = "mqtts://us%40er:secret@broker.example.org"
    settings = _settings(tmp_path, mqtt_url=url, mqtt_password_file=tmp_path / "word")
    running = open_broker(settings)
    broker = running.broker
    assert (broker.host, broker.port, broker.tls) == ("broker.example.org", 8883, True)
    assert (broker.user, broker.password) == ("us@er", "from the file")
    assert (broker.kind, broker.development, broker.manages_accounts) == (
        Kind.OUTSIDE,
        False,
        False,
    )
    assert not running.accounts.sync([])
    assert where(settings) == broker
    assert not (tmp_path / "broker").exists()
    running.stop()


def test_accounts_for_an_outside_mosquitto_are_files(tmp_path: Path) -> None:
    url = "mqtt://cubby:secret@127.0.0.1:1884"
    settings = _settings(tmp_path, mqtt_url=url, mqtt_files=tmp_path / "files")
    running = open_broker(settings)
    assert running.broker.manages_accounts
    assert running.accounts.sync([])
    assert "user cubby\n" in (tmp_path / "files" / "acl").read_text()
    assert "cubby:$7$" in (tmp_path / "files" / "passwords").read_text()
    assert not open_broker(settings).accounts.sync([])  # as it was
    with pytest.raises(NoBroker, match="user cubby"):
        open_broker(_settings(tmp_path, mqtt_url="mqtt://me@b", mqtt_files=tmp_path / "files"))


def test_a_password_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    settings = _settings(tmp_path, mqtt_url="mqtt://b", mqtt_password_file=tmp_path / "none")
    with pytest.raises(SettingsError, match="CUBBY_MQTT_PASSWORD_FILE"):
        open_broker(settings)


# The leash where the kernel has none


def _leashed(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-I", "-S", leash.__file__, "--stay", str(os.getpid()), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


_SAYS = """
import os, signal, time
signal.signal(signal.SIGHUP, lambda *_: print("again", flush=True))
print(os.getpid(), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("end", ["pipe", "signal"])
def test_without_the_kernel_a_pipe_tells_it_to_end(end: str) -> None:
    process = _leashed([sys.executable, "-S", "-c", _SAYS])
    assert process.stdout is not None
    assert process.stdin is not None
    pid = int(process.stdout.readline())
    process.send_signal(signal.SIGHUP)
    assert process.stdout.readline() == b"again\n"
    ends: dict[str, Callable[[], None]] = {"pipe": process.stdin.close, "signal": process.terminate}
    ends[end]()
    assert process.wait(PATIENCE) != 0
    wait_until(lambda: not _is_there(pid), "its end")
    process.stdin.close()
    process.stdout.close()


def test_who_is_orphaned_before_it_has_begun_does_not_begin() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", leash.__file__, "1", "/bin/echo", "hello"],
        capture_output=True,
    )
    assert (done.returncode, done.stdout) == (1, b"")


def test_what_runs_is_said_for_programs_beside_it(tmp_path: Path) -> None:
    settings = _settings(tmp_path, mqtt="mosquitto")
    with open_broker(settings) as running:
        said = json.loads((tmp_path / "broker" / "running.json").read_text())
        its_own = {"kind": "mosquitto", "port": running.broker.port, "pid": running.pid}
        assert said == {**its_own, "pages": settings.port}
    assert not (tmp_path / "broker" / "running.json").exists()
