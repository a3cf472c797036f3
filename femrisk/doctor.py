"""What the machine has and lacks: in goes nothing, out come ``Finding``s, each with the way to get what is missing."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

#: shared library -> Debian package (gmsh's wheel links the X and GLU ones, VTK renders off-screen through EGL)
LIBRARIES = {
    "libGLU.so.1": "libglu1-mesa",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libXft.so.2": "libxft2",
    "libXcursor.so.1": "libxcursor1",
    "libXinerama.so.1": "libxinerama1",
    "libXrender.so.1": "libxrender1",
    "libXfixes.so.3": "libxfixes3",
    "libfontconfig.so.1": "libfontconfig1",
    "libgomp.so.1": "libgomp1",
}
#: distributions that bring a second PETSc or MPI into the process
CLASHES = ("petsc", "petsc4py", "openmpi", "impi-rt", "dolfinx-solver-complex")
#: name -> what proves that it works; run in a process of its own, because a missing library may crash it
TRIALS = {
    "gmsh": "import gmsh; gmsh.initialize(['', '-noenv']); gmsh.finalize()",
    "DOLFINx": (
        "import importlib.util as u; u.find_spec('dolfinx_solver') and __import__('dolfinx_solver');"
        "from mpi4py import MPI; import dolfinx.mesh as m; m.create_unit_square(MPI.COMM_SELF, 1, 1)"
    ),
    "pyvista": (
        "import pyvista as p; s = p.Plotter(off_screen=True, window_size=(64, 64)); s.add_mesh(p.Sphere());"
        "assert s.screenshot(return_img=True).std() > 0"
    ),
}
#: GB; a pair of arm and load of the example case takes about 2
LEAST_MEMORY_GB = 4.0
LEAST_DISK_GB = 2.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    what: str
    state: Literal["ok", "warning", "missing"]
    detail: str
    #: how to get it, empty where nothing is wrong
    cure: str = ""


def examine(trials: bool = True) -> Iterator[Finding]:
    """Everything femrisk needs, cheap looks first; ``trials`` also starts gmsh, DOLFINx and the renderer."""
    yield python()
    yield compiler()
    yield headers()
    yield from libraries()
    yield from mpi()
    yield cores()
    yield memory()
    yield disk()
    if trials:
        yield from (trial(name) for name in TRIALS)


def install(*packages: str) -> str:
    """The command that installs Debian packages."""
    return f"{'' if os.geteuid() == 0 else 'sudo '}apt-get install {' '.join(packages)}"


def python() -> Finding:
    """Python 3.12 to 3.14."""
    found = ".".join(map(str, sys.version_info[:3]))
    if (3, 12) <= sys.version_info[:2] <= (3, 14):
        return Finding("Python", "ok", f"{found} at {sys.executable}")
    return Finding("Python", "missing", f"{found}, needs 3.12 to 3.14", install("python3.12-venv", "python3.12-dev"))


def compiler() -> Finding:
    """A C compiler that compiles and links: DOLFINx compiles its forms at run time."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text("#include <math.h>\n#include <stdio.h>\nint main(void) { return 0; }\n")
        for name in (os.environ.get("CC", ""), "cc", "gcc"):
            if name and shutil.which(name):
                command = [name, "-o", str(source.with_suffix("")), str(source)]
                if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                    return Finding("C compiler", "ok", str(shutil.which(name)))
    return Finding("C compiler", "missing", "none that compiles and links", install("gcc", "libc6-dev"))


def headers() -> Finding:
    """Python.h, which compiled forms include."""
    header = Path(sysconfig.get_paths()["include"], "Python.h")
    if header.exists():
        return Finding("Python headers", "ok", str(header))
    return Finding("Python headers", "missing", str(header), install(f"python{sysconfig.get_python_version()}-dev"))


def libraries() -> Iterator[Finding]:
    """The shared libraries that gmsh and VTK load."""
    for name, package in LIBRARIES.items():
        try:
            ctypes.CDLL(name)
            yield Finding(name, "ok", "loads")
        except OSError:
            yield Finding(name, "missing", "does not load", install(package))


def mpi() -> Iterator[Finding]:
    """One PETSc and one MPI in the process, and its launcher."""
    twice = [name for name in CLASHES if _version(name)]
    if twice and _version("dolfinx-solver-real"):
        yield Finding("MPI", "missing", f"{', '.join(twice)} clash with DOLFINx", f"pip uninstall {' '.join(twice)}")
    folders = [folder for folder in os.environ.get("LD_LIBRARY_PATH", "").split(":") if folder]
    foreign = [folder for folder in folders if any(Path(folder).glob("libmpi*.so*"))]
    if foreign:
        detail = f"another MPI comes first: LD_LIBRARY_PATH={foreign[0]}"
        yield Finding("MPI", "warning", detail, "unset LD_LIBRARY_PATH, or unload that MPI module")
    launcher = Path(sys.prefix, "bin", "mpiexec")
    other = shutil.which("mpiexec")
    if launcher.exists():
        yield Finding("mpiexec", "ok", str(launcher))
    elif other:
        yield Finding("mpiexec", "warning", f"{other} may belong to another MPI", "pip install mpich")
    else:
        yield Finding("mpiexec", "warning", "none: --ranks above 1 will not work", "pip install mpich")


def cores() -> Finding:
    """The cores this process may use."""
    count = len(os.sched_getaffinity(0))
    return Finding("cores", "ok", f"{count}: -j {count} runs as many pairs of arm and load at once")


def memory() -> Finding:
    """Memory that is free, within the limit of a container."""
    free = available_memory_gb()
    state: Literal["ok", "warning"] = "ok" if free >= LEAST_MEMORY_GB else "warning"
    cure = "" if state == "ok" else "use -j 1, or a larger mesh_size_mm"
    return Finding("memory", state, f"{free:.1f} GB free, {LEAST_MEMORY_GB:g} GB asked for", cure)


def available_memory_gb() -> float:
    """GB that can still be taken: of the machine, or of the container where that has less."""
    lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    free = int(lines["MemAvailable"].split()[0]) * 1024
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
        free = free if limit == "max" else min(free, int(limit) - used)
    except (OSError, ValueError):
        pass
    return free / 1e9


def disk() -> Finding:
    """Room for results where the command was started."""
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    state: Literal["ok", "warning"] = "ok" if free >= LEAST_DISK_GB else "warning"
    return Finding("disk", state, f"{free:.1f} GB free here", "" if state == "ok" else "use -o on a larger disk")


def trial(name: str) -> Finding:
    """Start one of the large libraries in a process of its own."""
    command = [sys.executable, "-c", TRIALS[name]]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return Finding(name, "missing", "does not answer within 120 s", "see the libraries above")
    if done.returncode == 0:
        package = {"DOLFINx": "dolfinx-solver-real"}.get(name, name)
        return Finding(name, "ok", f"{_version(package) or ''} works".strip())
    last = (done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"])[-1]
    return Finding(name, "missing", last[:200], f"see the libraries above, or pip install {name.lower()}")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
