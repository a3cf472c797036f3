"""Pages of Markdown in, the same pages out in which a link that leads out of the site is the path it names.

On the site there is nothing to open behind `../benchmarks/voxels.md`; in the repository there is. Such a link must lead
somewhere all the same: one that does not is a warning, and warnings are errors.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^(```|~~~)")
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
PAGES = (".md", ".ipynb")


def inside(text: str, folder: Path) -> str:
    """Markdown with links to files outside of ``folder``'s pages written as what they say."""

    def plain(link: re.Match[str]) -> str:
        words, target, _ = link.groups()
        file = (folder / target).resolve()
        page = file.is_relative_to(folder) and file.suffix in PAGES
        if ":" in target or page or not file.exists():
            return link.group()
        return words if words.startswith("`") else f"`{words}`"

    lines, fenced = [], False
    for line in text.split("\n"):
        fenced ^= bool(FENCE.match(line.lstrip()))
        lines.append(line if fenced else LINK.sub(plain, line))
    return "\n".join(lines)


def setup(app: Any) -> dict[str, bool]:
    """Sphinx asks for this."""

    def read(app: Any, name: str, source: list[str]) -> None:
        if Path(app.env.doc2path(name)).suffix == ".md":
            source[0] = inside(source[0], Path(app.srcdir).resolve())

    app.connect("source-read", read)
    return {"parallel_read_safe": True}
