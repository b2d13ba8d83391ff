"""How every Kafka client of ours gets through to the broker: plain, over TLS, with a name and a password.

The settings do not change while a process runs, so a client asks them itself: an address goes through many hands, a
password through none. Secrets stay `SecretStr` until the client that needs them is made.
"""

import ssl
from typing import Any

from events.errors import ConfigInvalid
from streams.settings import TLS, Settings, load_settings


def connection(servers: str) -> dict[str, Any]:
    """What a client of aiokafka is to be told: where, and how.

    Raises:
        ConfigInvalid: a file that the settings name can not be used.
    """
    return {"bootstrap_servers": servers, **options(load_settings())}


def options(settings: Settings) -> dict[str, Any]:
    """The part of it that is how."""
    found: dict[str, Any] = {"security_protocol": settings.security.upper()}
    if "ssl" in settings.security:
        found["ssl_context"] = _context(settings)
    if "sasl" in settings.security:
        found["sasl_mechanism"] = settings.sasl_mechanism
        found["sasl_plain_username"], found["sasl_plain_password"] = settings.sasl_username, _password(settings)
    return found


def faust_credentials(settings: Settings) -> Any:
    """The same for Faust; None: plaintext."""
    from faust.auth import SASLCredentials, SSLCredentials  # noqa: PLC0415 -- Faust is slow to load

    how = options(settings)
    context = how.get("ssl_context")
    if "sasl_mechanism" in how:
        user, password = how["sasl_plain_username"], how["sasl_plain_password"]
        mechanism = how["sasl_mechanism"]
        return SASLCredentials(username=user, password=password, ssl_context=context, mechanism=mechanism)
    return SSLCredentials(context) if context else None


def said() -> str:
    """How we try to get through, for an error; nothing where there is nothing to get wrong."""
    settings = load_settings()
    user = f" as {settings.sasl_username}" if settings.sasl_username else ""
    return "" if settings.security == "plaintext" else f", or it does not let us in over {settings.security}{user}"


def _context(settings: Settings) -> ssl.SSLContext:
    """A context that checks certificate and name of the broker, always."""
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca)
        if settings.tls_cert:
            context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (ssl.SSLError, OSError) as error:
        files = ", ".join(f"TOCSIN_{name.upper()}={path}" for name in TLS if (path := getattr(settings, name)))
        raise ConfigInvalid(f"{files}: expected PEM files that belong together, found: {error}") from error
    return context


def _password(settings: Settings) -> str:
    if settings.sasl_password:
        return settings.sasl_password.get_secret_value()
    assert settings.sasl_password_file is not None  # noqa: S101 -- the settings are checked for it
    try:
        return settings.sasl_password_file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"TOCSIN_SASL_PASSWORD_FILE={settings.sasl_password_file}: {error}") from error
