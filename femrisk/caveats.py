"""What a reader must know before using the numbers: finished results in, plain sentences out.

A sentence is written only where the results at hand call for it, and carries their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from femrisk.heightcaveats import of_height

#: one ``result.json``
Result = Mapping[str, object]

#: Statuses whose load is a fracture load.
RATED = ("collapsed", "plateau", "bracketed")
#: Share of the plastic work under a contact above which a ratio would compare contacts, not bones.
CONTACT_SHARE_LIMIT = 0.30
#: Fracture loads closer than this share are the same: what one femur meshed twice may differ by.
MESH_NOISE_SHARE = 0.005


def number(result: Result, key: str) -> float | None:
    """The finite number under a key; None where there is none."""
    value = result.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)


def fracture_load(result: Result) -> float | None:
    """The fracture load in N if the status allows one; None otherwise."""
    load = number(result, "fracture_load_N")
    return load if result["status"] in RATED and load is not None and load > 0 else None


def under_contact(result: Result) -> bool:
    """True where so much plastic work lies under a contact that a ratio is withheld."""
    return (number(result, "contact_share_of_plastic_work") or 0.0) > CONTACT_SHARE_LIMIT


def caveats(
    results: Sequence[Result], arm_kinds: Mapping[str, str], load_kinds: Mapping[str, str], mesh_noise_share: float
) -> tuple[str, ...]:
    """The sentences that these results call for, the general ones first."""
    sentences = [
        *_model(results, arm_kinds, load_kinds, mesh_noise_share),
        *of_height(results, arm_kinds),
        *_leaks(results),
        *_linear(results),
        *_damage(results),
        *_shell(results),
        *_statuses(results),
        *_contacts(results),
        *_clamped(results),
        *_order(results, arm_kinds, mesh_noise_share),
        *_missing(results, arm_kinds, load_kinds),
    ]
    return tuple(sentences)


def _model(
    results: Sequence[Result], arm_kinds: Mapping[str, str], load_kinds: Mapping[str, str], mesh_noise_share: float
) -> list[str]:
    kinds = {arm_kinds.get(str(result["arm"]), str(result["arm"])) for result in results}
    loads = {load_kinds.get(str(result["load"]), str(result["load"])) for result in results}
    sentences = ["A research result, not a medical device: no patient should be treated on these numbers alone."]
    if any(result.get("interfaces") == "weak" for result in results) and kinds - {"intact", "untreated"}:
        sentences.append(
            "Cement comes off the bone at an assumed strength, the smooth parts of a nail slide and gap, and all is "
            "without friction: the strength of a treated bone is underrated by that. Threads are bonded."
        )
    elif kinds - {"intact", "untreated"}:
        sentences.append(
            "Cement and metal are bonded to the bone and to each other without slip or gap: "
            "the strength of a treated bone is an upper bound."
        )
    if "sideways_fall" in loads:
        sentences.append(
            "The density of the greater trochanter and the pad under it decide the load of a sideways fall "
            "more than lesion or treatment do; the force a fall asks for is an estimate from height and mass."
        )
    if any("screws" in kind or "nail" in kind for kind in kinds):
        sentences.append(
            "Screws and nails have meshes of their own: arms whose loads differ by less than "
            f"{100 * mesh_noise_share:.2g} % (the mesh noise) are equal."
        )
    if kinds & {"pedicle_screws", "pvp_screws"}:
        sentences.append(
            "Pedicle screws have neither heads nor rods: they stiffen their own vertebra and carry no load past it."
        )
    return sentences


def _leaks(results: Sequence[Result]) -> list[str]:
    """Where cement may leak, each place once."""
    places = {str(result["arm"]): str(result["cement_leak"]) for result in results if result.get("cement_leak")}
    sentences = [
        f"Cement may leak ({', '.join(arm for arm in places if places[arm] == place)}): {place}."
        for place in dict.fromkeys(places.values())
    ]
    potted = {str(result["arm"]) for result in results if result.get("potted_endplates")}
    bridging = [
        arm
        for arm, place in places.items()
        if arm in potted and all(f"{end} endplate" in place for end in ("superior", "inferior"))
    ]
    if bridging:
        sentences.append(
            f"Cement reaches from endplate to endplate ({', '.join(bridging)}), where the resin of the test holds the "
            "bone so that it cannot fail: it bears load as a column would, and the strength is an upper bound."
        )
    return sentences


def _linear(results: Sequence[Result]) -> list[str]:
    ratios, spreads = [], []
    for result in results:
        linear, load = number(result, "linear_fracture_load_N"), fracture_load(result)
        if linear is not None and load is not None and result.get("model") != "linear":
            ratios.append(linear / load)
        band = result.get("linear_fracture_load_band_N")
        if linear is not None and linear > 0 and isinstance(band, Mapping):
            values = [value for value in (number(band, key) for key in band) if value is not None]
            if values:
                spreads.append((max(values) - min(values)) / linear)
    sentences = []
    if ratios:
        sentences.append(
            f"The linear strain criterion gives {min(ratios):.2f} to {max(ratios):.2f} times the load of the nonlinear "
            "model: the choice of criterion is part of the uncertainty."
        )
    if spreads:
        sentences.append(
            f"The linear load moves by up to {100 * max(spreads):.0f} % with the volume over which strain is averaged "
            "(10 to 250 mm3)."
        )
    return sentences


def _damage(results: Sequence[Result]) -> list[str]:
    """What of the damage model is measured, what is assumed, and how far its steps are from their limit."""
    cracked = [result for result in results if result.get("model") == "damage"]
    if not cracked:
        return []
    sentences = [
        "Damage model: the strains at which bone begins to fail are measured (0.73 % in tension, 1.04 % in "
        "compression), the plateau after them and the fracture energy are assumed."
    ]
    errors = [error for error in (number(result, "step_error_share") for result in cracked) if error is not None]
    left = [share for share in (number(result, "unbalanced_work_share") for result in cracked) if share is not None]
    if errors:
        sentences.append(
            "Its steps are not iterated to equilibrium: a march with half the step changes the load by up to "
            f"{100 * max(errors):.1f} % (the load is the limit of both)"
            + (f", and up to {100 * max(left):.1f} % of the work is out of balance at the peak." if left else ".")
        )
    clipped = [share for share in (number(result, "clipped_share") for result in cracked) if share is not None]
    if clipped and max(clipped) > 0.01:
        sentences.append(
            f"Up to {100 * max(clipped):.0f} % of the bone's volume has elements too large for its fracture energy: "
            "there cracks take more than they should; a finer mesh mends it."
        )
    if pairs := _pairs(cracked, "bracketed"):
        sentences.append(
            "The two steps differ by more than 3 %, or equilibrium was lost close to the peak, so the load lies "
            f"between two bounds: {pairs}."
        )
    return sentences


def _shell(results: Sequence[Result]) -> list[str]:
    """A shell holds in what it encloses, and von Mises flow presses against it where real bone is crushed."""
    told = [result.get("shell_load_share") for result in results if result.get("model") != "linear"]
    shares = [share for one in told if isinstance(one, Mapping) and (share := number(one, "at_peak")) is not None]
    if not shares:
        return []
    carries = (
        f"The shell of the body carries up to {100 * max(shares):.0f} % of the load at mid-height; its strength is "
    )
    if all(result.get("model") == "crushable_foam" for result in results):
        return [carries + "assumed."]
    return [
        carries + "assumed, and it holds in the bone inside, which in this model flows without losing volume where "
        "real bone is crushed: the loads are likely too high."
    ]


def _pairs(results: Sequence[Result], status: str) -> str:
    return ", ".join(f"{result['arm']} / {result['load']}" for result in results if result["status"] == status)


def _statuses(results: Sequence[Result]) -> list[str]:
    sentences = []
    if pairs := _pairs(results, "limit_reached"):
        sentences.append(f"Still rising when the march ended, so the load is 'at least', without a ratio: {pairs}.")
    if pairs := _pairs(results, "stuck"):
        sentences.append(f"No equilibrium was found far from a peak, so there is no fracture load: {pairs}.")
    if pairs := _pairs(results, "plateau"):
        sentences.append(
            f"No peak: the force stopped rising (tangent below 2 % of elastic) and that load counts: {pairs}."
        )
    if any(number(result, "load_at_strain_N") is not None for result in results):
        sentences.append(
            "Bone keeps its strength in this model of a vertebra, so that its force may rise for ever: the force at "
            "1.9 % apparent strain of the body's height is its strength by a published definition (Wang 2012)."
        )
    if any(result.get("model") == "linear" for result in results):
        sentences.append(
            "The linear model has no peak: the load is that of the strain criterion over 100 mm3, "
            "between those over 10 and 250 mm3."
        )
    if pairs := _pairs([one for one in results if one.get("model") not in ("linear", "damage")], "bracketed"):
        sentences.append(f"Equilibrium was lost close to the peak; the load lies between the two bounds: {pairs}.")
    return sentences


def _contacts(results: Sequence[Result]) -> list[str]:
    shares = [
        f"{result['arm']} / {result['load']} ({100 * (number(result, 'contact_share_of_plastic_work') or 0):.0f} %)"
        for result in results
        if under_contact(result)
    ]
    if not shares:
        return []
    return [
        f"Ratios withheld where more than {100 * CONTACT_SHARE_LIMIT:.0f} % of the plastic work lies under a contact: "
        f"{', '.join(shares)}."
    ]


def _clamped(results: Sequence[Result]) -> list[str]:
    """A shaft that breaks where the machine holds it is a matter of the test, not of the lesion."""
    broken = [
        f"{result['arm']} / {result['load']}"
        for result in results
        if result.get("failure_beside_pot") is True and fracture_load(result) is not None
    ]
    if not broken:
        return []
    return [
        "Broke in the shaft beside the pot, where the machine bends it: the bone above carries at least this load, and "
        f"ratios to it are upper bounds: {', '.join(broken)}."
    ]


def _order(results: Sequence[Result], arm_kinds: Mapping[str, str], mesh_noise_share: float) -> list[str]:
    """An untreated bone stronger than the intact one is a fault of the model, and is said."""
    loads: dict[tuple[str, str], float] = {}
    for result in results:
        if (load := fracture_load(result)) is not None:
            arm = str(result["arm"])
            loads.setdefault((arm_kinds.get(arm, arm), str(result["load"])), load)
    return [
        f"The untreated bone came out stronger than the intact one in {load} ({untreated / intact:.3f}): "
        "unless the lesion is stiffer than the bone it replaces, mistrust both."
        for (kind, load), untreated in loads.items()
        if kind == "untreated"
        and (intact := loads.get(("intact", load))) is not None
        and untreated > intact * (1 + mesh_noise_share)
    ]


def _missing(results: Sequence[Result], arm_kinds: Mapping[str, str], load_kinds: Mapping[str, str]) -> list[str]:
    done = {(result["arm"], result["load"]) for result in results}
    missing = [f"{arm} / {load}" for arm in arm_kinds for load in load_kinds if (arm, load) not in done]
    return [f"Not computed: {', '.join(missing)}."] if missing else []
