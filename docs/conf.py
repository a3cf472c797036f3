"""How Sphinx builds the site: every Markdown page of this folder, with what `_ext` makes of the code and the data."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
sys.path.insert(0, str(HERE.parent))

import femrisk

project = "femrisk"
author = "the femrisk authors"
copyright = "the femrisk authors, MIT licence"
version = release = femrisk.__version__

extensions = ["myst_parser", "casekeys", "constants", "findings", "galleries", "mathml", "notebooks", "pages"]
exclude_patterns = ["_ext"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4
nitpicky = True

html_theme = "furo"
html_title = f"femrisk {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_theme_options = {
    "announcement": "For research only. femrisk is not a medical device, and no number it prints may guide treatment.",
    "top_of_page_buttons": [],
}
linkcheck_timeout = 20
linkcheck_anchors = False
