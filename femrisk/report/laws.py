"""A ``Reading`` in, the laws of its bone and the constants of its materials out, each with its source."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

from femrisk.materials.density import LAWS, DensityLaw, Power
from femrisk.materials.library import MATERIALS, HostTissue
from femrisk.report.quantity import Quantity, joined, markup
from femrisk.report.reading import Reading

#: what a model of bone is, in a sentence; ``docs/model.md`` has the whole
MODELS = {
    "keyak_plasticity": "von Mises plasticity: a plateau, a fall scaled to the element, a residual (Keyak 2005)",
    "perfect_plasticity": "plasticity in which bone keeps its strength and flows without losing volume",
    "crushable_foam": "plasticity in which trabecular bone loses volume as it is crushed (Deshpande and Fleck 2000)",
    "damage": "bone and cement crack and lose their stiffness, in tension sooner than in compression",
    "linear": "one linear solve with a strain criterion over 100 mm3",
}


#: densities that laws are stated in
DENSITIES = {"ash": "ash density", "apparent": "apparent density", "qct": "density equivalent to K2HPO4"}


@dataclass(frozen=True)
class Constants:
    """One material as it was used."""

    name: str
    young: Quantity | None
    poisson: Quantity | None
    strength: Quantity | None
    source: str


@dataclass(frozen=True)
class Laws:
    """What the bone and everything in it is made of."""

    models: tuple[tuple[str, str], ...]
    law: str
    #: what the law's density is
    density: str
    modulus: Markup
    strength: Markup
    law_source: str
    interfaces: str
    anisotropy: str
    materials: tuple[Constants, ...]
    #: the version of this report, where it is not that of the results
    other_version: str


def laws(reading: Reading, version: str) -> Laws:
    """The laws named in the case and the materials named in its results."""
    analysis = reading.case.get("analysis") or {}
    models = analysis.get("models") or [analysis.get("model")]
    law = LAWS.get(str(analysis.get("density_law")))
    names = dict.fromkeys(name for sheet in reading.results.values() for name in sheet.at("materials") or ())
    made_by = str(reading.provenance.at("version") or "")
    return Laws(
        models=tuple((str(one).replace("_", " "), MODELS.get(str(one), "")) for one in models if one),
        law=str(analysis.get("density_law") or "unknown").replace("_", " "),
        density=DENSITIES.get(law.stated_in, law.stated_in) if law else "density",
        modulus=_pieces(law, "modulus", law.modulus_pieces) if law else Markup("\u2013"),
        strength=_pieces(law, "strength", law.strength_pieces) if law else Markup("\u2013"),
        law_source=law.source if law else "",
        interfaces=str(analysis.get("interfaces") or "bonded"),
        anisotropy=str(analysis.get("anisotropy") or "isotropic").replace("_", " "),
        materials=tuple(_constants(name) for name in names if name in MATERIALS),
        other_version=version if made_by and made_by != version else "",
    )


def _pieces(law: DensityLaw, what: str, pieces: tuple[Power, ...]) -> Markup:
    """``14900 rho^1.86``, and up to which density each piece holds."""
    told = []
    for i, piece in enumerate(pieces):
        source = f"femrisk.materials.density/{law.name}/{what}/{i}"
        power = markup("<sup>{}</sup>", _constant(piece.b, f"{source}/b")) if piece.b != 1 else Markup("")
        rest = markup(" {} {}", "\u2212" if piece.c < 0 else "+", f"{abs(piece.c):.4g}") if piece.c else Markup("")
        upto = markup(" up to {}", f"{piece.upto:g}") if isfinite(piece.upto) else Markup("")
        told.append(markup("{} \u03c1{}{}{}", _constant(piece.a, f"{source}/a"), power, rest, upto))
    return Markup(joined([str(one) for one in told], "; "))


def _constants(name: str) -> Constants:
    material, source = MATERIALS[name], f"femrisk.materials.library/{name}"
    if isinstance(material, HostTissue):
        share = f"keeps {material.share:g} of the stiffness and strength of the bone it replaces; "
        return Constants(name.replace("_", " "), None, None, None, share + material.source)
    strength = material.strength_MPa
    return Constants(
        name.replace("_", " "),
        _constant(material.young_MPa, f"{source}/young_MPa"),
        _constant(material.poisson, f"{source}/poisson"),
        None if strength is None else _constant(strength, f"{source}/strength_MPa"),
        material.source,
    )


def _constant(value: float, source: str) -> Quantity:
    short = f"{value:.6g}"
    return Quantity(value, source, digits=len(short.split(".")[1]) if "." in short else 0)
