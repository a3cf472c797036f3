"""None yet."""

from pathlib import Path
from typing import Any

from femrisk.sweep.sweepfile import Sweep


def draw(own: Any, sweep: Sweep, folder: Path) -> tuple[Path, ...]:
    """None yet."""
    return ()
