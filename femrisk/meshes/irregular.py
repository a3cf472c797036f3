"""Centre, radius, roughness and seed in, a smooth star-shaped body out, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femrisk.meshes.labelled import Floats

#: plane waves over the sphere of directions, and their wave numbers: bumps of about a third of the circumference
WAVES = 24
WAVE_NUMBERS = (1.5, 4.0)


@dataclass(frozen=True, eq=False)
class StarBody:
    """All points nearer to ``center`` than a radius that varies smoothly with the direction.

    The logarithm of the radius is a sum of plane waves in the unit direction u: log r(u) = a + b sum cos(w_i u + p_i).
    """

    #: (3,) mm
    center: Floats
    #: e^a, mm
    radius: float
    #: b
    amplitude: float
    #: (k, 3) w
    waves: Floats
    #: (k,) p, radians
    phases: Floats

    def radii(self, directions: Floats) -> Floats:
        """(n,) mm in unit directions (n, 3)."""
        return np.asarray(self.radius * np.exp(self.amplitude * np.cos(directions @ self.waves.T + self.phases).sum(1)))

    @property
    def smallest_radius(self) -> float:
        """Smallest radius over all directions, mm."""
        return float(self.radii(even_directions()).min())

    def distance(self, points: Floats) -> Floats:
        """(n, 3) mm -> (n,) mm: (|p| - r) / sqrt(1 + (slope of r)^2), a distance to first order near the surface."""
        relative = points - self.center
        length = np.linalg.norm(relative, axis=1)
        directions = relative / np.maximum(length, 1e-9)[:, None]
        phase = directions @ self.waves.T + self.phases
        radii = self.radius * np.exp(self.amplitude * np.cos(phase).sum(axis=1))
        slope = -self.amplitude * np.sin(phase) @ self.waves
        across = slope - directions * np.sum(slope * directions, axis=1)[:, None]
        # r d(log r): change of the radius per change of direction; per mm it is divided by the length
        steep = radii * np.linalg.norm(across, axis=1) / np.maximum(length, radii)
        return np.asarray((length - radii) / np.sqrt(1 + steep**2))

    def bounds(self) -> Floats:
        """(2, 3) mm, found over 20 000 directions and widened by 1 %."""
        directions = even_directions()
        reach = self.radii(directions)[:, None] * directions
        return np.array([self.center + 1.01 * reach.min(axis=0), self.center + 1.01 * reach.max(axis=0)])


def irregular_body(center: Floats, radius_mm: float, roughness: float, seed: int) -> StarBody:
    """A seeded body with the volume of a ball of ``radius_mm``.

    Args:
        center: (3,) mm.
        radius_mm: radius of the ball of the same volume.
        roughness: root mean square deviation of log radius over all directions (0: a ball).
        seed: which body.
    """
    random = np.random.default_rng(seed)
    directions = random.normal(size=(WAVES, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    waves = directions * random.uniform(*WAVE_NUMBERS, size=WAVES)[:, None]
    phases = random.uniform(0, 2 * np.pi, size=WAVES)
    raw = StarBody(np.asarray(center, float), 1.0, 1.0, waves, phases)
    spread = float(np.std(np.log(raw.radii(even_directions()))))
    shaped = StarBody(raw.center, 1.0, roughness / spread, waves, phases)
    volume = float(np.mean(shaped.radii(even_directions()) ** 3))
    return StarBody(raw.center, radius_mm / volume ** (1 / 3), roughness / spread, waves, phases)


def even_directions(count: int = 20_000) -> Floats:
    """(n, 3) unit vectors spread evenly (Fibonacci lattice)."""
    index = np.arange(count) + 0.5
    z = 1 - 2 * index / count
    azimuth = np.pi * (1 + 5**0.5) * index
    ring = np.sqrt(1 - z**2)
    return np.stack([ring * np.cos(azimuth), ring * np.sin(azimuth), z], axis=1)
