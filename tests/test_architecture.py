"""The house stands: who may import whom, which library is used where, and no test that cannot fail."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import femrisk

PACKAGE = Path(femrisk.__file__).parent
TESTS = Path(__file__).parent

#: Each room imports only from the lines above its own.
LAYERS = (
    {"errors", "part", "units", "history", "wheel"},
    {"meshes"},
    {"materials"},
    {"patient", "contacts"},
    {"vertebra_loads", "discs"},
    {"arms", "loads", "parting", "rigidity"},
    {"raised"},
    {"clusters"},
    {"fracture", "scores", "demand"},
    {"element", "brick"},
    {"loadshare"},
    {"film"},
    {"outcome"},
    {"domain"},
    {"grips", "stack"},
    {"multigrid", "sweeps", "balance", "cohesive", "membrane", "gauge", "bands"},
    {"preparation"},
    {"blockrows", "onerank"},
    {"tangent"},
    {"equilibrium"},
    {"march", "damaged", "banded"},
    {"damage_march"},
    {"filming"},
    {"pair"},
    {"document"},
    {"place"},
    {"mistakes"},
    {"casefile"},
    {"heightcaveats"},
    {"caveats"},
    {"analysis"},
    {"belonging"},
    {"case", "comparison"},
    {"compare", "bymodel"},
    {"scene"},
    {"plan"},
    {"preview"},
    {"output"},
    {"report"},
    {"viewer"},
    {"shelf"},
    {"worker", "doctor", "starter", "export"},
    {"crew"},
    {"progress"},
    {"run", "sweep", "notebook"},
    {"walk"},
    {"verification"},
    {"commands"},
    {"__main__"},
)
#: In these rooms of `meshes` no bone is known, and nothing that is put into one.
NO_BONES = ("meshes/cells/", "meshes/surfaces/")
BONES = {"femur", "vertebra", "ct", "devices"}
RANK = {room: rank for rank, layer in enumerate(LAYERS) for room in layer}

SOLVER = {"domain.py", "element.py", "multigrid.py", "equilibrium.py"}
#: Files that may import a library; every other may not.
ONLY = {
    "gmsh": {"meshes/mesher.py"},
    "dolfinx": SOLVER,
    "dolfinx_solver": {"wheel.py"} | {"worker.py"},  # it orders MPI, so it comes first in the process
    "ufl": SOLVER,
    "basix": SOLVER,
    "petsc4py": SOLVER,
    "pyvista": {
        "output/plots.py",
        "output/stresscut.py",
        "report/surfaces.py",
        "meshes/ct/labelsurface.py",
        "viewer/picture.py",
        "viewer/layers.py",
        "viewer/study.py",
    },
    "trame": {"viewer/app.py", "viewer/serve.py"},
    "aiohttp": {"viewer/exports.py"},
    "SimpleITK": {"meshes/ct/scanfile.py", "meshes/ct/dicomseries.py"},
    "h5py": {"export/xdmf.py"},
    "pydicom": {"meshes/ct/dicomseries.py"},
    "vtkmodules": {"meshes/surfaces/surfacefile.py", "viewer/handle.py", "viewer/layers.py", "viewer/paper.py"},
    "vtk": {"output/plots.py", "meshes/femur/surface.py"},
    "matplotlib": {
        "output/plots.py",
        "output/charts.py",
        "output/stresscut.py",
        "output/paper.py",
        "report/cuts.py",
        "sweep/figures.py",
        "sweep/sensitivity.py",
        "sweep/cohortfigures.py",
    },
    "dask": {"sweep/cluster.py"},
    "distributed": {"sweep/cluster.py"},
    "dask_jobqueue": {"sweep/cluster.py"},
    "SALib": {"sweep/design.py", "sweep/indices.py"},
    "pandas": {"sweep/table.py"},
    "pyarrow": {"sweep/table.py"},
}


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def faults(files: dict[str, str]) -> Iterator[str]:
    """One line per import that stands where it may not; ``files`` maps paths in the package to source text."""
    for path, text in files.items():
        room = path.split("/")[0].removesuffix(".py")
        if room != "__init__" and room not in RANK:
            yield f"{path}: the room {room!r} has no place in LAYERS"
            continue
        for name in imports(ast.parse(text)):
            top, *rest = name.split(".")
            if name.startswith("."):
                yield f"{path}: relative import {name}"
            elif path not in ONLY.get(top, {path}):
                yield f"{path}: {top} belongs in {sorted(ONLY[top])}"
            elif top == "femrisk" and room != "__init__":
                if not rest:
                    if room not in {"run", "doctor", "commands", "sweep", "shelf", "walk", "__main__"}:
                        yield f"{path}: imports the root package"
                elif path.startswith(NO_BONES) and rest[0] == "meshes" and rest[1] in BONES:
                    yield f"{path}: knows no bone, may not import {name}"
                elif rest[0] not in RANK or (rest[0] != room and RANK[rest[0]] >= RANK[room]):
                    yield f"{path}: may not import {name}"


def asserts(function: ast.FunctionDef) -> bool:
    """True when the body of a test can fail by its own means: assert, raises, assert_*, check_*, fail."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            callee = node.func
            name = callee.attr if isinstance(callee, ast.Attribute) else getattr(callee, "id", "")
            if name in {"raises", "fail", "warns"} or name.startswith(("assert_", "check_")):
                return True
    return False


def test_every_room_imports_only_from_the_rooms_above_it() -> None:
    source = {file.relative_to(PACKAGE).as_posix(): file.read_text() for file in PACKAGE.rglob("*.py")}
    assert list(faults(source)) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("meshes/femur/parametric.py", "from femrisk.arms import Arm"),
        ("meshes/cells/sheets.py", "from femrisk.meshes.femur.parametric import ProximalFemur"),
        ("scores.py", "from femrisk import fracture"),
        ("scores.py", "from femrisk.fracture import read"),
        ("march.py", "import pyvista"),
        ("output/fields.py", "from dolfinx import io"),
        ("case.py", "from .errors import CaseError"),
        ("helpers.py", "import numpy"),
    ],
)
def test_an_import_from_below_is_found(path: str, text: str) -> None:
    assert len(list(faults({path: text}))) == 1


def test_every_test_can_fail() -> None:
    idle = [
        f"{file.name}: {node.name}"
        for file in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test") and not asserts(node)
    ]
    assert idle == []


def test_a_test_without_an_assert_is_found() -> None:
    tree = ast.parse("def test_a():\n    print(1)\ndef test_b():\n    assert 1")
    assert [asserts(node) for node in tree.body if isinstance(node, ast.FunctionDef)] == [False, True]


def test_every_package_is_installed() -> None:
    declared = tomllib.loads((TESTS.parent / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert sorted(declared) == sorted(
        ".".join(file.parent.relative_to(PACKAGE.parent).parts) for file in PACKAGE.rglob("__init__.py")
    )


def test_importing_femrisk_loads_no_heavy_library() -> None:
    code = f"import sys, femrisk; print([name for name in {sorted(ONLY)} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
