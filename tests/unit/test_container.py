"""What the image is made of and how it is started; scripts/image.sh builds it and looks inside."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import femrisk

ROOT = Path(__file__).parents[2]
#: the image's own, when the tests run in it
PACKAGE = Path(femrisk.__file__).parent
DOCKERFILE = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
COMPOSE: dict[str, Any] = YAML(typ="safe").load(ROOT / "compose.yaml")


def script(name: str) -> Any:
    """A file of scripts/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUNTIME = script("runtime")


def copied() -> list[str]:
    """What the Dockerfile takes from the folder it is built in."""
    lines = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, flags=re.MULTILINE)
    return [word for line in lines for word in line.split()]


def let_in(path: str) -> bool:
    """Whether .dockerignore lets a file into the build: the last pattern that fits it, or its folder, decides."""
    parts = path.split("/")
    above = ["/".join(parts[: i + 1]) for i in range(len(parts))]
    verdict = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!")
            patterns = (pattern, pattern.removeprefix("**/"))
            if any(fnmatch(folder, one) for folder in above for one in patterns):
                verdict = line.startswith("!")
    return verdict


def test_the_base_is_pinned_by_its_digest_and_there_is_no_other() -> None:
    assert re.search(r"^ARG BASE=debian:\S+@sha256:[0-9a-f]{64}$", DOCKERFILE, flags=re.MULTILINE)
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", DOCKERFILE, flags=re.MULTILINE)
    assert {base for base, _ in stages} == {"${BASE}", "system"}


def test_every_package_is_installed_by_its_hash_or_from_the_folder() -> None:
    commands = re.findall(r"pip install [^&\n]*", DOCKERFILE)
    assert len(commands) == 2
    assert all("--require-hashes" in command or "--no-deps --no-build-isolation --no-index ." in command
               for command in commands)  # fmt: skip


def test_requirements_of_run_time_are_the_dependencies_with_their_hashes_and_no_tool() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    given = RUNTIME.blocks(RUNTIME.needed((ROOT / "requirements.txt").read_text(), set(project["dependencies"])))
    assert {RUNTIME.normal(name) for name in project["dependencies"]} <= given.keys()
    # setuptools stays: DOLFINx compiles with it
    tools = {RUNTIME.normal(name) for name in project["optional-dependencies"]["dev"]} - {"setuptools"}
    assert not tools & given.keys()
    assert all("--hash=sha256:" in block for block in given.values())


def test_what_only_a_tool_needs_is_no_requirement_of_run_time() -> None:
    asked_by = {"a": ["p (pyproject.toml)"], "b": ["a", "t"], "c": ["t"], "t": ["p (pyproject.toml)"]}
    text = "".join(
        f"{name}==1 \\\n    --hash=sha256:0\n    # via\n" + "".join(f"    #   {one}\n" for one in by)
        for name, by in asked_by.items()
    )
    assert RUNTIME.blocks(RUNTIME.needed(text, {"A>=1"})).keys() == {"a", "b"}


@pytest.mark.parametrize("path", [
    ".env", ".git/config", "scan.nii.gz", "results/patient/report.html", "cases/results/patient/case.yaml", "id_rsa",
    "femrisk/.key", "femrisk/__pycache__/run.cpython-312.pyc", "tests/unit/test_run.py", "scripts/slurm.sh",
])  # fmt: skip
def test_what_lies_in_the_folder_stays_out_of_the_build(path: str) -> None:
    assert not let_in(path)


def test_all_that_the_image_is_made_of_gets_into_the_build() -> None:
    assert len(copied()) >= 8
    for word in copied():
        assert word == PACKAGE.name or (ROOT / word).exists(), word
        assert let_in(word), word
    assert let_in("femrisk/report/templates/style.css")


def test_every_file_of_the_package_that_is_no_code_is_declared_as_its_data() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    data = [
        file for file in PACKAGE.rglob("*") if file.is_file() and file.suffix not in {".py", ".pyc", ".nbi", ".nbc"}
    ]
    assert data
    for file in data:
        globs = [
            (name, pattern) for name, patterns in declared["package-data"].items() for pattern in patterns
            if file.is_relative_to(PACKAGE.parent / name.replace(".", "/"))
            and fnmatch(file.relative_to(PACKAGE.parent / name.replace(".", "/")).as_posix(), pattern)
        ]  # fmt: skip
        assert globs, file
    folders = {".".join(file.parent.relative_to(PACKAGE.parent).parts) for file in PACKAGE.rglob("*.py")}
    assert folders == set(declared["packages"])


def test_every_service_starts_a_command_of_the_image() -> None:
    services = COMPOSE["services"]
    assert services.keys() == {"scheduler", "worker", "femrisk"}
    assert "container/as_caller.sh /usr/local/bin/as-caller" in DOCKERFILE
    assert 'ENTRYPOINT ["as-caller", "femrisk"]' in DOCKERFILE
    for name, service in services.items():
        assert service["image"] == "femrisk"
        assert service["volumes"] == ["${FEMRISK_FOLDER:-.}:/data"]
        assert "ports" not in service
        if name != "femrisk":
            assert service["entrypoint"] == ["as-caller", "dask", name]


@pytest.mark.parametrize("name", ["scheduler", "worker"])
def test_dask_knows_every_option_of_a_service(name: str) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "dask", name, "--help"], capture_output=True, text=True, timeout=120, check=True
    ).stdout
    options = [word for word in COMPOSE["services"][name]["command"] if word.startswith("--")]
    assert options
    assert all(re.search(rf"{option}\b", said) for option in options)


def as_caller(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Started in a folder, in which a copy of it lies: another user may not reach the repository."""
    shutil.copy(ROOT / "container" / "as_caller.sh", folder)
    return subprocess.run([folder / "as_caller.sh", *command], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach: pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(("owner", "user"), [(1234, 1234), (0, 1000)])
def test_root_becomes_the_owner_of_the_folder_and_never_runs_the_command(
    owner: int, user: int, open_folder: Path
) -> None:
    if Path("/proc/self/uid_map").read_text().split()[1] != "0":
        pytest.skip("root of a user namespace is the caller")
    os.chown(open_folder, owner, owner)
    done = as_caller(open_folder, "id", "-u")
    assert (done.returncode, done.stdout.strip()) == (0, str(user))
    assert ("root owns" in done.stderr) == (owner == 0)


def test_the_exit_code_is_that_of_the_command(open_folder: Path) -> None:
    assert as_caller(open_folder, "sh", "-c", "exit 7").returncode == 7
