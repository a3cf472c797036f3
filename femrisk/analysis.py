"""How the fracture load of a case is computed: in go the keys of ``analysis``, out comes a model, a law and a mesh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from femrisk.materials.fabric import Anisotropy
from femrisk.mistakes import SeveralMistakes
from femrisk.part import Part

#: models of bone
Model = Literal["keyak_plasticity", "perfect_plasticity", "crushable_foam", "damage", "linear"]
#: kinds of cells
Cells = Literal["tetrahedra", "voxel"]
DensityLawName = Literal[
    "keyak_2005",
    "keyak_1998",
    "keller_1994",
    "morgan_2003",
    "kopperdahl_2002",
    "morgan_2003_vertebra",
    "keller_1994_vertebra",
]


@dataclass(frozen=True)
class Suited:
    """What suits a bone, the usual one first."""

    models: tuple[str, ...]
    laws: tuple[str, ...]
    mesh_size_mm: float


#: kind of bone -> its models, laws and usual mesh; 2 mm is the best size of Imai 2006 for vertebrae [seen]
SUITED = {
    "proximal_femur": Suited(
        ("keyak_plasticity", "damage", "linear"), ("keyak_2005", "keyak_1998", "keller_1994", "morgan_2003"), 3.0
    ),
    "vertebra": Suited(
        ("perfect_plasticity", "crushable_foam", "linear"),
        ("kopperdahl_2002", "morgan_2003_vertebra", "keller_1994_vertebra"),
        2.0,
    ),
}


class Analysis(Part):
    """How the fracture load is computed."""

    model: Model | None = None
    """Model of bone (default: keyak_plasticity in a femur, perfect_plasticity in a vertebra): Keyak's plasticity pushed
    to fracture; plasticity in which bone keeps its strength and flows without losing volume; the same, but trabecular
    bone of a vertebra loses volume as it is crushed (crushable_foam); damage, in which bone and cement crack, at three
    to four times the cost; or one linear solve with the strain criterion."""

    models: Annotated[tuple[Model, ...], Field(min_length=1, json_schema_extra={"uniqueItems": True})] | None = None
    """Several models of bone, whose fracture loads are set side by side, in the place of model; the first is that of
    the main results. Each computes every arm under every load."""

    density_law: DensityLawName | None = None
    """Relation from density to modulus and strength of bone (default: keyak_2005 in a femur, kopperdahl_2002 in a
    vertebra); the post-yield curve of a femur is Keyak's."""

    anisotropy: Anisotropy = "isotropic"
    """How much softer trabecular bone in the body of a vertebra is across than along it: as stiff; 0.35 of the modulus
    all round; or 0.42 of it from back to front (assumed to be that way) and 0.29 from side to side. Its strength across
    is then 0.7 of that along the body."""

    mesh: Cells = "tetrahedra"
    """Cells of the bone: quadratic tetrahedra that follow its surface; or voxel, hexahedra of one size in steps, which
    need no smooth surface and compare with other voxel codes. On one rank, without a shell, discs, weak interfaces and
    damage."""

    mesh_size_mm: Annotated[float, Field(ge=1.0, le=10.0)] | None = None
    """Edge length of the tetrahedra in the bone, mm (default: 3 in a femur, 2 in a vertebra); lesion, cement and
    devices are meshed finer. Of voxels the edge everywhere; those of a scan are joined to about it."""

    interfaces: Literal["bonded", "weak"] = "bonded"
    """How cement and metal hold to bone: bonded for ever; or weak, where cement comes off at a strength (2.5 times as
    high in shear as in tension), the shafts of nail and lag screw slide and gap, and threads are bonded."""

    interface_strength_MPa: Annotated[float, Field(ge=0.1, le=10)] = 1.0
    """Tensile strength of weak interfaces between cement and bone, MPa; assumed, within what is published."""

    interface_opening_mm: Annotated[float, Field(ge=0.05, le=5)] = 0.2
    """Opening at which cement has come off the bone, mm (in shear, 1/2.5 of it); assumed. Half of it times the strength
    is the energy per area. Where cement comes off more abruptly, a march may get stuck."""

    @field_validator("models")
    @classmethod
    def _models_once(cls, models: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return once(models) if models else models

    @model_validator(mode="after")
    def _one_first_model(self) -> Analysis:
        if self.models and self.model is not None and self.model != self.models[0]:
            what = f"models begins with another (allowed: {self.models[0]}, or models alone, got: {self.model})"
            raise SeveralMistakes((("model",), what))
        return self

    @field_validator("anisotropy")
    @classmethod
    def _can_be_woven(cls, anisotropy: str, others: ValidationInfo) -> str:
        models = others.data.get("models") or (others.data.get("model"),)
        if anisotropy != "isotropic" and "crushable_foam" in models:
            raise ValueError(f"crushable_foam does not know it (allowed: isotropic, got: {anisotropy})")
        return anisotropy

    @field_validator("interfaces")
    @classmethod
    def _can_part(cls, interfaces: str, others: ValidationInfo) -> str:
        models = others.data.get("models") or (others.data.get("model") or "keyak_plasticity",)
        for model in models if interfaces == "weak" else ():
            if model != "keyak_plasticity":
                raise ValueError(f"weak interfaces need analysis.model keyak_plasticity (got: {model})")
        return interfaces

    def every_model(self) -> tuple[str, ...]:
        """The models each pair is computed under; the first is that of the main results. Of a resolved analysis."""
        return self.models or (known(self.model),)

    def resolved(self, bone: str) -> Analysis:
        """The same analysis with what is not given as it suits the bone."""
        usual = SUITED[bone]
        return self.model_copy(
            update={
                "model": (self.models or (self.model or usual.models[0],))[0],
                "density_law": self.density_law or usual.laws[0],
                "mesh_size_mm": self.mesh_size_mm or usual.mesh_size_mm,
            }
        )


def known[Value](value: Value | None) -> Value:
    """A value that ``resolved`` has filled in."""
    assert value is not None, "only a resolved analysis is computed"
    return value


def once(words: tuple[str, ...]) -> tuple[str, ...]:
    """``words``, if none stands there twice."""
    wrong = [((index,), f"named twice (got: {word})") for index, word in enumerate(words) if word in words[:index]]
    if wrong:
        raise SeveralMistakes(*wrong)
    return words
