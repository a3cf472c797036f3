"""The bones whose answers are compared: each with a lytic sphere, and what the tests ask of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lesioned import femur, vertebra

from femrisk.case import Case


@dataclass(frozen=True)
class Subject:
    """A bone with a lytic sphere, and what the tests ask of it."""

    case_of: Callable[..., Case]
    #: without devices, on the base mesh
    arms: tuple[str, ...]
    #: with devices, and the name of one of them
    fixed: str
    device: str
    #: an arm with devices of another kind
    rival: str
    load: str
    #: edge length, mm: coarse, for devices, and about the usual one
    coarse: float
    middle: float
    usual: float
    #: a stiffness that a speck of tumour may take: a ball of 1 mm has 2e-4 of a vertebral body
    speck: float

    def case(self, arms: Sequence[str], size_mm: float = 0.0, model: str = "linear") -> Case:
        """Arms on a mesh, coarse if no size is given."""
        return self.case_of(*arms, model=model, mesh_size_mm=size_mm or self.coarse)


SUBJECTS = {
    "femur": Subject(
        femur, ("intact", "untreated", "pop"), "pop_screws", "screw_1", "pop_nail", "stance", 8.0, 6.0, 3.0, 1e-4
    ),
    "vertebra": Subject(
        vertebra,
        ("intact", "untreated", "pvp"),
        "pvp_screws",
        "screw_left",
        "pedicle_screws",
        "axial_compression",
        6.0,
        5.0,
        2.5,
        5e-4,
    ),
}
