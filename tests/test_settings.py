"""Settings: read from the environment, documented, and refused with one clear sentence."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from locker_app.settings import (
    ROOT,
    Settings,
    SettingsError,
    get_settings,
    parse_mqtt_url,
    unknown_variables,
    variable_of,
)


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for key in list(os.environ):
        if key.startswith("CUBBY_") or key == "DATABASE_URL":
            monkeypatch.delenv(key)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    monkeypatch.setenv("CUBBY_DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def _documented() -> dict[str, list[str]]:
    text = (ROOT / "README.md").read_text()
    table = text.partition("<!-- settings: begin")[2].partition("<!-- settings: end")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    return {cells[0].strip(" `"): [cell.strip() for cell in cells[1:]] for cells in rows}


def test_the_readme_lists_every_setting_and_no_other() -> None:
    documented = _documented()
    assert documented.keys() == {variable_of(name) for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        assert documented[variable_of(name)][1] == field.description, name


def test_defaults_fit_a_first_run_on_a_laptop() -> None:
    settings = get_settings()
    assert (settings.host, settings.port, settings.sample) == ("127.0.0.1", 3000, True)
    assert settings.database == f"sqlite:///{settings.data_dir}/cubby.db"


def test_a_relative_data_folder_lies_in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBBY_DATA_DIR", "elsewhere")
    assert get_settings().data_dir == ROOT / "elsewhere"


def test_settings_come_from_a_dotenv_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CUBBY_PORT=4321\nCUBBY_ALLOWED_HOSTS=A.example, b.example\n")
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    settings = get_settings()
    assert settings.port == 4321
    assert settings.allowed_hosts == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CUBBY_PORT", "abc"),
        ("CUBBY_PORT", "70000"),
        ("CUBBY_SAMPLE", "perhaps"),
        ("CUBBY_LOG_LEVEL", "loud"),
        ("CUBBY_PUBLIC_URL", "lockers.example.org"),
        ("CUBBY_TIME_ZONE", "Mars/Olympus"),
        ("CUBBY_SECRET_KEY", "too short to sign with"),
        ("DATABASE_URL", "mysql://me:hunter2@there/db"),
        ("CUBBY_MQTT", "perhaps"),
        ("CUBBY_MQTT_URL", "http://cubby:hunter2@there"),
        ("CUBBY_MQTT_URL", "mqtt://cubby:hunter2@there:99999"),
        ("CUBBY_MQTT_URL", "mqtt://cubby:hunter2@"),
        ("CUBBY_MQTT_URL", "mqtt://cubby:hunter2@there/topic"),
        ("CUBBY_HOME_ASSISTANT_PREFIX", "#"),
    ],
)
def test_a_bad_value_ends_with_one_sentence_that_names_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refused:
        get_settings()
    sentence = str(refused.value)
    assert sentence.startswith(f"{variable} can't be used")
    assert "\n" not in sentence
    assert "hunter2" not in sentence
    assert "too short to sign" not in sentence
    assert "^(" not in sentence  # a pattern is no sentence


def test_the_command_line_shows_the_sentence_and_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "locker_app.cli", "run"],
        env={**os.environ, "CUBBY_PORT": "abc"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert "CUBBY_PORT" in done.stderr


def test_misspelt_variables_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBBY_ADMIN_PASWORD", "x")
    assert unknown_variables() == ["CUBBY_ADMIN_PASWORD"]


def test_a_signing_key_is_made_once_for_its_owner_only() -> None:
    settings = get_settings()
    with ThreadPoolExecutor(16) as several:
        keys = list(several.map(lambda _: settings.signing_key(), range(64)))
    kept = settings.data_dir / "secret_key"
    assert len(set(keys)) == 1
    assert len(keys[0]) >= 48
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in settings.data_dir.iterdir()] == ["secret_key"]


def test_a_given_signing_key_is_used_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBBY_SECRET_KEY", "k" * 40)
    settings = get_settings()
    assert settings.signing_key() == "k" * 40
    assert not (settings.data_dir / "secret_key").exists()
    assert "k" * 40 not in repr(settings)


def test_the_key_for_push_services_is_made_once_for_its_owner_only() -> None:
    settings = get_settings()
    with ThreadPoolExecutor(8) as several:
        keys = list(several.map(lambda _: settings.push_key(), range(16)))
    kept = settings.data_dir / "push_key"
    assert len(set(keys)) == 1
    assert keys[0].startswith("-----BEGIN PRIVATE KEY-----")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_more_push_services_are_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBBY_PUSH_HOSTS", "Push.example.org, *.example.net:8443")
    assert get_settings().push_hosts == ("push.example.org", "*.example.net:8443")


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("mqtt://broker", ("broker", 1883, False, "cubby", "")),
        ("mqtts://broker.example.org/", ("broker.example.org", 8883, True, "cubby", "")),
        ("mqtt://me:a%40b%3Ac@[::1]:1884", ("::1", 1884, False, "me", "a@b:c")),
    ],
)
def test_the_address_of_a_broker_has_parts(url: str, parts: tuple[object, ...]) -> None:
    address = parse_mqtt_url(url)
    found = (address.host, address.port, address.tls, address.user, address.password)
    assert found == parts
    assert "a@b:c" not in repr(address)


def test_the_own_password_at_the_broker_is_made_once_for_its_owner_only() -> None:
    settings = get_settings()
    kept = settings.data_dir / "broker" / "bridge_password"
    assert settings.bridge_password() == settings.bridge_password() == kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
