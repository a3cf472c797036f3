"""Published measures of thoracolumbar vertebrae: a level and a sex in, means of adults, mm and deg, out.

Width, depth and height of body, canal and pedicle from Panjabi 1991/1992 [recalled-H],
pedicle width and height [recalled-M], angle from Zindrick [recalled-H], span of the transverse processes [recalled-M]:

| | T12 | L1 | L2 | L3 | L4 | L5 |
|---|---|---|---|---|---|---|
| superior endplate, width and depth | 39.0 32.8 | 41.2 34.1 | 42.6 34.6 | 44.1 35.2 | 46.6 35.5 | 47.3 34.7 |
| inferior endplate, width and depth | 42.1 33.4 | 43.3 35.3 | 45.5 34.9 | 48.0 34.8 | 49.5 33.9 | 49.4 33.2 |
| posterior height | 22.7 | 23.8 | 24.3 | 23.8 | 24.1 | 22.9 |
| canal, width and depth | 22.2 18.1 | 23.7 19.0 | 23.8 18.2 | 24.3 17.5 | 25.4 18.6 | 27.1 19.7 |
| pedicle, width and height | 8.4 16.7 | 8.9 15.8 | 8.6 15.0 | 10.3 14.3 | 13.8 15.5 | 19.3 18.3 |
| pedicle angle | -4 | 11 | 12 | 14 | 18 | 30 |
| transverse span | 47 | 71 | 76 | 86 | 79 | 92 |
| wedge, women and men | 3.5 4.9 | 2.6 4.1 | 0.7 2.6 | -1.1 1.3 | -4.5 -1.7 | -7.8 -4.6 |

Wedge (anterior wall lower) from Masharawi, n = 240 [seen], that of L4 half way between its neighbours. T10 and T11 are
T12 by scale (0.89 and 0.94, their posterior heights over that of T12 [recalled-M]) with a steeper spinous process; the
facets for the ribs are left out. Endplates are hollow by 1.5 mm (inferior) and 0.7 mm (superior), 591 endplates of 76
men, Wang 2012 [seen]; the waist is 12 %, the middle of 85-90 % [recalled-M]. The table is taken as the mean of both
sexes (assumed): men have a section 20 % larger (981 pairs of equal areal density and age [seen]), so women are drawn
0.953 and men 1.044 times as large in every direction [derived].
"""

from __future__ import annotations

from typing import Literal

import numpy as np

Level = Literal["T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5"]

KEYS = (
    "superior_width_mm",
    "superior_depth_mm",
    "inferior_width_mm",
    "inferior_depth_mm",
    "posterior_height_mm",
    "canal_width_mm",
    "canal_depth_mm",
    "pedicle_width_mm",
    "pedicle_height_mm",
    "transverse_span_mm",
)
TABLE: dict[str, tuple[float, ...]] = {
    "T12": (39.0, 32.8, 42.1, 33.4, 22.7, 22.2, 18.1, 8.4, 16.7, 47.0),
    "L1": (41.2, 34.1, 43.3, 35.3, 23.8, 23.7, 19.0, 8.9, 15.8, 71.0),
    "L2": (42.6, 34.6, 45.5, 34.9, 24.3, 23.8, 18.2, 8.6, 15.0, 76.0),
    "L3": (44.1, 35.2, 48.0, 34.8, 23.8, 24.3, 17.5, 10.3, 14.3, 86.0),
    "L4": (46.6, 35.5, 49.5, 33.9, 24.1, 25.4, 18.6, 13.8, 15.5, 79.0),
    "L5": (47.3, 34.7, 49.4, 33.2, 22.9, 27.1, 19.7, 19.3, 18.3, 92.0),
}
#: levels that are another level by scale
SCALED = {"T10": ("T12", 0.89), "T11": ("T12", 0.94)}
PEDICLE_ANGLES = {"T12": -4.0, "L1": 11.0, "L2": 12.0, "L3": 14.0, "L4": 18.0, "L5": 30.0}
WEDGES = {
    "female": {"T12": 3.5, "L1": 2.6, "L2": 0.7, "L3": -1.1, "L4": -4.45, "L5": -7.8},
    "male": {"T12": 4.9, "L1": 4.1, "L2": 2.6, "L3": 1.3, "L4": -1.65, "L5": -4.6},
}
SEX_SCALE = {"female": float(np.sqrt(2 / 2.2)), "male": float(np.sqrt(2.4 / 2.2))}
#: reach of the spinous process behind the posterior wall and hang of its tip, mm before scaling, drawn by eye
SPINOUS = {
    "T10": (44.0, 15.0),
    "T11": (42.0, 9.0),
    "T12": (41.0, 4.0),
    "L1": (45.0, 3.0),
    "L2": (46.0, 3.0),
    "L3": (46.0, 3.0),
    "L4": (44.0, 3.0),
    "L5": (39.0, 4.0),
}
#: thickness of walls and bony endplates, L1, n = 16 (Silva 1994 [seen])
SHELL_MM = 0.35
SUPERIOR_DISH_MM, INFERIOR_DISH_MM, WAIST = 0.7, 1.5, 0.12
