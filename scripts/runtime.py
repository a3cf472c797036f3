"""In: pyproject.toml and the hashed requirements.txt in a folder. Out: those requirements that femrisk itself needs.

    python3 scripts/runtime.py [FOLDER [NAME ...]] > runtime.txt

Tools of development (the extra ``dev``) and what only they need stay away; with names, it is what these distributions
need. Versions and hashes are those of the one file.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path


def normal(name: str) -> str:
    """A distribution's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[ <>=!~;\[(]", name, maxsplit=1)[0]).lower()


def blocks(requirements: str) -> dict[str, str]:
    """Each requirement's lines: version, hashes, and the comment that says which others need it."""
    found = re.split(r"^(?=[a-zA-Z0-9])", requirements, flags=re.MULTILINE)[1:]
    return {normal(block): block for block in found}


def askers(block: str) -> set[str]:
    """The distributions a requirement is there for."""
    said = block.partition("# via")[2]
    return {normal(line.strip(" #")) for line in said.splitlines() if line.strip(" #")}


def needed(requirements: str, names: set[str]) -> str:
    """The requirements that are reached from these distributions.

    Raises:
        KeyError: one of them has no requirement.
    """
    listed = blocks(requirements)
    reached = {normal(name) for name in names}
    if missing := reached - listed.keys():
        raise KeyError(f"not in requirements.txt: {', '.join(sorted(missing))}")
    while more := {name for name, block in listed.items() if askers(block) & reached} - reached:
        reached |= more
    return "".join(block for name, block in listed.items() if name in reached)


if __name__ == "__main__":
    folder, names = Path(sys.argv[1] if len(sys.argv) > 1 else "."), set(sys.argv[2:])
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    sys.stdout.write(needed((folder / "requirements.txt").read_text(), names or set(project["dependencies"])))
