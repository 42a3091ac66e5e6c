"""What docker-compose.yml promises, without an engine: everything is there, nothing has rights, every name is known."""

from __future__ import annotations

import importlib
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from broadcaster.settings import SECRETS, Settings
from broadcaster.worker import QUEUES

yaml = importlib.import_module("yaml" if find_spec("yaml") else "yaml_ft")
ROOT = Path(__file__).resolve().parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DEMO = (ROOT / "deploy" / "demo.yml").read_text(encoding="utf-8")
WHOLE: dict[str, Any] = yaml.safe_load(COMPOSE)
SERVICES: dict[str, dict[str, Any]] = WHOLE["services"]
OURS = ("web", "callbacks", "window", "sweep", "canary", "migrate", *(f"worker-{queue}" for queue in QUEUES))
THEIRS = ("proxy", "postgres", "valkey")
SIMULATED = ("carrier", "mailpit")
ONE_SHOT = ("migrate",)
FIXED = {
    *("PORT", "CALLBACKS_PORT", "WINDOW_PORT"),  # each in a container of its own
    "BOUNCE_MAILBOX",  # a container has no mail system: a gateway posts what comes back
    "PRACTICE_URL",  # a training installation posts on its own machine: from a container it reaches nobody
    *("NOTICE_MAILBOX", "NOTICE_AUTHSERV_ID"),  # nor is a provider's notice mailed into one: it comes by the API
    "CALL_COUNTS_DIR",  # nor a folder of others: counts are pushed by the API
    *("LEASE", "SETTLE", "BLIND", "SWEEP_EVERY", "PUBLISH_EVERY"),  # scaled down in tests, never in production
}
"""Settings that the compose file leaves at their defaults, on purpose."""


def env_file(path: str) -> dict[str, str]:
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def wanted(text: str) -> dict[str, str]:
    """Variables that must be set, with what the operator reads when they are not."""
    return dict(re.findall(r"\$\{(\w+):\?([^}]*)\}", text))


def known(service: str) -> set[str]:
    return {name.removesuffix("_FILE") for name in SERVICES[service].get("environment", {})}


def test_every_process_has_a_service() -> None:
    assert set(SERVICES) == {*OURS, *THEIRS, *SIMULATED}


@pytest.mark.parametrize("queue", QUEUES)
def test_every_queue_has_its_own_worker(queue: str) -> None:
    assert SERVICES[f"worker-{queue}"]["command"][:2] == ["worker", queue]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_service_has_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].split(":")[0] not in ("0", "root")
    assert not {"privileged", "pid", "ipc", "network_mode", "devices"} & set(service)
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))
    assert service["mem_limit"] and service["pids_limit"]


@pytest.mark.parametrize("name", sorted(set(SERVICES) - set(ONE_SHOT)))
def test_every_service_is_watched_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_only_the_simulators_are_for_the_demo() -> None:
    assert {name for name, service in SERVICES.items() if service.get("profiles")} == set(SIMULATED)


@pytest.mark.parametrize("name", [*OURS, "carrier"])
def test_every_variable_is_a_setting(name: str) -> None:
    assert known(name) <= {field.upper() for field in Settings.model_fields}


def test_every_setting_can_be_set() -> None:
    assert known("web") | FIXED == {field.upper() for field in Settings.model_fields}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_secret_reaches_a_container_only_as_a_file(name: str) -> None:
    service = SERVICES[name]
    given = set(service.get("secrets", []))
    read = {str(value).rsplit("/", 1)[1] for key, value in service.get("environment", {}).items() if "_FILE" in key}
    assert read <= given <= set(WHOLE["secrets"])
    plain = {key for key in service.get("environment", {}) if not key.endswith("_FILE")}
    assert not plain & set(SECRETS)


def test_the_window_reaches_nothing_but_its_files() -> None:
    window = SERVICES["window"]
    assert window["networks"] == ["front"]
    assert "secrets" not in window and "depends_on" not in window
    assert window["volumes"] == ["published:/srv/public:ro"]


def test_only_what_sends_reaches_the_outside() -> None:
    networks = WHOLE["networks"]
    assert networks["front"]["internal"] and networks["backend"]["internal"]
    outside = {name for name, service in SERVICES.items() if {"carriers", "outside"} & set(service["networks"])}
    assert outside == {"proxy", "sweep", "canary", *(f"worker-{queue}" for queue in QUEUES)}
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"proxy"}


def test_the_desk_has_a_way_out_only_where_it_is_asked_for() -> None:
    """And it asks for it in two places: a third one would have to be told to the operator."""
    added = yaml.safe_load((ROOT / "deploy" / "way-out.yml").read_text(encoding="utf-8"))
    assert added == {"services": {"web": {"networks": ["carriers"]}}}
    web = (ROOT / "broadcaster" / "web").rglob("*.py")
    asking = sorted(path.name for path in web if "asyncio.run(" in path.read_text(encoding="utf-8"))
    assert asking == ["bridge.py", "provider.py"]
    told = [ROOT / "deploy" / "live.env.example", ROOT / "docs" / "handbook" / "operator.md"]
    assert all("deploy/way-out.yml" in path.read_text(encoding="utf-8") for path in told)


def test_nobody_waits_for_the_bell() -> None:
    assert not any("valkey" in service.get("depends_on", {}) for service in SERVICES.values())
    conf = (ROOT / "deploy" / "valkey.conf").read_text(encoding="utf-8")
    assert "maxmemory-policy noeviction" in conf and "appendonly yes" in conf


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_images_are_pinned_and_name_no_host(name: str) -> None:
    image = SERVICES[name]["image"]
    repository, _, tag = image.partition(":")
    assert tag and "latest" not in tag
    assert "." not in repository


def test_a_missing_variable_is_a_sentence_and_the_example_names_it() -> None:
    asked = wanted(COMPOSE)
    assert all(message.startswith(f"Set {name} to ") for name, message in asked.items())
    example, demo = env_file("deploy/live.env.example"), env_file("deploy/demo.env")
    assert set(asked) <= set(example)
    assert all(demo.get(name) for name in asked)
    used = set(re.findall(r"\$\{(\w+)", COMPOSE + DEMO))
    own = {name for name in demo if name.startswith("COMPOSE_")}
    assert set(example) | set(demo) <= used | own


def test_the_image_runs_as_nobody_from_hashed_packages() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (.+)$", dockerfile, re.M) == ["10001:10001"]
    assert "--require-hashes -r requirements.txt" in dockerfile and "npm ci" in dockerfile
    stages = set(re.findall(r"^FROM .+ AS (\S+)$", dockerfile, re.M))
    assert all(":" in image or image in stages for image in re.findall(r"^FROM (\S+)", dockerfile, re.M))
    copied = {word for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.M) for word in line.split()[:-1]}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    assert all(f"!{word.split('*')[0]}" in ignored for word in copied)


def test_the_proxy_refuses_nobody() -> None:
    for conf in (ROOT / "deploy" / "nginx").glob("*.conf"):
        directives = re.sub(r"#.*", "", conf.read_text(encoding="utf-8"))
        assert not re.search(r"\b(limit_req|limit_conn|deny|allow|geo|auth_basic)\b", directives), conf.name
