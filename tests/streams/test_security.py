"""The way to the broker: which settings go together, that no secret shows, and real listeners with TLS and SASL."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from events import codec
from events.errors import ConfigInvalid
from streams.broker import node
from streams.broker.embedded import EmbeddedKafka
from streams.broker.ready import free_port
from streams.security import connection, faust_credentials, options
from streams.settings import load_settings
from streams.topics import Topics
from tests import facts
from tests.conftest import CACHE
from tests.streams.line import Line, ended
from tests.streams.real_store import REAL

TOCSIN = Path(sys.executable).with_name("tocsin")
USER, PASSWORD = "tocsin", "w0rd-of-mouth"
SASL = {"security": "sasl_plaintext", "sasl_username": USER, "broker": "h:1"}
LISTENERS = """\
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,NAMED:SASL_PLAINTEXT,SEALED:SSL,BOTH:SASL_SSL
sasl.enabled.mechanisms=PLAIN
listener.name.named.plain.sasl.jaas.config={jaas}
listener.name.both.plain.sasl.jaas.config={jaas}
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
listener.name.sealed.ssl.client.auth=required
"""
JAAS = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}" ;'


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"security": "ssl"}, "TOCSIN_SECURITY=ssl: expected TOCSIN_BROKER, found none"),
        ({"sasl_username": "a"}, "TOCSIN_SASL_USERNAME: expected TOCSIN_SECURITY with sasl in it, found plaintext"),
        ({**SASL, "sasl_password": "x", "tls_ca": "ca.pem"}, "TOCSIN_TLS_CA: expected TOCSIN_SECURITY with ssl in it"),
        (SASL, "expected TOCSIN_SASL_PASSWORD or TOCSIN_SASL_PASSWORD_FILE, found neither"),
        ({**SASL, "sasl_password": "x", "sasl_password_file": "f"}, "TOCSIN_SASL_PASSWORD_FILE, found both"),
        ({**SASL, "sasl_username": "", "sasl_password": "x"}, "expected TOCSIN_SASL_USERNAME, found none"),
        ({"security": "ssl", "broker": "h:1", "tls_key": "k"}, "TOCSIN_TLS_KEY: expected TOCSIN_TLS_CERT beside it"),
        ({"security": "tls"}, "security (TOCSIN_SECURITY or tocsin.toml)"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(given: dict[str, str], said: str) -> None:
    """Given a way to the broker that lacks something, when settings are loaded, then the fault names that."""
    with pytest.raises(ConfigInvalid) as refused:
        load_settings(**given)

    assert said in str(refused.value)


def test_no_password_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a password, when settings are shown, or are wrong elsewhere, then it is in no text."""
    settings = load_settings(**SASL, sasl_password=PASSWORD)
    monkeypatch.setenv("TOCSIN_SASL_PASSWORD", PASSWORD)
    with pytest.raises(ConfigInvalid) as refused:
        load_settings(**SASL, partitions=0)
    with pytest.raises(ConfigInvalid) as wrong:
        load_settings(**SASL, sasl_password=[PASSWORD])

    shown = (
        repr(settings),
        str(settings.model_dump()),
        settings.model_dump_json(),
        str(refused.value),
        str(wrong.value),
    )
    assert [it for it in (*shown, repr(faust_credentials(settings))) if PASSWORD in it] == []
    assert options(settings)["sasl_plain_password"] == PASSWORD


def test_a_password_comes_from_a_file_as_well(tmp_path: Path) -> None:
    """Given a file with a password and an end of line, then the password is the line; no file is a fault."""
    (tmp_path / "word").write_text(f"{PASSWORD}\n")

    assert options(load_settings(**SASL, sasl_password_file=tmp_path / "word"))["sasl_plain_password"] == PASSWORD
    with pytest.raises(ConfigInvalid, match=r"TOCSIN_SASL_PASSWORD_FILE=.*nowhere: "):
        options(load_settings(**SASL, sasl_password_file=tmp_path / "nowhere"))


def test_files_that_are_no_certificates_are_told(tmp_path: Path) -> None:
    """Given files that are no PEM, when a client is made, then the settings and the files are named."""
    (tmp_path / "ca.pem").write_text("nothing")

    with pytest.raises(ConfigInvalid, match=r"TOCSIN_TLS_CA=.*ca\.pem: expected PEM files"):
        options(load_settings(security="ssl", broker="h:1", tls_ca=tmp_path / "ca.pem"))


def test_plaintext_asks_for_nothing() -> None:
    """Given no settings, then a client is told where the broker is, and that it is plaintext; Faust is told nothing."""
    assert connection("h:1") == {"bootstrap_servers": "h:1", "security_protocol": "PLAINTEXT"}
    assert faust_credentials(load_settings()) is None


class Guarded:
    """A Kafka with a listener of each kind, and what clients need for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in ("NAMED", "SEALED", "BOTH")}
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        self._issue(authority, "broker.pem", "127.0.0.1")
        self._issue(authority, "client.pem", "worker@example.org")

    def _issue(self, authority: trustme.CA, name: str, whom: str) -> None:
        """A certificate with its key, which Kafka wants as PKCS 8."""
        made = authority.issue_cert(whom)
        key = serialization.load_pem_private_key(made.private_key_pem.bytes(), None)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        chain = b"".join(it.bytes() for it in made.cert_chain_pems)
        (self.folder / name).write_bytes(key.private_bytes(*form) + chain)

    def properties(self, plain: str) -> str:
        """Those of a plain node, with the listeners added."""
        more = "".join(f",{name}://127.0.0.1:{port}" for name, port in self.ports.items())
        lines = [f"{it}{more}" if "listeners=PLAINTEXT" in it else it for it in plain.splitlines()]
        jaas = JAAS.replace("{", "{{")
        return "\n".join([*lines, LISTENERS.format(jaas=jaas, folder=self.folder)])

    def settings(self, listener: str, **more: str) -> dict[str, str]:
        """What a client is told, as its environment has it."""
        named = {"TOCSIN_SASL_MECHANISM": "PLAIN", "TOCSIN_SASL_USERNAME": USER, "TOCSIN_SASL_PASSWORD": PASSWORD}
        trusting = {"TOCSIN_TLS_CA": str(self.folder / "ca.pem")}
        ways = {
            "NAMED": {"TOCSIN_SECURITY": "sasl_plaintext", **named},
            "SEALED": {"TOCSIN_SECURITY": "ssl", **trusting, "TOCSIN_TLS_CERT": str(self.folder / "client.pem")},
            "BOTH": {"TOCSIN_SECURITY": "sasl_ssl", **named, **trusting},
        }
        return {"TOCSIN_BROKER": f"127.0.0.1:{self.ports[listener]}", **ways[listener], **more}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, kafka: EmbeddedKafka) -> Iterator[Guarded]:  # noqa: ARG001 -- skips with it
    folder = tmp_path_factory.mktemp("guarded")
    it = Guarded(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(node, "PROPERTIES", it.properties(node.PROPERTIES))
        broker = EmbeddedKafka(folder / "kafka", cache=CACHE).start()
    yield it
    broker.stop()


@pytest.mark.kafka
@pytest.mark.parametrize("listener", ["NAMED", "SEALED", "BOTH"])
async def test_a_line_works_through_every_kind_of_listener(
    guarded: Guarded, listener: str, tmp_path: Path, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a broker that asks who we are, when worker and verbs use it, then all is told and exact."""
    settings = guarded.settings(listener)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    events = tmp_path / "events.ndjson"
    events.write_text("".join(f"{codec.to_json(it)}\n" for it in facts.staged(facts.reported("a"))))
    line = Line(settings["TOCSIN_BROKER"], topics, tmp_path / "home", REAL, partitions=1)

    with ended(line):
        worker = line.start()
        home = {"TOCSIN_HOME": str(line.home), "TOCSIN_PREFIX": topics.prefix, "TOCSIN_GROUP": topics.prefix}
        appended = verb({**settings, **home}, "append", str(events), "--wait")
        examined = verb({**settings, **home}, "doctor", "--json")
        backed_up = verb({**settings, **home}, "log", "export", str(tmp_path / "backup"))
        await line.settled()
        await line.must_be_exact()

    assert appended.returncode == 0, appended.stderr
    assert "3 new" in appended.stderr
    assert [row for row in json.loads(examined.stdout) if row["verdict"] == "fail"] == []
    assert backed_up.returncode == 0, backed_up.stderr
    said = worker.log.read_text() + appended.stderr + examined.stdout + examined.stderr + backed_up.stderr
    assert PASSWORD not in said


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("listener", "wrong"),
    [
        ("NAMED", {"TOCSIN_SASL_PASSWORD": "guessed"}),
        ("BOTH", {"TOCSIN_TLS_CA": ""}),
        ("SEALED", {"TOCSIN_TLS_CERT": ""}),
    ],
    ids=["a wrong password", "an authority that is not trusted", "no certificate of ours"],
)
def test_who_is_not_let_in_is_told_how_it_was_tried(
    guarded: Guarded, listener: str, wrong: dict[str, str], tmp_path: Path
) -> None:
    """Given what the broker does not take, when a verb wants it, then exit 2, and a line with way and user."""
    given = guarded.settings(listener, **wrong, TOCSIN_HOME=str(tmp_path))
    done = verb({name: value for name, value in given.items() if value}, "topics")

    way = given["TOCSIN_SECURITY"] + (f" as {USER}" if "sasl" in given["TOCSIN_SECURITY"] else "")
    assert done.returncode == 2
    assert f"no Kafka answers at {given['TOCSIN_BROKER']}, or it does not let us in over {way}\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert "guessed" not in done.stderr


def verb(settings: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": os.environ["PATH"], **settings}
    return subprocess.run([TOCSIN, *arguments], env=env, capture_output=True, text=True, check=False, timeout=100)


def test_every_client_is_told_the_same_way() -> None:
    """Given our code, when searched, then no client of Kafka is made with an address alone."""
    ours = Path(__file__).parents[2] / "streams"
    naked = [str(it) for it in ours.rglob("*.py") if "bootstrap_servers" in it.read_text() and it.name != "security.py"]

    assert naked == []
