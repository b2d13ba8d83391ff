"""What an operator can set: `TOCSIN_*` in the environment, else `tocsin.toml` in this directory, else a default."""

import hashlib
import os
import re
import socket
import tomllib
from collections.abc import Collection, Iterator
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import AfterValidator, Field, PositiveInt, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from events.errors import ConfigInvalid

FILE = Path("tocsin.toml")
PREFIX: Final = "TOCSIN_"
SASL: Final = ("sasl_mechanism", "sasl_username", "sasl_password", "sasl_password_file")
TLS: Final = ("tls_ca", "tls_cert", "tls_key")
SECRETS: Final = frozenset({"heartbeat_url", "http_token", "sasl_password"})  # never shown
NO_SETTINGS: Final = frozenset(  # what builds and tests are told with
    {"TOCSIN_COMPILE", "TOCSIN_CRASH_AT", "TOCSIN_PROVE", "TOCSIN_REQUIRE_COMPILED", "TOCSIN_REQUIRE_KAFKA"}
)


def _servers(text: str) -> str:
    if not re.fullmatch(r"[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*", text):
        raise ValueError("expected host:port[,host:port]")
    return text


def _listen(text: str) -> str:
    if not re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[^\s,:]+):\d{1,5}", text):
        raise ValueError("expected host:port")
    return text


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int  # 0: any that is free

    def is_loopback(self) -> bool:
        """Whether nobody but this machine can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


Servers = Annotated[str, AfterValidator(_servers)]
Name = Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,100}$")]  # what Kafka allows in topics and group ids

Interval = Annotated[timedelta, Field(ge=timedelta(milliseconds=100))]


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tocsin"


class Settings(BaseSettings):
    """All settings, checked; nothing of this changes while a process runs."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, toml_file=FILE, frozen=True, extra="forbid")

    broker: Servers | None = None  # "host:port[,host:port]"; None: the embedded Kafka, data in `home`
    home: Path = Path(".tocsin")  # files of the projection, of the embedded Kafka; one worker per home
    cache: Path = Field(default_factory=_cache)  # what is fetched once per user: the embedded Kafka
    security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"  # of the way to the broker
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None  # this,
    sasl_password_file: Path | None = None  # or a file with it
    tls_ca: Path | None = None  # PEM; None: those that the system trusts
    tls_cert: Path | None = None  # PEM: ours, for a broker that asks for one
    tls_key: Path | None = None  # PEM; None: it is in tls_cert
    prefix: Name = "tocsin"  # of the topics
    group: Name = "tocsin"  # of the workers that share the partitions
    instance: Name | None = None  # of this worker in its group; None: derived from host and home
    partitions: PositiveInt | None = None  # fixed when the topics are made; None: as they are, 1 when they are made now

    batch_rows: PositiveInt = 8_000  # at most this many records in one transaction
    batch_bytes: PositiveInt = 16 * 2**20  # and no more than this many bytes of them
    queue_rows: PositiveInt = 16_000  # fetched and not yet applied; beyond this the worker stops fetching
    queue_bytes: PositiveInt = 64 * 2**20
    snapshot_every: Interval = timedelta(seconds=2)  # at most this often
    tick_every: Interval = timedelta(hours=1)  # live timelines, when nothing else moves their clock

    http: Annotated[str, AfterValidator(_listen)] | None = None  # "host:port" of /livez, /readyz, /metrics; None: none
    http_token: SecretStr | None = None  # asked for as `Authorization: Bearer`; beyond loopback there must be one

    heartbeat_url: SecretStr | None = None  # called once a minute while the worker does its work

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "console"] = "auto"  # auto: console on a terminal, JSON elsewhere
    debug: bool = False  # show tracebacks

    @property
    def member(self) -> str:
        """The name of this worker in its group: the same after every restart, another for another host or home."""
        identity = f"{socket.gethostname()}\n{self.home.absolute()}"
        return self.instance or f"{self.group}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"

    @property
    def listen(self) -> Address | None:
        """Where the worker's own HTTP server listens, if it shall."""
        host, _, port = (self.http or "").rpartition(":")
        return Address(host.strip("[]"), int(port)) if self.http else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**chosen: Any) -> Settings:
    """The settings; `chosen` (from a command line) outranks environment and file.

    Raises:
        ConfigInvalid: with every fault there is.
    """
    unknown = list(_unknown(os.environ))
    try:
        settings = Settings(**chosen)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{FILE}: expected TOML in UTF-8: {error}") from error
    except ValidationError as error:
        raise ConfigInvalid([*unknown, *(_fault(dict(fault)) for fault in error.errors())]) from error
    if faults := [*unknown, *_contradictions(settings)]:
        raise ConfigInvalid(faults)
    return settings


def _contradictions(settings: Settings) -> Iterator[str]:
    """What is well by itself, and not together."""
    if settings.listen and not settings.listen.is_loopback() and not settings.http_token:
        yield f"{PREFIX}HTTP={settings.http}: expected {PREFIX}HTTP_TOKEN with an address beyond loopback, found none"
    if settings.heartbeat_url and not settings.heartbeat_url.get_secret_value().startswith(("http://", "https://")):
        yield f"{PREFIX}HEARTBEAT_URL: expected http:// or https://, found something else"
    yield from _insecure(settings)


def _insecure(settings: Settings) -> Iterator[str]:
    """What does not go together of how to get through to the broker."""
    protocol, given = settings.security, settings.model_fields_set
    if protocol != "plaintext" and not settings.broker:
        yield f"TOCSIN_SECURITY={protocol}: expected TOCSIN_BROKER, found none; the embedded Kafka is plaintext"
    for names, word in ((SASL, "sasl"), (TLS, "ssl")):
        if idle := [name for name in names if name in given and word not in protocol]:
            yield f"TOCSIN_{idle[0].upper()}: expected TOCSIN_SECURITY with {word} in it, found {protocol}"
    if "sasl" in protocol:
        yield from _identity(settings)
    if settings.tls_key and not settings.tls_cert:
        yield "TOCSIN_TLS_KEY: expected TOCSIN_TLS_CERT beside it, found none"


def _identity(settings: Settings) -> Iterator[str]:
    if not settings.sasl_username:
        yield f"TOCSIN_SECURITY={settings.security}: expected TOCSIN_SASL_USERNAME, found none"
    if bool(settings.sasl_password) == bool(settings.sasl_password_file):
        expected = "expected TOCSIN_SASL_PASSWORD or TOCSIN_SASL_PASSWORD_FILE"
        found = "both" if settings.sasl_password else "neither"
        yield f"TOCSIN_SECURITY={settings.security}: {expected}, found {found}"


def _unknown(names: Collection[str]) -> Iterator[str]:
    """What of ours stands in the environment and is no setting: a slip of the pen, or one of another version."""
    known = {*(f"{PREFIX}{name.upper()}" for name in Settings.model_fields), *NO_SETTINGS}
    for name in sorted(names):
        if name.startswith(PREFIX) and name not in known:
            yield f"{name}: no such setting{_meant(name, known - NO_SETTINGS)}"


def _meant(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, sorted(known), 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _fault(fault: dict[str, Any]) -> str:
    name, said = ".".join(map(str, fault["loc"])), fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        return f"{FILE}: {name}: no such setting{_meant(name, Settings.model_fields)}"
    if fault["type"].startswith("time_delta"):
        said = "expected a duration like PT2S (2 seconds) or PT1H (an hour)"
    found = "something else" if name in SECRETS else repr(fault["input"])
    return f"{name} ({PREFIX}{name.upper()} or {FILE}): {said}, found {found}"
