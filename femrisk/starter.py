"""Starter cases: in goes an example, out comes YAML in which every option of every part stands with its explanation.

The words come from the models themselves, so that a new option appears here by being written there. What the example
sets is active; every other option stands behind a ``#`` with its default.
"""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from femrisk.case import Case
from femrisk.place import item_of, kinds, models_of, unwrap, words_of
from femrisk.units import Interval, interval, unit_of

Example = Mapping[str, Any]

#: The question of ``femrisk init femur``.
FEMUR: Example = {
    "name": "my_femur",
    "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70, "pain": "functional"},
    "bone": {"kind": "proximal_femur", "side": "left", "head_diameter_mm": 46, "neck_shaft_angle_deg": 127},
    "lesions": [
        {
            "kind": "ellipsoid",
            "site": "femoral_neck",
            "quadrant": "inferomedial",
            "semi_axes_mm": [14, 11, 11],
            "nature": "lytic",
        }
    ],
    "arms": [
        {"kind": "intact"},
        {"kind": "untreated"},
        {"kind": "pop", "fill_fraction": 0.9},
        {"kind": "pop_screws", "fill_fraction": 0.9, "screws": {"count": 3, "diameter_mm": 7.3}},
        {"kind": "pop_nail", "fill_fraction": 0.9, "nail": {"neck_angle_deg": 125, "lag_screw_diameter_mm": 10.5}},
    ],
    "loads": [{"kind": "stance"}, {"kind": "sideways_fall"}],
    "analysis": {"model": "keyak_plasticity", "mesh_size_mm": 3.0},
    "scores": ["mirels", "axial_cortical_involvement"],
}
#: The question of ``femrisk init vertebra``.
VERTEBRA: Example = {
    "name": "my_vertebra",
    "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70},
    "bone": {"kind": "vertebra", "level": "L1"},
    "lesions": [{"kind": "sphere", "site": "vertebral_body", "quadrant": "central", "radius_mm": 8, "nature": "lytic"}],
    "arms": [
        {"kind": "intact"},
        {"kind": "untreated"},
        {"kind": "pvp", "body_fraction": 0.162},
        {"kind": "pedicle_screws", "screws": {"diameter_mm": 6.5, "length_mm": 45}},
        {"kind": "pvp_screws", "body_fraction": 0.162, "screws": {"diameter_mm": 6.5, "length_mm": 45}},
    ],
    "loads": [{"kind": "axial_compression", "endplates": "discs"}, {"kind": "flexion", "endplates": "discs"}],
}
#: The question of ``femrisk init ct``.
CT: Example = {
    "name": "my_scan",
    "patient": {"sex": "female", "age_years": 68, "height_cm": 165, "mass_kg": 70},
    "bone": {
        "kind": "ct",
        "image": "ct.nii.gz",
        "labels": "labels.nii.gz",
        "calibration": {"kind": "phantom_line", "slope_mg_per_cm3_per_HU": 0.8, "intercept_mg_per_cm3": 0},
        "bone_labels": [1],
        "lesion_labels": [2],
        "anatomy": "vertebra",
        "level": "L1",
    },
    "lesions": [{"kind": "label", "label": 2, "nature": "lytic"}],
    "arms": [{"kind": "intact"}, {"kind": "untreated"}, {"kind": "pvp", "body_fraction": 0.162}],
    "loads": [{"kind": "axial_compression", "endplates": "discs"}],
}
STARTERS: Mapping[str, Example] = {"femur": FEMUR, "vertebra": VERTEBRA, "ct": CT}
#: Values for options that have no default, where a kind is shown that the example does not use.
SAMPLES: Example = {
    "radius_mm": 10,
    "semi_axes_mm": [12, 9, 9],
    "anatomy": "vertebra",
    "file": "bone.stl",
    "units": "mm",
    "side": "left",
    "level": "L1",
    "height_loss_share": 0.3,
    "label": 1,
    "image": "ct.nii.gz",
    "labels": "labels.nii.gz",
    "unit": "mg_per_cm3_K2HPO4",
    "slope_mg_per_cm3_per_HU": 0.8,
    "intercept_mg_per_cm3": 0,
    "density_mg_per_cm3": 100,
}

HEADER = """\
A case of femrisk: one bone, its lesions, the treatments to compare, and the loads. For research only.

  femrisk check FILE   says what is wrong, or what would be run
  femrisk run FILE     runs it; the answers go to results/NAME

Every key that has a unit ends in it. A line `# key: value` is an option with its default (null: not given, or
worked out from the rest): take the `#` away to set it. What was explained once is not repeated further down.
What belongs to another bone than yours is not listed here; it would be refused.
Coordinates: in a femur, origin where the axes of neck and shaft cross, x medial, y anterior, z proximal; in a vertebra,
origin in the middle of the body, x right, y anterior, z up.
"""
WIDTH = 118


@dataclasses.dataclass(frozen=True)
class Page:
    """What a starter is about."""

    #: its bone's ``anatomy``
    bone: str
    #: what is explained, and not told again; grows
    told: set[str] = dataclasses.field(default_factory=set)

    def fitting(self, models: tuple[type[BaseModel], ...]) -> tuple[type[BaseModel], ...]:
        """Those that belong to the bone."""
        return tuple(model for model in models if self.bone in bones_of(model, self.bone))


def bones_of(model: type[BaseModel], default: str) -> tuple[str, ...]:
    """The kinds of anatomy that an arm, a load or a bone belongs to; ``default`` for what belongs to any."""
    if "anatomy" in model.model_fields:
        return get_args(model.model_fields["anatomy"].annotation)
    return tuple(getattr(model, "bones", (getattr(model, "anatomy", default),)))


def starter(example: Example = FEMUR) -> str:
    """The commented text of an example case."""
    bone = of_kind(models_of(Case.model_fields["bone"].annotation), example["bone"])
    page = Page(bones_of(bone, "")[0])
    return "\n".join([*comment(HEADER.strip(), ""), *block(Case, example, "", page)]) + "\n"


def comment(text: str, indent: str) -> list[str]:
    """``text`` behind ``#``; its own line breaks stay."""
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, WIDTH - 2 - len(indent)) or [""]]
    return [f"{indent}# {line}".rstrip() for line in lines]


def block(model: type[BaseModel], values: Example, indent: str, page: Page) -> list[str]:
    """The keys of a model, those in ``values`` active; what is explained is told once."""
    lines = [f"{indent}kind: {values.get('kind', kinds(model)[0])}"] if kinds(model) else []
    for key, field in model.model_fields.items():
        words = explained(field, key)
        known = f"{key}: {words}" in page.told
        if key == "kind" or (known and key not in values and not field.is_required()):
            continue
        page.told.add(f"{key}: {words}")
        lines += [""] if not indent else []
        lines += [] if known else comment(words, indent)
        lines += entry(key, field, values, indent, page)
    return lines


def entry(key: str, field: FieldInfo, values: Example, indent: str, page: Page) -> list[str]:
    """One key with its value, or with all that lies below it."""
    inner = page.fitting(models_of(field.annotation))
    listed = page.fitting(models_of(item_of(field.annotation, 0)[0]))
    if listed:
        return [f"{indent}{key}:", *items(listed, values.get(key, []), indent + "  ", page)]
    if inner:
        below = indent + "  "
        chosen = of_kind(inner, values.get(key, {}))
        body = block(chosen, values.get(key, {}), below, page)
        whole = [f"{indent}{key}:", *body, *others(inner, [chosen], below, page)]
        return whole if key in values else hidden(whole, indent)
    if key in values or field.is_required():
        return [f"{indent}{key}: {written(values.get(key, SAMPLES.get(key)))}"]
    return [f"{indent}# {key}: {written(field.get_default(call_default_factory=True))}"]


def items(models: tuple[type[BaseModel], ...], values: list[Example], indent: str, page: Page) -> list[str]:
    """The members of a list, those in ``values`` active, and one of every other kind behind ``#``."""
    lines: list[str] = []
    page = Page(page.bone)
    used = []
    for value in values:
        model = of_kind(models, value)
        lines += comment(summary(model), indent) if model not in used else []
        lines += item(model, value, indent, page)
        used.append(model)
    return lines + others(models, used, indent, page, item)


def item(model: type[BaseModel], values: Example, indent: str, page: Page) -> list[str]:
    """One member of a list; its kind comes first and bears the hyphen."""
    first, *rest = block(model, values, indent + "  ", page)
    return [f"{indent}- {first.lstrip()}", *rest]


def others(
    models: tuple[type[BaseModel], ...],
    used: list[type[BaseModel]],
    indent: str,
    page: Page,
    form: Callable[[type[BaseModel], Example, str, Page], list[str]] = block,
) -> list[str]:
    """The kinds that the example does not use, behind ``#``."""
    lines = []
    for model in models:
        if model not in used:
            body = form(model, {}, indent, page)
            lines += ["", *comment(f"Another kind. {summary(model)}", indent), *hidden(body, indent)]
    return lines


def hidden(lines: list[str], indent: str) -> list[str]:
    """Lines behind ``#``."""
    return [f"{indent}# {line.removeprefix(indent)}".rstrip() for line in lines if line.strip()]


def of_kind(models: tuple[type[BaseModel], ...], values: Example) -> type[BaseModel]:
    """The member of a union that ``values`` belong to."""
    fitting = [model for model in models if values.get("kind") in kinds(model)] or list(models)
    return next((model for model in fitting if values.get("anatomy") in words_of(model, "anatomy")), fitting[0])


def summary(model: type[BaseModel]) -> str:
    """The first sentence a model says of itself."""
    return " ".join((model.__doc__ or "").split("\n\n")[0].split())


def explained(field: FieldInfo, key: str) -> str:
    """A field's description with its range or choices."""
    text = " ".join((field.description or "").split())
    plain, metadata = unwrap(field.annotation)
    deeper, more = item_of(plain, 0)
    allowed = interval((*field.metadata, *metadata, *more))
    choices = plain if get_origin(plain) is Literal else deeper
    if allowed != Interval():
        text += f" ({allowed} {unit_of(key) or ''}".rstrip() + ")"
    elif get_origin(choices) is Literal:
        text += f" ({', '.join(map(str, get_args(choices)))})"
    return text


def written(value: object) -> str:
    """A value as YAML."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(written(one) for one in value)}]"
    return str(value)
