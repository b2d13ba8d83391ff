"""What an operator can set: `TOCSIN_*` in the environment, else `tocsin.toml` in this directory, else a default."""

import hashlib
import os
import re
import socket
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PositiveInt, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from events.errors import ConfigInvalid

FILE = Path("tocsin.toml")


def _servers(text: str) -> str:
    if not re.fullmatch(r"[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*", text):
        raise ValueError("expected host:port[,host:port]")
    return text


Servers = Annotated[str, AfterValidator(_servers)]
Name = Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,100}$")]  # what Kafka allows in topics and group ids

Interval = Annotated[timedelta, Field(ge=timedelta(milliseconds=100))]


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tocsin"


class Settings(BaseSettings):
    """All settings, checked; nothing of this changes while a process runs."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_", toml_file=FILE, frozen=True, extra="forbid")

    broker: Servers | None = None  # "host:port[,host:port]"; None: the embedded Kafka, data in `home`
    home: Path = Path(".tocsin")  # files of the projection, of the embedded Kafka; one worker per home
    cache: Path = Field(default_factory=_cache)  # what is fetched once per user: the embedded Kafka
    prefix: Name = "tocsin"  # of the topics
    group: Name = "tocsin"  # of the workers that share the partitions
    instance: Name | None = None  # of this worker in its group; None: derived from host and home
    partitions: PositiveInt | None = None  # fixed when the topics are made; None: as they are, 1 when they are made now

    batch_rows: PositiveInt = 5_000  # at most this many records in one transaction
    batch_bytes: PositiveInt = 16 * 2**20  # and no more than this many bytes of them
    queue_rows: PositiveInt = 15_000  # fetched and not yet applied; beyond this the worker stops fetching
    queue_bytes: PositiveInt = 64 * 2**20
    snapshot_every: Interval = timedelta(seconds=2)  # at most this often

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "console"] = "auto"  # auto: console on a terminal, JSON elsewhere
    debug: bool = False  # show tracebacks

    @property
    def member(self) -> str:
        """The name of this worker in its group: the same after every restart, another for another host or home."""
        identity = f"{socket.gethostname()}\n{self.home.absolute()}"
        return self.instance or f"{self.group}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"

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
    try:
        return Settings(**chosen)
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid(f"{FILE}: {error}") from error
    except ValidationError as error:
        raise ConfigInvalid([_fault(dict(fault)) for fault in error.errors()]) from error


def _fault(fault: dict[str, Any]) -> str:
    name, said = ".".join(map(str, fault["loc"])), fault["msg"].removeprefix("Value error, ")
    return f"{name} (TOCSIN_{name.upper()} or {FILE}): {said}, found {fault['input']!r}"
