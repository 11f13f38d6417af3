"""What the Dockerfile and compose.yaml must hold, read from the files; no engine is needed.

Not covered: building and running the image.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conftest import ROOT
from exported_model import settings_with_model
from ladder_qa.settings import _SECRET, PREFIX, Settings
from ladder_qa.web.listening import answering_s

KEYS = {PREFIX + name.upper() for name in Settings.model_fields}
SECRETS = {PREFIX + name.upper() for name in _SECRET}
SERVERS = ("one", "two")
RUNTIME = "container/runtime.txt"


@dataclass(frozen=True)
class Stage:
    """A stage of the Dockerfile: what it starts from, its name, its instructions in order."""

    base: str
    name: str
    steps: tuple[tuple[str, str], ...]

    def all(self, kind: str) -> list[str]:
        """The arguments of every instruction of this kind."""
        return [rest for word, rest in self.steps if word == kind]

    def env(self) -> dict[str, str]:
        """What its ENV instructions set."""
        words = [word for rest in self.all("ENV") for word in shlex.split(rest)]
        return dict(word.split("=", 1) for word in words)


@pytest.fixture(scope="module")
def stages() -> list[Stage]:
    """The Dockerfile's stages, the image's own last."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    found: list[Stage] = []
    for line in lines:
        word, rest = line.split(None, 1)
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base, name, ()))
        else:
            last = found[-1]
            found[-1] = Stage(last.base, last.name, (*last.steps, (word, rest.strip())))
    return found


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """compose.yaml, its anchors resolved."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The table `project` of pyproject.toml."""
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def test_the_image_runs_as_a_user_without_rights(stages: list[Stage]) -> None:
    image = stages[-1]
    (user,) = image.all("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user), "a number, which Kubernetes can check"
    data = [rest for rest in image.all("COPY") if rest.endswith(" /data")]
    assert data == [f"--from=built --chown={user} /data /data"]
    chowned = [rest for rest in image.all("COPY") if "--chown" in rest]
    assert chowned == data, "nothing else is theirs"


def test_the_image_says_who_may_ask_and_where_its_data_lies(stages: list[Stage]) -> None:
    image = stages[-1]
    env = image.env()
    settings = Settings.load({k: v for k, v in env.items() if k.startswith(PREFIX)}, env_file=None)
    assert settings.auth == "open"
    assert image.all("VOLUME") == [str(settings.data)]
    text = (ROOT / "Dockerfile").read_text()
    assert "# LADDER_QA_AUTH=open: nobody is asked who they are" in text


def test_its_health_is_asked_where_it_listens(stages: list[Stage]) -> None:
    image = stages[-1]
    (port,) = image.all("EXPOSE")
    (command,) = image.all("CMD")
    (health,) = image.all("HEALTHCHECK")
    assert json.loads(command) == ["ladder-qa", "serve", "--host", "0.0.0.0", "--port", port]
    assert f"http://127.0.0.1:{port}/readyz" in health


def test_no_secret_is_in_the_files(stages: list[Stage], compose: dict[str, Any]) -> None:
    names = {name for stage in stages for name in stage.env()}
    names |= {rest.partition("=")[0] for stage in stages for rest in stage.all("ARG")}
    assert names & SECRETS == set()
    assert [name for name in names if re.search("KEY|SECRET|TOKEN|PASSWORD", name)] == []
    for service in compose["services"].values():
        environment = service.get("environment", {})
        assert {name for name in environment if environment[name] is not None} & SECRETS == set()
        assert "env_file" not in service


def ignored(path: str) -> bool:
    """Whether .dockerignore leaves a path out: the last pattern that names it decides."""
    out = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!").removeprefix("**/")
            parents = [path, *map(str, Path(path).parents)][:-1]
            if any(fnmatch.fnmatch(part, pattern) for part in (*parents, Path(path).name)):
                out = not line.startswith("!")
    return out


def test_every_path_that_is_copied_is_there_and_not_ignored(stages: list[Stage]) -> None:
    copied = [
        source
        for stage in stages
        for rest in stage.all("COPY")
        if not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    assert {"src", "corpus"} <= set(copied)
    assert [path for path in copied if not (ROOT / path).exists()] == []
    assert [path for path in copied if ignored(path)] == []
    assert ignored(".git")
    assert ignored(".env")
    assert ignored("src/ladder_qa/__pycache__")


def test_every_stage_that_is_copied_from_is_there(stages: list[Stage]) -> None:
    known = {stage.name for stage in stages}
    copies = [rest for stage in stages for rest in stage.all("COPY")]
    used = [match[1] for rest in copies if (match := re.match(r"--from=(\S+)", rest))]
    assert set(used) <= known
    bases = {stage.base for stage in stages} - known
    assert len(bases) == 1, "the image runs on what its libraries were installed for"


def required(lines: list[str]) -> set[str]:
    """Names and extras, without versions."""
    found = (Requirement(line) for line in lines)
    return {f"{canonicalize_name(r.name)}{sorted(r.extras) or ''}" for r in found}


def listed(name: str) -> list[str]:
    """The packages of a list, by its path."""
    lines = (ROOT / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_packages_installed_are_those_of_the_project(project: dict[str, Any]) -> None:
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["redis"], *extras["postgresql"]]
    runtime, export = required(listed(RUNTIME)), required(listed("container/export.txt"))
    assert runtime | export == required(wanted)
    assert runtime & export == set()
    assert listed(RUNTIME) == sorted(listed(RUNTIME), key=str.casefold)


def test_all_of_them_are_pinned() -> None:
    pins = required(listed("constraints.txt"))
    names = {name.partition("[")[0] for name in required(listed(RUNTIME))}
    assert names - pins == set()


def test_torch_has_one_version_everywhere(stages: list[Stage], project: dict[str, Any]) -> None:
    (pin,) = [line for line in project["dependencies"] if line.startswith("torch")]
    assert any(rest.endswith(pin) for stage in stages for rest in stage.all("RUN"))


def test_the_path_of_its_packages_is_that_of_its_python(stages: list[Stage]) -> None:
    version = re.search(r"python:(3\.\d+)", stages[0].base)
    assert version is not None
    built = next(stage for stage in stages if "PACKAGES" in stage.env())
    assert built.env()["PACKAGES"] == f"lib/python{version[1]}/site-packages"


def test_providers_of_language_models_are_named_as_the_build_installs_them(
    stages: list[Stage], project: dict[str, Any]
) -> None:
    assert any("llama-index-llms-$LLM" in rest for rest in stages[0].all("RUN"))
    for name in ("openai", "anthropic", "ollama", "openai-like"):
        (package,) = required(project["optional-dependencies"][name])
        assert package == f"llama-index-llms-{name}"


def test_every_service_is_confined(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in service


def test_nothing_is_published_beyond_loopback(compose: dict[str, Any]) -> None:
    ports = {name: s["ports"] for name, s in compose["services"].items() if "ports" in s}
    assert ports == {"proxy": ["127.0.0.1:8000:8000"]}
    assert compose["networks"]["store"] == {"internal": True}
    assert compose["services"]["chroma"]["networks"] == ["store"]


def test_the_servers_share_documents_and_chroma_but_no_data_folder(compose: dict[str, Any]) -> None:
    services = [compose["services"][name] for name in SERVERS]
    for name, service in zip(SERVERS, services, strict=True):
        documents, data = service["volumes"]
        assert documents == "./corpus:/app/corpus:ro"
        assert data == f"{name}:/data"
        assert service["environment"]["LADDER_QA_CHROMA_URL"] == "http://chroma:8000"
    assert dict.fromkeys((*SERVERS, "chroma")) == compose["volumes"]


def test_the_servers_settings_are_settings(compose: dict[str, Any]) -> None:
    environment = compose["services"]["one"]["environment"]
    own = {"LADDER_QA_CORPUS", "LADDER_QA_DATA", "LADDER_QA_MODEL"}  # the image's
    assert set(environment) == KEYS - own
    subnet = compose["networks"]["front"]["ipam"]["config"][0]["subnet"]
    assert environment["LADDER_QA_PROXY_ADDRESSES"].endswith(f":-{subnet}}}")


def test_chroma_is_the_server_that_its_own_command_starts(compose: dict[str, Any]) -> None:
    command = compose["services"]["chroma"]["command"]
    assert command[:2] == ["chroma", "run"]
    assert compose["services"]["chroma"]["image"] == compose["services"]["one"]["image"]


def test_a_server_is_given_the_time_that_its_answers_take(compose: dict[str, Any]) -> None:
    longest = answering_s(Settings(llm="ollama/m"))
    for name in SERVERS:
        grace = compose["services"][name]["stop_grace_period"]
        assert float(grace.removesuffix("s")) > longest


def test_the_proxy_asks_both_servers_whether_they_are_ready(compose: dict[str, Any]) -> None:
    (mount,) = compose["services"]["proxy"]["volumes"]
    source = mount.split(":")[0]
    text = (ROOT / source).read_text()
    assert "option httpchk GET /readyz" in text
    for name in SERVERS:
        assert text.count(f"server {name} {name}:8000\n") == 2
    assert "log " not in re.sub("#.*", "", text), "addresses may hold questions"


# Everything below these is only needed to export the model.
HEAVY = ("torch", "transformers", "sentence_transformers", "sklearn", "scipy", "sympy", "onnx")
WITHOUT = """
import sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {heavy!r}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Refused())
from ladder_qa.cli import main
main()
"""


def test_asking_and_ingesting_need_nothing_that_the_image_leaves_out(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    text = "# Track\n\n## W1 (Maker)\n\nW1s make one widget at a time.\n"
    (corpus / "guide.md").write_text(text)
    own = settings_with_model(pytestconfig, tmp_path / "data")
    environ = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    environ |= {
        "LADDER_QA_CORPUS": str(corpus),
        "LADDER_QA_DATA": str(own.data.resolve()),
        "PYTHONPATH": str(ROOT / "src"),
    }
    for arguments in (["ingest"], ["ask", "What does a W1 make?"], ["doctor"]):
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT.format(heavy=set(HEAVY)), *arguments],
            env=environ,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
