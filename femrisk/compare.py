"""The answer of a case: finished results, scores and the patient in, one ``Comparison`` out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from femrisk.caveats import MESH_NOISE_SHARE, RATED, Result, caveats, fracture_load, number, under_contact
from femrisk.comparison import BODY_KEYS, HEIGHT_KEYS, Comparison, Row
from femrisk.demand import BOS_THRESHOLD_BW, Demand, body_weights, demand, factor_of_risk
from femrisk.patient import Patient
from femrisk.scores import Score
from femrisk.scores.strength import vertebral_strength


def compare(
    case: str,
    version: str,
    patient: Patient,
    results: Sequence[Result],
    scores: Mapping[str, Score],
    arm_kinds: Mapping[str, str],
    load_kinds: Mapping[str, str],
    mesh_noise_share: float = MESH_NOISE_SHARE,
    notes: Sequence[str] = (),
) -> Comparison:
    """Set finished pairs side by side.

    Args:
        case: name of the case.
        version: version of femrisk.
        patient: gives body weight and what each load asks for.
        results: the ``result.json`` of every finished pair, in the order of the case.
        scores: clinical scores by name.
        arm_kinds: kind of each arm of the case by its name; an arm that is not listed is named by its kind.
        load_kinds: the same for loads.
        mesh_noise_share: relative difference of fracture loads below which two arms are equal.
        notes: further caveats, e.g. of the bone, put after those of the results.
    """
    demands = {load: demand(kind, patient) for load, kind in load_kinds.items()}
    demands |= {load: demand(load, patient) for load in (str(one["load"]) for one in results) if load not in demands}
    known = {load: one for load, one in demands.items() if one is not None}
    rows = tuple(_row(result, results, arm_kinds, known, patient) for result in results)
    withheld = frozenset((str(one["arm"]), str(one["load"])) for one in results if under_contact(one))
    strengths = (
        _bone_strength(rows, arm_kinds, load_kinds),
        _vertebral_strength(rows, arm_kinds, load_kinds, patient.sex),
    )
    return Comparison(
        case=case,
        version=version,
        rows=rows,
        scores={**scores, **{one.name: one for one in strengths if one is not None}},
        ranking={
            load: _ranking(
                [row for row in rows if row.load == load and (row.arm, load) not in withheld], mesh_noise_share
            )
            for load in dict.fromkeys(row.load for row in rows)
        },
        demands=known,
        caveats=(*caveats(results, arm_kinds, load_kinds, mesh_noise_share), *notes),
        arm_kinds=dict(arm_kinds),
        withheld=withheld,
    )


def _row(
    result: Result,
    results: Sequence[Result],
    arm_kinds: Mapping[str, str],
    demands: Mapping[str, Demand],
    patient: Patient,
) -> Row:
    load, rated = str(result["load"]), fracture_load(result)
    stuck = result["status"] == "stuck"
    strength = None if stuck else number(result, "fracture_load_N")
    region = result.get("failure_region")
    return Row(
        arm=str(result["arm"]),
        load=load,
        status=str(result["status"]),
        fracture_load_N=strength,
        fracture_load_bracket_N=_bracket(result),
        fracture_load_BW=None if strength is None else body_weights(strength, patient),
        ratio_to_intact=_ratio("intact", result, results, arm_kinds),
        ratio_to_untreated=_ratio("untreated", result, results, arm_kinds),
        load_at_strain_N=None if stuck else number(result, "load_at_strain_N"),
        load_at_strain_ratio_to_intact=_ratio("intact", result, results, arm_kinds, load_at_strain),
        stiffness_N_per_mm=number(result, "stiffness_N_per_mm"),
        energy_to_peak_J=None if stuck else number(result, "energy_to_peak_J"),
        factor_of_risk=factor_of_risk(demands[load].force_N, rated) if rated and load in demands else None,
        linear_fracture_load_N=number(result, "linear_fracture_load_N"),
        failure_region=str(region) if region and not stuck else None,
        failure_centroid_mm=None if stuck else _numbers(result.get("failure_centroid_mm"), 3),
        cement_volume_ml=number(result, "cement_volume_ml"),
        implant_peak_von_mises_MPa=number(result, "implant_peak_von_mises_MPa"),
        **{key: number(result, key) for key in (*HEIGHT_KEYS, *BODY_KEYS)},
    )


def load_at_strain(result: Result) -> float | None:
    """Strength as the force at an apparent strain, N."""
    return None if result["status"] == "stuck" else number(result, "load_at_strain_N")


def _ratio(
    kind: str,
    result: Result,
    results: Sequence[Result],
    arm_kinds: Mapping[str, str],
    load: Callable[[Result], float | None] = fracture_load,
) -> float | None:
    """Its ``load`` over that of the first arm of a kind under the same load; None where either cannot be compared."""
    references = (
        one
        for one in results
        if one["load"] == result["load"] and arm_kinds.get(str(one["arm"]), str(one["arm"])) == kind
    )
    reference = next(references, None)
    if reference is None or under_contact(result) or under_contact(reference):
        return None
    strength, of_reference = load(result), load(reference)
    return strength / of_reference if strength is not None and of_reference is not None else None


def _numbers(value: object, count: int) -> tuple[float, ...] | None:
    if not isinstance(value, list | tuple) or len(value) != count:
        return None
    numbers = [number({"": item}, "") for item in value]
    known = tuple(item for item in numbers if item is not None)
    return known if len(known) == count else None


def _bracket(result: Result) -> tuple[float, float] | None:
    bounds = _numbers(result.get("fracture_load_bracket_N"), 2)
    return (bounds[0], bounds[1]) if bounds and result["status"] != "stuck" else None


def _ranking(rows: Sequence[Row], mesh_noise_share: float) -> tuple[tuple[str, ...], ...]:
    """Arms with a fracture load, strongest first; an arm is grouped with a stronger one whose range it touches."""
    ranges: list[tuple[float, float, str]] = []
    for row in rows:
        if row.status in RATED and row.fracture_load_N:
            low, high = row.fracture_load_bracket_N or (row.fracture_load_N, row.fracture_load_N)
            ranges.append((low * (1 - mesh_noise_share / 2), high * (1 + mesh_noise_share / 2), row.arm))
    groups: list[list[str]] = []
    lowest = float("inf")
    for low, high, arm in sorted(ranges, key=lambda one: (-one[1], one[2])):
        if groups and high >= lowest:
            groups[-1].append(arm)
        else:
            groups.append([arm])
            lowest = low
    return tuple(tuple(group) for group in groups)


def _bone_strength(rows: Sequence[Row], arm_kinds: Mapping[str, str], load_kinds: Mapping[str, str]) -> Score | None:
    """The BOS score: strength of the untreated bone in stance as a multiple of body weight."""
    stance = [row for row in rows if load_kinds.get(row.load, row.load) == "stance" and row.fracture_load_BW]
    untreated = next((row for row in stance if arm_kinds.get(row.arm, row.arm) == "untreated"), None)
    if untreated is None or untreated.fracture_load_BW is None:
        return None
    value, lower_bound = untreated.fracture_load_BW, untreated.status not in RATED
    if value >= BOS_THRESHOLD_BW:
        band = f"not below {BOS_THRESHOLD_BW} times body weight"
    else:
        band = (
            "not known: the load is a lower bound"
            if lower_bound
            else f"below {BOS_THRESHOLD_BW} times body weight: high risk"
        )
    return Score(
        name="bos",
        value=value,
        items={
            "arm": untreated.arm,
            "load": untreated.load,
            "threshold_BW": BOS_THRESHOLD_BW,
            "values": {row.arm: row.fracture_load_BW for row in stance if row.load == untreated.load},
            "unit": "x body weight",
        },
        band=("at least; " if lower_bound else "") + band,
        advice="The threshold is recalled and belongs to its authors' own model and calibrated CT: read it as a scale.",
        source="BOS score, Eggermont 2020 (threshold recalled, to be checked)",
    )


def _vertebral_strength(
    rows: Sequence[Row], arm_kinds: Mapping[str, str], load_kinds: Mapping[str, str], sex: str
) -> Score | None:
    """Strength of the untreated vertebra in axial compression against the limits of its population."""
    pressed = [
        (row, strength)
        for row in rows
        if load_kinds.get(row.load, row.load) == "axial_compression"
        and (strength := row.load_at_strain_N or row.fracture_load_N)
    ]
    chosen = next((one for one in pressed if arm_kinds.get(one[0].arm, one[0].arm) == "untreated"), None)
    if chosen is None:
        return None
    untreated, strength = chosen
    return vertebral_strength(
        sex,
        strength,
        at_least=untreated.load_at_strain_N is None and untreated.status not in RATED,
        arm=untreated.arm,
        load=untreated.load,
        values={row.arm: value for row, value in pressed if row.load == untreated.load},
    )
