"""What a reader must know of a body that lost height and of what got it back: finished results in, sentences out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: one ``result.json``
Result = Mapping[str, object]

#: where a body of each kind of collapse has lost most
PLACES = {"wedge": "in front", "biconcave": "in the middle", "crush": "everywhere"}


def of_height(results: Sequence[Result], arm_kinds: Mapping[str, str]) -> list[str]:
    """Sentences on collapse and regained height that these results call for."""
    return [*_collapsed(results), *_regained(results), *_balloons(results, arm_kinds)]


def _collapsed(results: Sequence[Result]) -> list[str]:
    found = next((one for one in (result.get("collapse") for result in results) if isinstance(one, Mapping)), None)
    if found is None:
        return []
    return [
        f"The body has lost {100 * float(found['height_loss_share']):.0f} % of its height {PLACES[found['kind']]} "
        f"({found['kind']}), in the arm intact too. Its bone is taken to be as good as before: what broke in it, and "
        "how the loss tilts the spine above, are not modelled, so that loads of the collapsed body are upper bounds."
    ]


def _regained(results: Sequence[Result]) -> list[str]:
    """Arms that give height back, each once."""
    gained = {
        str(result["arm"]): f"{result['height_regained_mm']:.1f} mm, {100 * share:.0f} % of what it had lost"
        for result in results
        if isinstance(share := result.get("height_regained_share"), float) and share > 0
    }
    if not gained:
        return []
    return [
        f"The body gets height back ({'; '.join(f'{arm}: {words}' for arm, words in gained.items())}): crushed bone is "
        "stretched to where it was, and is as good there as bone that never broke."
    ]


def _balloons(results: Sequence[Result], arm_kinds: Mapping[str, str]) -> list[str]:
    """What balloons leave as it was."""
    arms = [result for result in results if arm_kinds.get(str(result["arm"]), str(result["arm"])) == "bkp"]
    if not arms:
        return []
    leave = "The balloons of a kyphoplasty leave the bone around them as dense"
    if all(result.get("height_regained_mm") is None for result in arms):
        return [f"{leave} and the body as high as it was."]
    low = dict.fromkeys(str(result["arm"]) for result in arms if not result.get("height_regained_mm"))
    return [f"{leave} as it was" + (f"; {', '.join(low)} gives no height back." if low else ".")]
