"""Laws and materials of the code in, rows of the tables on physics out, so that the page cannot say another constant.

`<!-- density laws -->` and `<!-- materials -->` in a page stand for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from femrisk.materials.density import LAWS, Power
from femrisk.materials.library import MATERIALS, HostTissue, Material

#: what a law is stated in, as a symbol
STATED = {"ash": "ash", "apparent": "apparent", "qct": "K2HPO4"}


def laws() -> str:
    """One row for each density law."""
    rows = []
    for law in LAWS.values():
        cells = (f"`{law.name}`", law.bone.replace("_", " "), STATED[law.stated_in])
        cells += (pieces(law.modulus_pieces), pieces(law.strength_pieces), law.source)
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def pieces(powers: tuple[Power, ...]) -> str:
    """A law piece by piece, each with the density it is used up to."""
    texts = []
    for power in powers:
        exponent = "" if power.b == 1 else f"^{{{power.b:g}}}"
        constant = "" if power.c == 0 else f" {'+' if power.c > 0 else '-'} {abs(power.c):.4g}"
        upto = "" if np.isinf(power.upto) else f" (up to {power.upto:g})"
        texts.append(f"${power.a:.5g}\\,\\rho{exponent}{constant}${upto}")
    return "; ".join(texts)


def materials() -> str:
    """One row for each material and tumour tissue."""
    rows = ["| name | modulus, MPa | Poisson's ratio | yields at, MPa | source |", "|---|---|---|---|---|"]
    rows += [row(material) for material in MATERIALS.values()]
    return "\n".join(rows)


def row(material: Material | HostTissue) -> str:
    """One material."""
    if isinstance(material, HostTissue):
        share = f"{material.share:g} of its host's"
        return f"| `{material.name}` | {share} | its host's | {share} | {material.source} |"
    strength = "-" if material.strength_MPa is None else f"{material.strength_MPa:g}"
    return f"| `{material.name}` | {material.young_MPa:g} | {material.poisson:g} | {strength} | {material.source} |"


def setup(app: Any) -> dict[str, bool]:
    """Sphinx asks for this."""

    def read(app: Any, name: str, source: list[str]) -> None:
        for mark, made in (("<!-- density laws -->", laws), ("<!-- materials -->", materials)):
            if mark in source[0]:
                source[0] = source[0].replace(mark, made())

    app.connect("source-read", read)
    return {"parallel_read_safe": True}
