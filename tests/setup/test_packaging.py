"""What can be told of the images and services without Docker."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from local.launcher.ports import USUAL
from local.setup import paths
from tests.setup.conftest import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
IMAGES = (ROOT / "Dockerfile", ROOT / "local" / "compose" / "Dockerfile")


def command(service: str) -> str:
    """Return what a service runs, in one line."""
    parts = (SERVICES[service].get(key, "") for key in ("entrypoint", "command"))
    return " ".join(part if isinstance(part, str) else " ".join(part) for part in parts)


@pytest.mark.parametrize("image", IMAGES, ids=str)
def test_what_an_image_copies_exists_and_is_not_ignored(image: Path) -> None:
    own = image.with_name(f"{image.name}.dockerignore")
    ignored = (own if own.exists() else ROOT / ".dockerignore").read_text().split()
    for line in re.findall(r"^COPY (.+) \S+$", image.read_text(), re.M):
        for source in line.split():
            assert (ROOT / source).exists()
            assert source not in ignored


def test_astro_gets_the_product_whole() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert not {"dags", "include", "plugins", "requirements.txt", "packages.txt"} & set(ignored)
    assert {"local", "tests", ".local", ".venv", ".env"} <= set(ignored)


def test_pools_agree() -> None:
    astro = yaml.safe_load((ROOT / "airflow_settings.yaml").read_text())["airflow"]["pools"]
    assert {
        pool["pool_name"]: {"slots": pool["pool_slot"], "description": pool["pool_description"]}
        for pool in astro
    } == json.loads(paths.POOLS.read_text())
    assert f"airflow pools import {paths.POOLS.relative_to(ROOT)}" in command("migration")


@pytest.mark.parametrize(
    ("service", "module"),
    [
        ("snowflake", "snowflake_stand_in"),
        ("gharchive", "local.gharchive"),
        ("powerbi", "local.powerbi"),
    ],
)
def test_compose_starts_the_stand_ins_as_they_are(service: str, module: str) -> None:
    run = re.search(rf"python -m ({re.escape(module)}) (.+)", command(service))
    assert run
    usage = subprocess.run(
        [sys.executable, "-m", run[1], "--help"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    for option in re.findall(r"--[a-z]+", run[2]):
        assert option in usage
    assert f"--port {USUAL[service]} " in run[0] + " "
    assert f":{USUAL[service]}/health" in SERVICES[service]["healthcheck"]["test"][-1]


def test_compose_uses_the_azurite_that_is_tested() -> None:
    wanted = re.search(r'"azurite": "(.+)"', (ROOT / "local/azurite/package.json").read_text())
    assert wanted
    assert SERVICES["blob"]["image"].endswith(f"azurite:{wanted[1]}")
    assert f"--blobPort {USUAL['blob']}" in command("blob")


def test_compose_services_share_one_network() -> None:
    for name, service in SERVICES.items():
        if name not in ("blob", "secrets"):
            assert service["network_mode"] == "service:blob"
        for needed in service.get("depends_on", {}):
            assert needed in SERVICES


def test_every_environment_file_is_made() -> None:
    prepare = (ROOT / "local" / "compose" / "__main__.py").read_text()
    sourced = {
        name for service in SERVICES for name in re.findall(r"data/(\w+\.env)", command(service))
    }
    assert sourced == set(re.findall(r'"(\w+\.env)"', prepare))


def test_image_is_of_the_locks_airflow_and_python() -> None:
    """The tag's runtime carries the Airflow that its comment names."""
    dockerfile = IMAGES[0].read_text()
    version = re.search(r"^apache-airflow==(.+)$", (ROOT / "requirements.txt").read_text(), re.M)
    assert version
    assert f"Airflow {version[1]}" in dockerfile
    assert re.search(r"^FROM \S+:3\.3-\d+-python-3\.1[123]$", dockerfile, re.M)


def workflow(name: str) -> dict[str, Any]:
    """Return what GitHub Actions does."""
    found: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())
    return found


def test_workflow_calls_targets_that_exist() -> None:
    jobs = workflow("ci.yml")["jobs"]
    targets = set(re.findall(r"^([a-z-]+):(?!=)", (ROOT / "Makefile").read_text(), re.M))
    steps = [step for job in jobs.values() for step in job["steps"]]
    for step in steps:
        assert set(re.findall(r"^make ([a-z-]+)", step.get("run", ""), re.M)) <= targets
    assert {"lint", "types", "test", "dags-test"} == set(jobs)


def test_stand_in_is_tried_alone_when_it_changes() -> None:
    flow = workflow("stand-in.yml")
    # YAML 1.1 reads the key `on` as a truth
    for event in flow[True].values():  # type: ignore[index]
        assert "snowflake_stand_in/**" in event["paths"]
    script = "\n".join(step.get("run", "") for step in flow["jobs"]["alone"]["steps"])
    assert "snowflake_stand_in[test]" in script
    assert "make" not in script
    pattern = re.search(r"grep -rhoE --include='\*\.py' '(.+)' (\S+)\)", script)
    assert pattern
    jars = [
        jar
        for file in (ROOT / pattern[2]).rglob("*.py")
        for jar in re.findall(pattern[1], file.read_text())
    ]
    assert len(jars) == 1
