"""A case: in goes a YAML file, out comes a ``Case`` in which every key is checked, and back again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from re import fullmatch
from typing import Annotated, Any, Protocol

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from ruamel.yaml import YAML

from femrisk.analysis import Analysis, once
from femrisk.arms import Arm
from femrisk.belonging import USUAL_SCORES, beyond_voxels, strangers
from femrisk.casefile import read_document
from femrisk.document import Document, KeyPath, suggest
from femrisk.errors import CaseError
from femrisk.loads import Load
from femrisk.meshes import Bone
from femrisk.meshes.ct.labellesion import Lesion
from femrisk.mistakes import SeveralMistakes, translate
from femrisk.part import Part
from femrisk.patient import Patient
from femrisk.scores import SCORES

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

    scores: tuple[ScoreName, ...] | None = None
    """Clinical scores to print beside the fracture loads (default: every one there is for the bone)."""

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
    def _scores_once(cls, scores: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return once(scores) if scores else scores

    @model_validator(mode="after")
    def _suits_the_bone(self) -> Case:
        wrong = strangers(self.bone.anatomy, self.lesions, self.arms, self.loads, self.analysis, self.scores or ())
        wrong += beyond_voxels(self.bone, self.loads, self.analysis)
        if wrong:
            raise SeveralMistakes(*wrong)
        return self

    def resolved(self) -> Case:
        """The same case with nothing left to defaults: bone filled in from sex and age, every part with its name."""
        changes: dict[str, Any] = {"bone": self.bone.resolved(self.patient.sex, self.patient.age_years)}
        for key, parts in (("lesions", self.lesions), ("arms", self.arms), ("loads", self.loads)):
            pairs = zip(parts, names(parts), strict=True)
            changes[key] = tuple(part.model_copy(update={"name": name}) for part, name in pairs)
        changes["analysis"] = self.analysis.resolved(self.bone.anatomy)
        changes["scores"] = USUAL_SCORES[self.bone.anatomy] if self.scores is None else self.scores
        return self.model_copy(update=changes)


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
    """Read and check a case file; files it names are looked up beside it.

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
    files = {key: Path(folder) / file for key, file in case.bone if isinstance(file, Path)}
    return case.model_copy(update={"bone": case.bone.model_copy(update=files)}) if files else case


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
