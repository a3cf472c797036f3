"""What stands in the page's controls in, the ``Choice`` they mean out; and what the controls may be set to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from femrisk.output.stresscut import ROLES
from femrisk.report.reading import headed, named
from femrisk.viewer.choice import CLIPS, Choice, Plane, fitted, step_at_peak, timeline, usual_plane
from femrisk.viewer.fields import BY_KEY, present, range_of
from femrisk.viewer.shown import Gallery, Shown
from femrisk.viewer.study import Still

#: Directions from which a bone is seen by a button; what lies at both ends of x is called otherwise in a vertebra.
VIEWS = {
    "usual": None,
    "front": (0.0, 1.0, 0.0),
    "back": (0.0, -1.0, 0.0),
    "medial": (1.0, 0.0, 0.0),
    "lateral": (-1.0, 0.0, 0.0),
    "top": (0.0, 0.0, 1.0),
}
IN_VERTEBRA = {"medial": "right", "lateral": "left"}
#: What the controls hold at first.
CONTROLS: dict[str, Any] = {
    "load": "", "arm": "", "beside": "", "field": "von_mises", "step": 0, "clip": "coronal", "clip_mm": 0.0,
    "flip": False, "handle": False, "limited": False, "low": 0.0, "high": 1.0, "shown_roles": list(ROLES),
    "scale": "auto", "scale_low": 0.0, "scale_high": 100.0, "deformation": 1.0,
}  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """A choice, and the controls it was made from."""

    choice: Choice
    controls: Mapping[str, Any]

    def changed(self, controls: Mapping[str, Any], *names: str) -> bool:
        """Whether any of these controls holds something else now."""
        return any(self.controls.get(name) != controls.get(name) for name in names)


def views_of(still: Still) -> dict[str, tuple[float, float, float] | None]:
    """Directions by the names of their buttons."""
    return {IN_VERTEBRA.get(name, name) if still.is_vertebra else name: way for name, way in VIEWS.items()}


def number_of(value: Any, otherwise: float) -> float:
    """A number from a control, which may hold an empty text."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return otherwise
    return found if np.isfinite(found) else otherwise


def wished(last: Wish, controls: Mapping[str, Any], gallery: Gallery) -> Choice:
    """The choice that the controls mean, after the last one."""
    study, old = gallery.study, last.choice
    arms = tuple(arm for arm in (str(controls["arm"]), str(controls["beside"])) if arm)
    step = int(number_of(controls["step"], 0)) if last.changed(controls, "step") else old.step
    moved = fitted(replace(old, load=str(controls["load"]), arms=arms, step=step), study)
    field = str(controls["field"])
    low, high = (number_of(controls[name], 0.0) for name in ("low", "high"))
    limited = bool(controls["limited"]) and field == old.field and BY_KEY[field].kind != "names"
    roles = tuple(role for role in ROLES if role in controls["shown_roles"])
    choice = replace(
        moved,
        field=field,
        deformation=min(max(number_of(controls["deformation"], old.deformation), 0.0), 1000.0),
        threshold=(low, high) if limited and not last.changed(controls, "limited") else None,
        roles=roles,
        scale=str(controls["scale"]),
        ends=(number_of(controls["scale_low"], 0.0), number_of(controls["scale_high"], 1.0)),
    )
    return clipped(last, controls, gallery, choice)


def clipped(last: Wish, controls: Mapping[str, Any], gallery: Gallery, choice: Choice) -> Choice:
    """The same choice with the plane that the controls mean."""
    clip, plane = str(controls["clip"]), choice.plane
    if last.changed(controls, "clip") and clip in CLIPS[:3]:
        plane = usual_plane(gallery.still(choice.arms[0], choice.load), clip)
        plane = plane.flipped() if controls["flip"] else plane
    elif last.changed(controls, "flip"):
        plane = plane.flipped()
    elif last.changed(controls, "clip_mm"):
        # the position is told along the direction in which the first side lies
        plane = plane.moved_to(number_of(controls["clip_mm"], 0.0) * (-1 if controls["flip"] else 1))
    return replace(choice, clip=clip, plane=plane)


def controls_of(choice: Choice, pictures: tuple[Shown, ...], gallery: Gallery) -> dict[str, Any]:
    """What the controls hold, and may hold, where this is shown."""
    study = gallery.study
    marches = [one.march for one in pictures]
    flip = bool(np.dot(choice.plane.normal, _usual(gallery, choice).normal) < 0)
    side = -1.0 if flip else 1.0
    heights = Plane((0.0, 0.0, 0.0), choice.plane.normal).height(pictures[0].points) * side
    return {
        "load": choice.load,
        "arm": choice.arms[0],
        "beside": choice.arms[1] if len(choice.arms) > 1 else "",
        "loads": [{"value": name, "text": headed(name)} for name in study.loads],
        "arms": [{"value": name, "text": headed(name)} for name in study.arms(choice.load)],
        "fields": [{"value": one.key, "text": one.label} for one in present(pictures[0].state.fields)],
        "step": step_at_peak(marches) if choice.step is None else choice.step,
        "steps": len(timeline(marches)),
        "at_peak": choice.step is None,
        "clip_mm": round(side * choice.plane.position, 2),
        "clip_low": float(np.floor(heights.min())),
        "clip_high": float(np.ceil(heights.max())),
        "limits_ready": BY_KEY[choice.field].kind != "names",
        "clip": choice.clip,
        "flip": flip,
    }


def limits_of(pictures: tuple[Shown, ...], roles: tuple[str, ...]) -> tuple[float, float]:
    """Lowest and highest value that a threshold may leave."""
    some = [ROLES.index(role) for role in roles]
    found = [range_of(one.values, np.isin(one.still.role, some)) for one in pictures]
    known = [pair for pair in found if np.all(np.isfinite(pair))]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else (0.0, 1.0)


def named_study(gallery: Gallery) -> str:
    """What the page is headed by."""
    return named(gallery.study.folder.path.resolve().name)


def _usual(gallery: Gallery, choice: Choice) -> Plane:
    still = gallery.still(choice.arms[0], choice.load)
    return usual_plane(still, choice.clip if choice.clip in CLIPS[:3] else "coronal")
