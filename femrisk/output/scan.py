"""How a scan was read: an anatomy in, ``scan.json`` out, and from that file the histogram of the bone's density."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from femrisk.meshes.anatomy import Anatomy
from femrisk.output.atomic import write_json
from femrisk.output.folder import ResultFolder


def scan_file(folder: ResultFolder) -> Path:
    """Where it is told how the bone's scan was read."""
    return folder.path / "scan.json"


def write_scan(folder: ResultFolder, anatomy: Anatomy) -> None:
    """Write the record of the bone's scan; nothing for a bone that comes from none."""
    if anatomy.scan is not None:
        write_json(scan_file(folder), asdict(anatomy.scan.record))
