"""A handful of clinical measures in, the anatomy of a parametric proximal femur out.

Presets, by sex (mm, deg). [seen] and [recalled] as in the sources' abstracts or from memory; [derived] here.

| key | female | male | source |
|---|---|---|---|
| head diameter | 43 | 48.5 | Western adults [recalled-H] |
| neck-shaft angle | 124.7 | 124.7 | 3D CT, n = 628, Carmona 2021 [seen] |
| offset | 40.3 | 45.5 | 42.9 of the same series [seen], x head / 45.75 [derived] |
| anteversion | 16.4 | 12.1 | 1070 CT, PMC4775021 [seen] |
| neck width SI | 32 | 37 | Western adults [recalled-M] |
| neck width AP | 26 | 30 | SI x 0.8: between 0.70 (n = 125 dry bones [seen]) and 0.875 of a round neck [derived] |
| shaft diameter ML, AP | 26.5, 26.5 | 29, 29 | middle of mid-shaft 25-28 and 27-31 [recalled-M] |
| shaft cortex | 6.5 | 7 | 6-8 [recalled-M] |
| length | 240 | 250 | 0.48 x 441.8 [seen], x the cube root of the head ratio, and a pot of 30 mm [derived] |
| bow radius | 1200 | 1200 | Egol 2004, 1200 +- 360 [recalled-H] |
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from femrisk.errors import GeometryError
from femrisk.meshes.anatomy import FemurAnatomy
from femrisk.meshes.femur.atlas import TROCHANTER, Atlas, age_scale
from femrisk.meshes.femur.cortex import Cortex, neck_thickness
from femrisk.meshes.femur.sections import fitted, landmarks_of
from femrisk.meshes.femur.shape import FemurShape
from femrisk.meshes.sampled import resample
from femrisk.meshes.shapes import HalfSpace, Intersection
from femrisk.part import Part

#: widest ranges of neck length and offset, mm
NECK_LENGTHS, OFFSETS = (26, 85), (22, 70)
#: shortest shaft below the origin that leaves room for trochanters and fixture, mm for a 46 mm head
SHORTEST = 80.0
#: widest neck as a share of the head
WIDEST_NECK = 0.95

PRESETS: dict[str, dict[str, float]] = {
    "female": {
        "head_diameter_mm": 43.0,
        "neck_shaft_angle_deg": 124.7,
        "offset_mm": 40.3,
        "anteversion_deg": 16.4,
        "neck_width_si_mm": 32.0,
        "neck_width_ap_mm": 26.0,
        "shaft_diameter_ml_mm": 26.5,
        "shaft_diameter_ap_mm": 26.5,
        "shaft_cortex_mm": 6.5,
        "length_mm": 240.0,
        "bow_radius_mm": 1200.0,
    },
    "male": {
        "head_diameter_mm": 48.5,
        "neck_shaft_angle_deg": 124.7,
        "offset_mm": 45.5,
        "anteversion_deg": 12.1,
        "neck_width_si_mm": 37.0,
        "neck_width_ap_mm": 30.0,
        "shaft_diameter_ml_mm": 29.0,
        "shaft_diameter_ap_mm": 29.0,
        "shaft_cortex_mm": 7.0,
        "length_mm": 250.0,
        "bow_radius_mm": 1200.0,
    },
}


class ProximalFemur(Part):
    """A proximal femur from its clinical measures; what is not given comes from the preset."""

    anatomy: ClassVar[str] = "proximal_femur"

    kind: Literal["proximal_femur"] = "proximal_femur"
    """Kind of bone."""
    side: Literal["left", "right"] = "left"
    """Side of the body."""
    preset: Literal["female", "male"] | None = None
    """Where measures that are not given come from (default: the patient's sex)."""
    head_diameter_mm: Annotated[float, Field(ge=34, le=62)] | None = None
    """Diameter of the head."""
    neck_shaft_angle_deg: Annotated[float, Field(ge=105, le=145)] | None = None
    """Angle between neck and shaft axes, in their common plane."""
    anteversion_deg: Annotated[float, Field(ge=-10, le=40)] | None = None
    """Turn of the neck forwards out of the frontal plane."""
    offset_mm: Annotated[float, Field(ge=22, le=70)] | None = None
    """Distance of the head centre from the shaft axis."""
    neck_length_mm: Annotated[float, Field(ge=26, le=85)] | None = None
    """Distance from the crossing of the axes to the head centre; give this or the offset."""
    neck_width_si_mm: Annotated[float, Field(ge=22, le=48)] | None = None
    """Superior-inferior outer width of the narrowest neck section."""
    neck_width_ap_mm: Annotated[float, Field(ge=18, le=42)] | None = None
    """Anterior-posterior outer width of the narrowest neck section."""
    shaft_diameter_ml_mm: Annotated[float, Field(ge=20, le=38)] | None = None
    """Medial-lateral outer diameter of the shaft at the distal cut."""
    shaft_diameter_ap_mm: Annotated[float, Field(ge=20, le=38)] | None = None
    """Anterior-posterior outer diameter of the shaft at the distal cut."""
    superior_neck_cortex_mm: Annotated[float, Field(ge=0.3, le=4)] | None = None
    """Cortex of the neck above and behind (default from age, Poole 2010)."""
    inferior_neck_cortex_mm: Annotated[float, Field(ge=1, le=7)] | None = None
    """Cortex of the neck below and in front (default from age, Poole 2010)."""
    shaft_cortex_mm: Annotated[float, Field(ge=2, le=10)] | None = None
    """Cortex of the shaft."""
    length_mm: Annotated[float, Field(ge=130, le=300)] | None = None
    """From the top of the head to the distal cut (default: mid-shaft, and 30 mm below it for the pot)."""
    bow_radius_mm: Annotated[float, Field(ge=500, le=5000)] | None = None
    """Radius of the anterior bow of the shaft."""
    density_scale: Annotated[float, Field(ge=0.3, le=1.3)] | None = None
    """Bone density over that of a young normal (default from age and sex)."""
    trochanter_ash_g_per_cm3: Annotated[float, Field(ge=0.03, le=0.4)] = TROCHANTER
    """Cancellous ash density of the trochanters in donors of the source's age (band 0.08-0.17): it decides a fall."""

    def resolved(self, sex: str, age_years: float) -> ProximalFemur:
        """The same femur with every measure filled in, from preset, age and sex.

        Raises:
            GeometryError: both offset and neck length were given and disagree.
        """
        preset = self.preset or ("male" if sex == "male" else "female")
        superior, inferior = neck_thickness(age_years)
        size = {
            **PRESETS[preset],
            "superior_neck_cortex_mm": superior,
            "inferior_neck_cortex_mm": inferior,
            "density_scale": age_scale(sex, age_years),
            **self.given(),
        }
        sine = float(np.sin(np.radians(size["neck_shaft_angle_deg"])))
        if self.neck_length_mm is None:
            size["neck_length_mm"] = size["offset_mm"] / sine
        elif self.offset_mm is None:
            size["offset_mm"] = self.neck_length_mm * sine
        elif abs(self.neck_length_mm * sine - self.offset_mm) > 0.5:
            raise GeometryError(
                "bone.neck_length_mm",
                f"disagrees with offset_mm (allowed: one of the two, or {self.offset_mm / sine:.1f} with this offset, "
                f"got: {self.neck_length_mm:g})",
            )
        for key, (low, high) in {"neck_length_mm": NECK_LENGTHS, "offset_mm": OFFSETS}.items():
            if not low <= size[key] <= high:
                raise GeometryError(
                    f"bone.{key}", f"follows from the other measures (allowed: {low} to {high}, got: {size[key]:.1f})"
                )
        return ProximalFemur.model_validate({"side": self.side, "preset": preset, **size})

    def given(self) -> dict[str, float]:
        """The numbers that are not None."""
        return {name: value for name, value in self.model_dump().items() if isinstance(value, float)}

    def built(self) -> FemurAnatomy:
        """Surfaces, density and landmarks; of a resolved femur.

        Raises:
            GeometryError: the measures do not fit together (a neck wider than its head, a canal with no room).
        """
        size = self.given()
        shape = fitted(self.shape(size), size)
        whole, feet = resample(shape, shape.box())
        outer = Intersection((whole, HalfSpace(np.array([0.0, 0.0, shape.distal_z]), np.array([0.0, 0.0, -1.0]))))
        marks = landmarks_of(shape, feet)
        cortex = Cortex(
            marks, size["superior_neck_cortex_mm"], size["inferior_neck_cortex_mm"], size["shaft_cortex_mm"]
        )
        inner = cortex.endosteum(whole, whole.bounds())
        atlas = Atlas(marks, outer, inner, size["density_scale"], self.trochanter_ash_g_per_cm3, cortex)
        mirror = np.hstack([np.diag([1.0 if self.side == "left" else -1.0, 1, 1]), np.zeros((3, 1))])
        surface = feet[feet[:, 2] > shape.distal_z]
        return FemurAnatomy(outer, inner, atlas.density, marks, surface, mirror, atlas.region)

    def shape(self, size: dict[str, float]) -> FemurShape:
        """The blended form of ``given`` sizes, before its tubes are fitted to the widths asked for.

        Raises:
            GeometryError: too short, no head beyond the neck, or no room for a canal.
        """
        angle, version = np.radians([size["neck_shaft_angle_deg"], size["anteversion_deg"]])
        axis = np.array([np.sin(angle) * np.cos(version), np.sin(angle) * np.sin(version), -np.cos(angle)])
        radius, top = size["head_diameter_mm"] / 2, size["neck_length_mm"] * axis[2] + size["head_diameter_mm"] / 2
        shape = FemurShape(
            head_radius=radius,
            neck_axis=axis,
            neck_length=size["neck_length_mm"],
            neck_radii=(size["neck_width_si_mm"] / 2, size["neck_width_ap_mm"] / 2),
            shaft_radii=(size["shaft_diameter_ml_mm"] / 2, size["shaft_diameter_ap_mm"] / 2),
            distal_z=float(top - size["length_mm"]),
            bow_radius=size["bow_radius_mm"],
        )
        if shape.distal_z > -SHORTEST * shape.scale:
            raise GeometryError(
                "bone.length_mm",
                f"cuts into the trochanters (allowed: at least {top + SHORTEST * shape.scale:.0f} with this neck, "
                f"got: {size['length_mm']:g})",
            )
        if size["neck_width_si_mm"] > WIDEST_NECK * 2 * radius:
            raise GeometryError(
                "bone.neck_width_si_mm",
                f"leaves no head (allowed: up to {WIDEST_NECK * 2 * radius:.1f} with this head, "
                f"got: {size['neck_width_si_mm']:g})",
            )
        thickest = 0.42 * min(size["shaft_diameter_ml_mm"], size["shaft_diameter_ap_mm"])
        if size["shaft_cortex_mm"] > thickest:
            raise GeometryError(
                "bone.shaft_cortex_mm",
                f"leaves no canal (allowed: up to {thickest:.1f} in this shaft, got: {size['shaft_cortex_mm']:g})",
            )
        return shape
