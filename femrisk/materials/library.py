"""Cement, metals, tumour tissue and what cracks: a name in, constants with their source out (MPa)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Material:
    """An isotropic material that is elastic up to ``strength`` and ideally plastic beyond."""

    name: str
    young_MPa: float
    poisson: float
    #: von Mises yield stress; None for a tissue that does not fail in the model
    strength_MPa: float | None
    source: str


@dataclass(frozen=True)
class HostTissue:
    """Tumour that leaves a share of the host bone's stiffness and strength."""

    name: str
    share: float
    source: str


MATERIALS: dict[str, Material | HostTissue] = {
    material.name: material
    for material in (
        Material(
            "pmma",
            2500.0,
            0.3,
            63.5,
            "modulus and Poisson's ratio as in the finite-element caps of the Ogo femur models; yield 54-73 MPa in "
            "handbook tables of bone repair biomaterials, its middle is used in tension and compression alike, "
            "though cement is weaker in tension (35-50 MPa)",
        ),
        Material(
            "ti6al4v",
            110000.0,
            0.34,
            830.0,
            "handbook of bone repair biomaterials: modulus 110-120 GPa, yield about 830 MPa",
        ),
        Material(
            "steel_316l",
            200000.0,
            0.3,
            690.0,
            "handbook of bone repair biomaterials: modulus 190-210 GPa, yield 200-800 MPa; 690 MPa is the usual figure "
            "for cold-worked 316L implants [recalled]",
        ),
        Material(
            "cocr",
            230000.0,
            0.3,
            450.0,
            "handbook of bone repair biomaterials: modulus 210-250 GPa, yield 450-1600 MPa, its lower end",
        ),
        Material(
            "tumour_lytic",
            10.0,
            0.4,
            None,
            "soft tissue without strength; published models use a void or 1-10 MPa, which carries no load that matters",
        ),
        HostTissue(
            "tumour_mixed",
            0.5,
            "assumption: a mixed lesion keeps half of the host's stiffness and strength; no measurement was found",
        ),
        HostTissue(
            "tumour_blastic",
            1.0,
            "bone with and without metastases follows one density relation (Nazarian and Snyder, 57 cores), and "
            "without a CT the host's density stands in for that of the sclerotic bone",
        ),
    )
}

#: Principal strains at which cortical bone is taken to fail in tension and compression (Schileo et al. 2008).
TENSION_LIMIT, COMPRESSION_LIMIT = 0.0073, 0.0104


@dataclass(frozen=True)
class Brittle:
    """A material that cracks and crushes; pairs hold tension before compression."""

    name: str
    #: principal strain at which damage begins
    onset: tuple[float, float]
    #: strain over the onset's up to which the stress is kept
    plateau: tuple[float, float]
    #: fracture energy per area over Young's modulus, mm
    energy_over_modulus_mm: tuple[float, float]
    source: str


BRITTLE: dict[str, Brittle] = {
    material.name: material
    for material in (
        Brittle(
            "bone",
            (TENSION_LIMIT, COMPRESSION_LIMIT),
            (1.5, 2.5),
            # over the 14900 1.1^1.86 MPa of that cortex
            (3.0 / 17790.0, 30.0 / 17790.0),
            "onset strains of Schileo et al. (2008); ASSUMED: stress kept up to 1.5 (tension) and 2.5 (compression) "
            "times the onset strain, 3 N/mm to crack and ten times that to crush cortex of 1.1 g/cm3, scaled with the "
            "modulus; no measurement of these was found",
        ),
        Brittle(
            "pmma",
            (42.5 / 2500.0, 80.0 / 2500.0),
            (1.0, 2.5),
            # K^2 / E over E, with 1 MPa sqrt(m) = 31.6 N/mm^1.5
            ((1.15 * 31.6 / 2500.0) ** 2, 10 * (1.15 * 31.6 / 2500.0) ** 2),
            "handbook tables of bone repair biomaterials: tension 35-50 MPa (its middle), compression 80 MPa, "
            "toughness 0.7-1.6 MPa sqrt(m) (its middle); ASSUMED: no plateau in tension, 2.5 times the onset strain in "
            "compression, and ten times the energy to crush",
        ),
    )
}
