"""Every setting, typed, from the environment and `.env`, read once.

A default is what a first run on a laptop wants. The table in README.md lists
all of them, and a test keeps it complete.
"""

import os
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
LogLevel = Literal["debug", "info", "warning", "error"]


class SettingsError(Exception):
    """A setting has a value that can't be used. The message names the variable."""


class Settings(BaseSettings):
    """What the environment says. Use `get_settings()`, which reads it once."""

    model_config = SettingsConfigDict(
        env_prefix="CUBBY_", env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore"
    )

    port: int = Field(
        default=3000, ge=1, le=65535, description="Port of the pages, websocket and API."
    )
    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. `0.0.0.0` lets phones on the same network in.",
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/\s]+)?$",
        examples=["https://lockers.example.org"],
        description="Address printed in QR codes, such as `https://lockers.example.org`. "
        "By default that of this machine.",
    )
    data_dir: Path = Field(
        default=Path("data"),
        description="Folder for the database and what is made for this installation.",
    )
    database_url: str = Field(
        default="",
        validation_alias="DATABASE_URL",
        pattern=r"^((postgres|postgresql|postgresql\+psycopg|sqlite)://.+)?$",
        examples=["postgresql://cubby@localhost/cubby"],
        description="`postgresql://…` or `sqlite:///…`. By default SQLite in the data folder.",
    )
    admin_password: SecretStr | None = Field(
        default=None,
        description="Password of the first admin. By default one is made and printed once.",
    )
    sample: bool = Field(
        default=True, description="Whether an empty database gets the sample library and students."
    )
    time_zone: str = Field(
        default="",
        description="Time zone of the sample library, such as `Europe/Berlin`. By default that of "
        "this machine.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Signs sessions. By default made once and kept in the data folder.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="More host names this server answers to, separated by commas. This machine's "
        "own names and all IP addresses are accepted anyway.",
    )
    trusted_proxy_hops: int = Field(
        default=0,
        ge=0,
        le=10,
        description="How many reverse proxies stand in front: with 0, `X-Forwarded-For` and "
        "`X-Forwarded-Proto` are ignored.",
    )
    push_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="More push services that phones may be told by, such as `push.example.org`, "
        "separated by commas. Those of the known browsers are accepted anyway.",
    )
    mqtt: Literal["auto", "mosquitto", "embedded", "off"] = Field(
        default="auto",
        description="Broker for card terminals, where `CUBBY_MQTT_URL` names none: `auto` "
        "(Mosquitto if it is installed, else the embedded one), `mosquitto`, `embedded`, or `off`: "
        "no terminals.",
    )
    mqtt_url: str = Field(
        default="",
        examples=["mqtt://cubby:password@broker.example.org:1883"],
        description="A broker that somebody else runs, such as "
        "`mqtts://cubby:password@broker.example.org`. By default one is run as a child.",
    )
    mqtt_password_file: Path | None = Field(
        default=None, description="File with the password for `CUBBY_MQTT_URL`, instead of in it."
    )
    mqtt_ca_file: Path | None = Field(
        default=None,
        description="Certificate of who vouches for an `mqtts://` broker. By default those whom "
        "this machine trusts.",
    )
    mqtt_public_url: str = Field(
        default="",
        examples=["mqtts://lockers.example.org:8883"],
        description="Where terminals reach the broker, such as `mqtts://lockers.example.org`, if "
        "that is another address than this server's own. They are told when they are set up.",
    )
    mqtt_files: Path | None = Field(
        default=None,
        description="Folder in which the accounts of terminals are written for the Mosquitto of "
        "`CUBBY_MQTT_URL`: see docs/terminals-broker.md.",
    )
    mqtt_port: int = Field(
        default=1883,
        ge=1,
        le=65535,
        description="Port of the broker that is run as a child, on this machine only. Another one "
        "is taken if it is not free.",
    )
    home_assistant_password: SecretStr | None = Field(
        default=None,
        description="Password of the account `home-assistant` at the broker, which may read states "
        "and no taps. By default there is no such account.",
    )
    home_assistant: bool = Field(
        default=False,
        description="Whether Home Assistant is told, by the broker, how full banks are and how "
        "terminals are.",
    )
    home_assistant_prefix: str = Field(
        default="homeassistant",
        pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$",
        examples=["homeassistant"],
        description="Topic below which Home Assistant finds new devices.",
    )
    log_level: LogLevel = Field(
        default="info", description="`debug`, `info`, `warning` or `error`."
    )

    @field_validator("allowed_hosts", "push_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(host.strip().lower() for host in value.split(",") if host.strip())
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value and value not in available_timezones():
            raise ValueError("there is no such time zone")
        return value

    @field_validator("mqtt_url", "mqtt_public_url")
    @classmethod
    def _is_a_broker(cls, value: str) -> str:
        if value:
            parse_mqtt_url(value)
        return value

    @field_validator("data_dir", "mqtt_password_file", "mqtt_ca_file", "mqtt_files")
    @classmethod
    def _anchor(cls, value: Path | None) -> Path | None:
        """A relative folder lies in the project, wherever the command was started."""
        return None if value is None else ROOT / value.expanduser()

    @property
    def database(self) -> str:
        """The database's address: `DATABASE_URL`, or SQLite in the data folder."""
        url = self.database_url or f"sqlite:///{self.data_dir / 'cubby.db'}"
        return url.replace("postgres://", "postgresql://", 1)

    def signing_key(self) -> str:
        """The key that signs sessions: the setting, or one made once for this installation."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        return _kept_secret(self.data_dir / "secret_key")

    def push_key(self) -> str:
        """The private key by which push services know this installation, as PEM; made once."""
        return _kept_secret(self.data_dir / "push_key", _new_push_key)

    def mqtt_password(self) -> str:
        """The password for the broker of `mqtt_url`.

        Raises:
            SettingsError: its file can't be read.
        """
        if self.mqtt_password_file is None:
            return parse_mqtt_url(self.mqtt_url).password
        try:
            return self.mqtt_password_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"CUBBY_MQTT_PASSWORD_FILE can't be read: {error}") from None

    def bridge_password(self) -> str:
        """The server's own password at a broker that it runs itself; made once."""
        return _kept_secret(self.data_dir / "broker" / "bridge_password")


@dataclass(frozen=True, slots=True)
class MqttAddress:
    """Where a broker is, and who we are there."""

    host: str
    port: int
    tls: bool
    user: str
    password: str = dataclass_field(repr=False)


def parse_mqtt_url(url: str) -> MqttAddress:
    """The parts of `mqtt://user:password@host:1883` or `mqtts://…` (by default port 8883).

    Raises:
        ValueError: it isn't one; the message has nothing of it.
    """
    example = "it should look like mqtt://cubby:password@broker.example.org:1883"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(example) from None
    tls = parts.scheme == "mqtts"
    rest = parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or rest or port == 0:
        raise ValueError(example)
    return MqttAddress(
        host=parts.hostname,
        port=port or (8883 if tls else 1883),
        tls=tls,
        user=unquote(parts.username or "cubby"),
        password=unquote(parts.password or ""),
    )


def variable_of(name: str) -> str:
    """The environment variable that sets a field of `Settings`."""
    alias = Settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"CUBBY_{name.upper()}"


_instead: dict[str, object] = {}


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: a value can't be used.
    """
    try:
        return Settings.model_validate(_instead)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None


def use_instead(**values: object) -> Settings:
    """Let these count in this process, whatever the environment and `.env` say; all settings.

    Raises:
        SettingsError: a value can't be used.
    """
    for name, value in values.items():
        alias = Settings.model_fields[name].validation_alias
        _instead[alias if isinstance(alias, str) else name] = value
    get_settings.cache_clear()
    return get_settings()


def unknown_variables() -> list[str]:
    """Variables that look like settings of Cubby and aren't, such as misspelt ones."""
    known = {variable_of(name) for name in Settings.model_fields}
    return sorted(key for key in os.environ if key.startswith("CUBBY_") and key not in known)


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = str(first["loc"][0])
    variable = variable_of(place) if place in Settings.model_fields else place  # or an alias
    secret = place in {"admin_password", "secret_key", "DATABASE_URL", "mqtt_url"}
    shown = "" if secret else f" (it is {first['input']!r})"
    return f"{variable} can't be used{shown}: {_why(first['type'], first['msg'], place)}."


_PLAIN = {
    "too_short": "it needs at least 32 characters",
    "int_parsing": "it has to be a whole number",
    "bool_parsing": "it has to be true or false",
}


def _why(kind: str, message: str, place: str) -> str:
    """A pattern tells people nothing; an example does."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind != "string_pattern_mismatch":
        return message.removeprefix("Value error, ").rstrip(".").lower()
    fields = Settings.model_fields.items()
    field = next(field for name, field in fields if place in (name, variable_of(name)))
    return f"it should look like {(field.examples or [''])[0]}"


def _new_token() -> str:
    return secrets.token_urlsafe(48)


def _new_push_key() -> str:
    from cryptography.hazmat.primitives import serialization  # only where somebody wants push
    from cryptography.hazmat.primitives.asymmetric import ec

    made = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.decode()


def _kept_secret(path: Path, new: Callable[[], str] = _new_token) -> str:
    """Read the secret, or make it. Of several processes starting at once, one makes it.

    It is written in full under another name first and then linked into place,
    which fails when the name exists: nobody ever reads half a key.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent)  # created with O_EXCL and mode 600
        try:
            with os.fdopen(handle, "w") as file:
                file.write(new())
                file.flush()
                os.fsync(file.fileno())
            Path(path).hardlink_to(name)
        except FileExistsError:
            pass  # another process was first; its key counts
        finally:
            Path(name).unlink()
    return path.read_text().strip()
