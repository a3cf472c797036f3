"""A skin too thin to be meshed: facets, a thickness and a material in, a layer in plane stress out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from femrisk.materials.curve import YieldCurve
from femrisk.meshes.facets import Facets
from femrisk.meshes.labelled import Floats


@dataclass(frozen=True)
class Skin:
    """A layer on facets of a mesh; it adds to what the cells beneath it carry, and takes no room from them."""

    facets: Facets
    #: (f, 3) mm at the Gauss points of ``TRIANGLE_BARYCENTRIC``
    thickness: Floats
    #: arrays of (f, 3)
    curve: YieldCurve

    def take(self, wanted: NDArray[np.bool_]) -> Skin:
        """The skin of some facets (f,), such as those no lesion has eaten."""
        rows = np.flatnonzero(wanted)
        return replace(
            self, facets=self.facets.take(wanted), thickness=self.thickness[rows], curve=self.curve.take(rows)
        )


def skin(
    facets: Facets, thickness: float | Floats, young: float | Floats, poisson: float, strength: float | Floats = np.inf
) -> Skin:
    """A skin that is elastic and ideally plastic.

    Args:
        facets: where it is.
        thickness: mm; one number, one per facet (f,), or one per Gauss point (f, 3). So are the next two.
        young: modulus, MPa; where the layer takes the place of cells that are there all the same, less theirs.
        poisson: Poisson's ratio.
        strength: yield stress, MPa; infinite for an elastic skin.
    """
    shape = (len(facets.cells), 3)

    def spread(values: float | Floats) -> Floats:
        given = np.asarray(values, dtype=float)
        return np.array(np.broadcast_to(given[:, None] if given.ndim == 1 else given, shape))

    yields = spread(strength)
    curve = YieldCurve(
        young=spread(young),
        poisson=spread(poisson),
        strength=yields,
        plateau=np.full(shape, np.inf),
        softening=np.zeros(shape),
        residual=yields,
    )
    return Skin(facets, spread(thickness), curve)
