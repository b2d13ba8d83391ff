"""Dockerfile and compose.yaml without a Docker: checked by schema, and the image's steps really run, in a folder.

What can not be had this way: the base images, and the user's rights.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
import yaml

from streams.broker.embedded import EmbeddedKafka
from streams.broker.jars import LOCK
from streams.settings import Settings
from streams.topics import Topics

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SPEC = json.loads((ROOT / "tests" / "contracts" / "compose-spec.json").read_text(encoding="utf-8"))


class Step(NamedTuple):
    """A line of the Dockerfile."""

    stage: int
    verb: str
    rest: str


def steps() -> Iterator[Step]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    stage = -1
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            verb, rest = line.split(maxsplit=1)
            stage += verb == "FROM"
            yield Step(stage, verb, rest)


STEPS = list(steps())
LAST = max(it.stage for it in STEPS)


def of(verb: str, stage: int = LAST) -> list[str]:
    return [it.rest for it in STEPS if it.verb == verb and it.stage == stage]


def test_compose_is_valid_by_the_public_schema() -> None:
    """Given the schema of Compose files, when ours is checked, then it is valid; with a slip in it, it is not."""
    check = jsonschema.Draft202012Validator(SPEC)

    check.validate(COMPOSE)

    COMPOSE["services"]["worker"]["restarts"] = "always"
    assert not check.is_valid(COMPOSE)
    del COMPOSE["services"]["worker"]["restarts"]


def test_compose_runs_the_kafka_that_is_embedded() -> None:
    """Given the lock of the embedded Kafka, then the image has its version, and the worker finds it."""
    kafka, worker = COMPOSE["services"]["kafka"], COMPOSE["services"]["worker"]

    assert kafka["image"] == f"apache/kafka:{LOCK.stem.removeprefix('kafka-')}"
    assert f"INSIDE://{worker['environment']['TOCSIN_BROKER']}" in kafka["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert all(port.startswith("127.0.0.1:") for port in kafka["ports"])
    assert "ports" not in worker


def test_every_setting_of_image_and_compose_is_one() -> None:
    """Given TOCSIN_* in Dockerfile and compose.yaml, then each is a setting."""
    named = {line.partition("=")[0] for line in of("ENV")} | set(COMPOSE["services"]["worker"]["environment"])

    assert {it for it in named if it.startswith("TOCSIN_")} <= {
        f"TOCSIN_{name.upper()}" for name in Settings.model_fields
    }


def test_the_image_is_pinned_and_runs_as_nobody_special() -> None:
    """Given the Dockerfile, then both bases have a full version, the last user is not root, and health is asked for."""
    bases = [it.rest.split()[0] for it in STEPS if it.verb == "FROM"]

    assert all(re.fullmatch(r"python:3\.\d+\.\d+(-slim)?-bookworm", base) for base in bases)
    assert len({re.sub("-slim", "", base) for base in bases}) == 1
    assert of("USER") == ["tocsin"]
    assert "/readyz" in of("HEALTHCHECK")[0]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that stands for /: every COPY and RUN of the first stage, done."""
    if not shutil.which(os.environ.get("CC", "cc")):
        pytest.skip("the first stage of the image has a C compiler, this machine has none")
    root = tmp_path_factory.mktemp("image")
    folder, context = root / "opt" / "tocsin", kept(root / "context")
    folder.mkdir(parents=True)
    for step in [it for it in STEPS if it.stage == 0]:
        if step.verb == "COPY":
            *sources, target = step.rest.split()
            for source in sources:
                copied(context / source, folder / target if target != "./" else folder / source)
        elif step.verb == "RUN":
            python = f"{Path(sys.executable).resolve().parent}:{os.environ['PATH']}"
            shell = ["/bin/sh", "-c", step.rest]
            env = {**os.environ, "PATH": python}
            done = subprocess.run(shell, cwd=folder, env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, (step.rest, done.stderr)
    return root


def kept(context: Path) -> Path:
    """What .dockerignore lets through."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    for name in [line.removeprefix("!") for line in lines if line.startswith("!")]:
        copied(ROOT / name, context / name)
    return context


def copied(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


@pytest.mark.slow
def test_the_image_is_compiled_and_has_nothing_in_it_that_builds(image: Path, tmp_path: Path) -> None:
    """Given the image's steps, done in a folder, then its core is compiled, not stale, and mypy is gone."""
    bin_of_it = image / "opt/tocsin/.venv/bin"
    asked = [bin_of_it / "python", "-c", "from streams.compiled import refuse_stale as it; print(it())"]

    done = subprocess.run(asked, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("compiled\n", "")
    assert not (bin_of_it / "mypy").exists()


@pytest.mark.slow
def test_the_steps_of_the_image_make_a_worker_that_gets_healthy(
    image: Path, kafka: EmbeddedKafka, topics: Topics, tmp_path: Path
) -> None:
    """Given the image's steps, done in a folder, when its command runs, then its health check passes; it ends well."""
    environment = {"PATH": f"{image}/opt/tocsin/.venv/bin:/usr/bin:/bin"}
    environment |= dict(line.split("=", 1) for line in of("ENV") if not line.startswith("PATH"))
    environment |= {"TOCSIN_HOME": str(tmp_path / "home"), "TOCSIN_BROKER": kafka.bootstrap}
    environment |= {"TOCSIN_PREFIX": topics.prefix, "TOCSIN_GROUP": topics.prefix, "TOCSIN_HTTP": "127.0.0.1:19464"}
    health = json.loads(of("HEALTHCHECK")[0].partition("CMD")[2].replace(":9464", ":19464"))
    command = json.loads(of("CMD")[0])
    assert shlex.join(command) == "tocsin worker"
    assert sorted(it.name for it in (image / "opt" / "tocsin").iterdir() if it.is_dir()) == [".venv"]
    command[0], health[0] = (str(image / "opt/tocsin/.venv/bin" / it[0]) for it in (command, health))

    with subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE) as worker:
        try:
            until_well(health, environment)
        finally:
            worker.terminate()
            _, said = worker.communicate(timeout=30)

    assert worker.returncode == 0, said.decode()


def until_well(health: list[str], environment: dict[str, str]) -> None:
    end = time.monotonic() + 60
    while (done := subprocess.run(health, env=environment, capture_output=True, check=False)).returncode:
        assert time.monotonic() < end, done.stderr.decode()
        time.sleep(0.2)
