"""A Mosquitto of somebody else's, with the files that we write: TLS, and who vouches for it."""

import os
import signal
import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from locker_app.brokers import mosquitto
from locker_app.brokers.accounts import Account, password_hash
from locker_app.brokers.certificates import SERVER_DAYS, ends_at, make_authority, make_server
from locker_app.brokers.choosing import answers, free_port, open_broker
from locker_app.brokers.files import authority, authority_certificate, write_files
from locker_app.cli import main
from locker_app.settings import Settings, get_settings
from tests.broker import PATIENCE, Client, lets_in, wait_until

_NOW = datetime.now(UTC)  # handshakes go by the machine's clock
_AS_DEBIAN_HAS_IT = """\
pid_file {folder}/mosquitto.pid
persistence true
persistence_location {folder}/
log_dest file {folder}/mosquitto.log
include_dir {folder}/conf.d
user {user}
"""


def _settings(folder: Path, **more: object) -> Settings:
    return Settings.model_validate({"data_dir": folder / "data", "mqtt_url": ""} | more)


class _Outside:
    """A Mosquitto as a distribution runs it, which includes our file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.files = folder, folder / "cubby"
        self.settings = _settings(folder)
        self.plain, self.tls = free_port(0), free_port(0)
        write_files(self.settings, self.files, ["localhost", "127.0.0.1"], _NOW, self.ports)
        (folder / "conf.d").mkdir()
        (folder / "conf.d" / "cubby.conf").symlink_to(self.files / "cubby.conf")
        main_file = folder / "mosquitto.conf"
        user = Path.home().owner() if os.geteuid() else "root"
        main_file.write_text(_AS_DEBIAN_HAS_IT.format(folder=folder, user=user))
        self.process = subprocess.Popen([str(mosquitto.find()), "-c", str(main_file)])
        wait_until(lambda: answers(self.plain), "an answer of Mosquitto")

    @property
    def ports(self) -> tuple[int, int]:
        return self.plain, self.tls

    def by_tls(self, **more: object) -> Settings:
        """The settings of a server that uses it from elsewhere."""
        own = self.settings.data_dir / "broker"
        told = {
            "mqtt_url": f"mqtts://cubby@localhost:{self.tls}",
            "mqtt_password_file": own / "bridge_password",
            "mqtt_ca_file": own / "ca.crt",
            "mqtt_files": self.files,
        }
        return _settings(self.folder, **told | more)


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Outside]:
    made = _Outside(tmp_path_factory.mktemp("outside"))
    yield made
    made.process.terminate()
    made.process.wait(PATIENCE)


def _connects(port: int, password: str, ca_file: Path | None, host: str = "localhost") -> str:
    """What comes of connecting by TLS: the broker's answer, or what is wrong with it."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "cubby")
    answer: list[str] = []
    client.on_connect = lambda _c, _u, _f, reason, _p: answer.append(str(reason))
    client.username_pw_set("cubby", password)
    client.tls_set(str(ca_file) if ca_file else None)
    try:
        client.connect(host, port)
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    wait_until(lambda: client.loop(0.1) != paho.MQTT_ERR_SUCCESS or answer, "an answer")
    client.disconnect()
    return answer[0]


def test_who_trusts_our_authority_connects(outside: _Outside) -> None:
    broker = open_broker(outside.by_tls()).broker
    assert broker.ca_file is not None
    assert _connects(broker.port, broker.password, broker.ca_file) == "Success"
    assert _connects(broker.port, broker.password, broker.ca_file, "127.0.0.1") == "Success"
    assert _connects(broker.port, "wrong", broker.ca_file) == "Not authorized"
    assert authority_certificate(outside.settings) == broker.ca_file.read_text()


def test_who_does_not_trust_it_does_not_connect(outside: _Outside, tmp_path: Path) -> None:
    assert "issuer certificate" in _connects(outside.tls, "x", None)
    other = tmp_path / "other.crt"
    other.write_text(make_authority(_NOW).certificate)
    said = _connects(outside.tls, "x", other)
    assert "issuer certificate" in said or "signature failure" in said


def test_a_server_of_another_name_is_not_trusted(outside: _Outside) -> None:
    ca_file = outside.settings.data_dir / "broker" / "ca.crt"
    context = ssl.create_default_context(cafile=str(ca_file))
    with (
        socket.create_connection(("127.0.0.1", outside.tls), PATIENCE) as conn,
        pytest.raises(ssl.SSLCertVerificationError, match="mismatch"),
    ):
        context.wrap_socket(conn, server_hostname="elsewhere.example.org")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_an_old_tls_or_none_is_refused(outside: _Outside) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", outside.tls), PATIENCE) as conn,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(conn)
    assert not answers(outside.tls)


def test_accounts_that_the_server_writes_count_after_a_reload(outside: _Outside) -> None:
    running = open_broker(outside.by_tls())
    assert running.broker.manages_accounts
    assert running.accounts.sync([Account("door-1", password_hash("word"))])
    plain = open_broker(_settings(outside.folder, mqtt_url=f"mqtt://127.0.0.1:{outside.plain}"))
    outside.process.send_signal(signal.SIGHUP)
    wait_until(lambda: lets_in(plain.broker, "door-1", "word"), "the account")
    with Client(plain.broker, "door-1", "word") as door:
        assert running.accounts.sync([])
        outside.process.send_signal(signal.SIGHUP)
        door.wait_end()


def test_a_renewed_certificate_has_the_same_authority(outside: _Outside) -> None:
    ca_file = outside.settings.data_dir / "broker" / "ca.crt"
    before, authority_before = (outside.files / "server.crt").read_text(), ca_file.read_text()
    later = _NOW + timedelta(hours=1)
    accounts = (outside.files / "passwords").read_text()
    write_files(outside.settings, outside.files, ["localhost"], later, outside.ports)
    after = (outside.files / "server.crt").read_text()
    assert ends_at(after) == (later + timedelta(days=SERVER_DAYS)).replace(microsecond=0)
    assert after != before
    assert ca_file.read_text() == authority_before
    assert (outside.files / "passwords").read_text() == accounts
    outside.process.send_signal(signal.SIGHUP)
    password = outside.settings.bridge_password()
    wait_until(
        lambda: ssl.get_server_certificate(("localhost", outside.tls)).strip() == after.strip(),
        "the new certificate",
    )
    assert _connects(outside.tls, password, ca_file) == "Success"


def test_keys_are_for_their_owner_only(outside: _Outside) -> None:
    own = outside.settings.data_dir / "broker"
    for path in (own / "ca.key", outside.files / "server.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for path in (outside.files / "passwords", outside.files / "acl"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert not (outside.files / "ca.key").exists()


@pytest.mark.parametrize("host", ["", "a b", "https://x", "x:8883", "*", "-a", "a" * 64, "a..b"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="neither a host"):
        make_server(make_authority(_NOW), [host], _NOW)


def test_a_server_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="a name"):
        make_server(make_authority(_NOW), [], _NOW)


def test_the_authority_is_made_once(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    assert authority_certificate(settings) is None
    made = authority(settings, _NOW)
    assert authority(settings, _NOW) == made
    assert authority_certificate(settings) == made.certificate


# From the shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cubby.db").touch()
    monkeypatch.setenv("CUBBY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def test_files_are_written_from_the_shell(shell: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [
        "broker",
        "files",
        str(shell / "out"),
        "--host",
        "mqtt.example.org",
        "--host",
        "10.0.0.5",
    ]
    assert main(asked) == 0
    said = capsys.readouterr().out
    assert "CUBBY_MQTT_URL=mqtts://cubby@mqtt.example.org\n" in said
    assert {path.name for path in (shell / "out").iterdir()} == {
        "acl",
        "cubby-mosquitto-reload.path",
        "cubby-mosquitto-reload.service",
        "cubby.conf",
        "passwords",
        "server.crt",
        "server.key",
    }
    assert main(["broker", "show"]) == 0
    assert capsys.readouterr().out == "None runs now. The server will start one: mosquitto.\n"


def test_a_wrong_host_is_one_sentence(shell: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["broker", "files", str(shell / "out"), "--host", "a b"]) == 1
    assert "'a b' is neither a host's name nor an address" in capsys.readouterr().err
    assert not (shell / "out").exists()


def test_the_shell_says_which_broker_it_is(
    shell: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUBBY_MQTT_URL", "mqtts://cubby:hunter2@broker.example.org")
    get_settings.cache_clear()
    assert main(["broker", "show"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("mqtts://broker.example.org:8883\n")
    assert "hunter2" not in said
    monkeypatch.setenv("CUBBY_MQTT", "off")
    get_settings.cache_clear()
    assert main(["broker", "show"]) == 0
    assert "switched off" in capsys.readouterr().out
