"""Formulas in TeX in, MathML out, which browsers draw by themselves: the site needs no network to be read."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert


def drawn(tex: str, display: str) -> str:
    """One formula.

    Raises:
        ValueError: TeX that is not understood, so that no page shows half a formula.
    """
    try:
        text = convert(" ".join(tex.split()), display=display)
    except Exception as error:
        raise ValueError(f"formula not understood: {tex}") from error
    if left := re.search(r"<m[io]>\\[A-Za-z]+</m[io]>", text):
        raise ValueError(f"formula not understood: {left.group()} in {tex}")
    return text


def setup(app: Any) -> dict[str, bool]:
    """Sphinx asks for this."""

    def inline(writer: Any, node: Any) -> None:
        writer.body.append(drawn(node.astext(), "inline"))
        raise nodes.SkipNode

    def block(writer: Any, node: Any) -> None:
        writer.body.append(f'<div class="math">{drawn(node.astext(), "block")}</div>')
        raise nodes.SkipNode

    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True}
