"""A case: in goes a YAML file, out comes a ``Case`` in which every key is checked, and back again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from re import fullmatch
from typing import Annotated, Any, Literal, Protocol

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from ruamel.yaml import YAML

from femrisk.arms import Arm
from femrisk.casefile import read_document
from femrisk.document import Document, KeyPath, suggest
from femrisk.errors import CaseError
from femrisk.loads import Load
from femrisk.meshes import Bone
from femrisk.meshes.lesions import Lesion
from femrisk.meshes.surface import SurfaceBone
from femrisk.mistakes import SeveralMistakes, translate
from femrisk.part import Part
from femrisk.patient import Patient
from femrisk.scores import BONES, SCORES

#: Names become folders and solids: letters, digits, underscore, hyphen, dot.
NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
#: Names the mesher gives to its own solids.
RESERVED = r"bone|endosteum|nail|lag_screw|(locking_)?screw(_\d+)?|(cement|plume)(_.*)?"


def checked_name(name: str) -> str:
    """``name``, if a folder may bear it."""
    if not fullmatch(NAME_PATTERN, name):
        raise ValueError(f"not a name (allowed: up to 64 letters, digits and _ - . , got: {name[:70]!r})")
    return name


def known_score(name: str) -> str:
    """``name``, if there is such a score."""
    if name not in SCORES:
        close = suggest(name, SCORES)
        hint = f"; did you mean {close}?" if close else ""
        raise ValueError(f"unknown score{hint} (allowed: {', '.join(SCORES)}, got: {name})")
    return name


Name = Annotated[str, AfterValidator(checked_name), Field(json_schema_extra={"pattern": f"^{NAME_PATTERN}$"})]
ScoreName = Annotated[str, AfterValidator(known_score), WithJsonSchema({"enum": list(SCORES), "type": "string"})]


#: models of bone
Model = Literal["keyak_plasticity", "damage", "linear"]


class Analysis(Part):
    """How the fracture load is computed."""

    model: Model = "keyak_plasticity"
    """Model of bone: Keyak's plasticity pushed to fracture; damage, in which bone and cement crack, at three to four
    times the cost; or one linear solve with the strain criterion."""

    models: Annotated[tuple[Model, ...], Field(min_length=1, json_schema_extra={"uniqueItems": True})] | None = None
    """Several models of bone, whose fracture loads are set side by side, in the place of model; the first is that of
    the main results. Each computes every arm under every load."""

    density_law: Literal["keyak_2005", "keyak_1998", "keller_1994", "morgan_2003"] = "keyak_2005"
    """Relation from ash density to modulus and strength of bone; the post-yield curve is Keyak's."""

    mesh_size_mm: Annotated[float, Field(ge=1.0, le=10.0)] = 3.0
    """Edge length of the tetrahedra in the bone, mm; lesion, cement and devices are meshed finer."""

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
        return _once(models) if models else models

    @model_validator(mode="after")
    def _one_first_model(self) -> Analysis:
        if self.models and "model" in self.model_fields_set and self.model != self.models[0]:
            what = f"models begins with another (allowed: {self.models[0]}, or models alone, got: {self.model})"
            raise SeveralMistakes((("model",), what))
        return self

    @field_validator("interfaces")
    @classmethod
    def _can_part(cls, interfaces: str, others: ValidationInfo) -> str:
        models = others.data.get("models") or (others.data.get("model", "keyak_plasticity"),)
        for model in models if interfaces == "weak" else ():
            if model != "keyak_plasticity":
                raise ValueError(f"weak interfaces need analysis.model keyak_plasticity (got: {model})")
        return interfaces

    def every_model(self) -> tuple[str, ...]:
        """The models each pair is computed under; the first is that of the main results."""
        return self.models or (self.model,)


class Named(Protocol):
    """A lesion, an arm or a load."""

    @property
    def kind(self) -> str:
        """What it is."""

    @property
    def name(self) -> str | None:
        """What its author calls it."""


class Case(Part):
    """One clinical question: a bone with its lesions, the treatments to compare, and the loads."""

    name: Name
    """Name of the case; its results go to results/NAME."""

    patient: Patient
    """Who the bone belongs to."""

    bone: Bone
    """The bone, before any lesion."""

    lesions: tuple[Lesion, ...] = ()
    """The lesions, all of them present in every arm but intact."""

    arms: Annotated[tuple[Arm, ...], Field(min_length=1)]
    """The treatments to compare, intact and untreated among them."""

    loads: Annotated[tuple[Load, ...], Field(min_length=1)]
    """The loads under which each arm is pushed to fracture."""

    analysis: Analysis = Analysis()
    """Material model and mesh."""

    scores: tuple[ScoreName, ...] = ("mirels", "axial_cortical_involvement")
    """Clinical scores to print beside the fracture loads."""

    @field_validator("lesions", "arms", "loads")
    @classmethod
    def _names_are_unique(cls, parts: tuple[Any, ...]) -> tuple[Any, ...]:
        wrong = _wrong_names(parts)
        if wrong:
            raise SeveralMistakes(*wrong)
        return parts

    @field_validator("lesions")
    @classmethod
    def _names_are_free(cls, lesions: tuple[Any, ...]) -> tuple[Any, ...]:
        wrong = [
            ((index, "name"), f"this name belongs to a part of the model (got: {lesion.name})")
            for index, lesion in enumerate(lesions)
            if lesion.name and fullmatch(RESERVED, lesion.name)
        ]
        if wrong:
            raise SeveralMistakes(*wrong)
        return lesions

    @field_validator("scores")
    @classmethod
    def _scores_once(cls, scores: tuple[str, ...]) -> tuple[str, ...]:
        return _once(scores)

    @model_validator(mode="after")
    def _scores_fit_the_bone(self) -> Case:
        kind = getattr(self.bone, "anatomy_kind", self.bone.kind)
        allowed = ", ".join(name for name in SCORES if kind in BONES[name])
        wrong: list[tuple[KeyPath, str]] = [
            (("scores", index), f"is no score of a {kind.replace('_', ' ')} (allowed: {allowed}, got: {name})")
            for index, name in enumerate(self.scores)
            if kind not in BONES[name]
        ]
        if wrong:
            raise SeveralMistakes(*wrong)
        return self

    def resolved(self) -> Case:
        """The same case with nothing left to defaults: bone filled in from sex and age, every part with its name."""
        changes: dict[str, Any] = {"bone": self.bone.resolved(self.patient.sex, self.patient.age_years)}
        for key, parts in (("lesions", self.lesions), ("arms", self.arms), ("loads", self.loads)):
            pairs = zip(parts, names(parts), strict=True)
            changes[key] = tuple(part.model_copy(update={"name": name}) for part, name in pairs)
        changes["analysis"] = self.analysis.model_copy(update={"model": self.analysis.every_model()[0]})
        return self.model_copy(update=changes)


def _once(words: tuple[str, ...]) -> tuple[str, ...]:
    """``words``, if none stands there twice."""
    wrong = [((index,), f"named twice (got: {word})") for index, word in enumerate(words) if word in words[:index]]
    if wrong:
        raise SeveralMistakes(*wrong)
    return words


def _wrong_names(parts: Sequence[Named]) -> list[tuple[KeyPath, str]]:
    """Paths and words of the given names that are repeated or fit no folder."""
    wrong: list[tuple[KeyPath, str]] = []
    first: dict[str, int] = {}
    for index, part in enumerate(parts):
        if part.name is None:
            continue
        try:
            checked_name(part.name)
        except ValueError as error:
            wrong.append(((index, "name"), str(error)))
        if part.name in first:
            wrong.append(((index, "name"), f"name given twice (first at [{first[part.name]}], got: {part.name})"))
        first.setdefault(part.name, index)
    return wrong


def names(parts: Sequence[Named]) -> tuple[str, ...]:
    """A name for each part: its own, else its kind, with _2, _3 where that is taken."""
    taken = {part.name for part in parts if part.name}
    result = []
    for part in parts:
        name, count = part.name or part.kind, 1
        while part.name is None and name in taken:
            count += 1
            name = f"{part.kind}_{count}"
        taken.add(name)
        result.append(name)
    return tuple(result)


def read_case(path: str | Path) -> Case:
    """Read and check a case file; a surface file is looked up beside it.

    Raises:
        CaseError: every mistake of the file, each with its line and key.
    """
    return case_of(read_document(path), Path(path).absolute().parent)


def case_of(document: Document, folder: str | Path) -> Case:
    """The case a document describes; relative paths start at ``folder``.

    Raises:
        CaseError: every mistake of the document.
    """
    try:
        # Strict, and from JSON: a list is a tuple, but "68" is no number and `yes` is no truth value.
        case = Case.model_validate_json(document.json(), strict=True)
    except ValidationError as error:
        raise CaseError(translate(error, document, Case)) from error
    if isinstance(case.bone, SurfaceBone):
        bone = case.bone.model_copy(update={"file": Path(folder) / case.bone.file})
        return case.model_copy(update={"bone": bone})
    return case


def text_of(case: Case) -> str:
    """The case file of ``case`` with every default written out."""
    return _yaml(case.resolved().model_dump(mode="json"))


def question_of(case: Case) -> str:
    """What a result depends on: the text without ``analysis.models`` and without what only scores of the spine read.

    Each model's results stand alone.
    """
    unread = {"analysis": {"models"}, "patient": {"spinal_pain", "spinal_alignment", "spinal_angulation_deg"}}
    return _yaml(case.resolved().model_dump(mode="json", exclude=unread))


def under_model(case: Case, model: str) -> Case:
    """The same case under one model."""
    analysis = case.analysis.model_copy(update={"model": model, "models": None})
    return case.model_copy(update={"analysis": analysis})


def _yaml(content: dict[str, Any]) -> str:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 110
    text = StringIO()
    yaml.dump(content, text)
    return text.getvalue()


def write_case(case: Case, path: str | Path) -> None:
    """Write ``text_of(case)``; the file appears whole or not at all."""
    path = Path(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text_of(case), encoding="utf-8")
    draft.replace(path)
