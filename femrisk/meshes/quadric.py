"""Points in an ellipse's or ellipsoid's own frame in, true signed distances to it out."""

from __future__ import annotations

import numpy as np

from femrisk.meshes.labelled import Floats


def quadric_distance(local: Floats, radii: Floats) -> Floats:
    """Signed distance to an ellipse (d = 2) or ellipsoid (d = 3) from points in its principal frame.

    The foot of a point y on radii e is e^2 y / (t + e^2), with t the largest root of sum (e y / (t + e^2))^2 = 1.
    Newton climbs to it from the left without overshoot, since the sum is convex and falls there (Eberly 2011).

    Args:
        local: (n, d) mm, coordinates along the principal axes.
        radii: (n, d) mm, semi-axes for each point.

    Returns:
        (n,) mm, negative inside.
    """
    y = np.maximum(np.abs(local), 1e-7)
    square = np.asarray(radii) ** 2
    weighted = y * radii
    t = np.max(weighted - square, axis=1)
    for _ in range(60):
        denominator = t[:, None] + square
        ratio = (weighted / denominator) ** 2
        excess = ratio.sum(axis=1) - 1
        step = excess / (2 * (ratio / denominator).sum(axis=1))
        t = t + step
        if np.abs(step).max(initial=0) <= 1e-9 * square.max(initial=1):
            break
    foot = square * y / (t[:, None] + square)
    return np.asarray(np.copysign(np.linalg.norm(y - foot, axis=1), t))
