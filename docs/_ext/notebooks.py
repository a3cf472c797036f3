"""The executed notebook in, Markdown out: `<!-- notebook -->` in a page stands for its cells and what they showed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

#: what is shown of an output, the best first
RICHEST = ("image/png", "text/html", "text/plain")


def cells(notebook: Path) -> str:
    """Text as it is, code in a fence, outputs as HTML."""
    parts: list[str] = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        parts += [source] if cell["cell_type"] == "markdown" else [f"```python\n{source}\n```", *outputs(cell)]
    return "\n\n".join(parts)


def outputs(cell: dict[str, Any]) -> Iterator[str]:
    """What a cell of code has shown."""
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            yield raw(f"<pre>{escape(''.join(output['text']))}</pre>")
            continue
        data = output["data"]
        kind = next(kind for kind in RICHEST if kind in data)
        content = "".join(data[kind])
        if kind == "image/png":
            image = "".join(content.split())
            yield raw(f'<img alt="What the cell above draws" src="data:image/png;base64,{image}">')
        else:
            yield raw(content if kind == "text/html" else f"<pre>{escape(content)}</pre>")


def raw(html: str) -> str:
    """HTML that no parser looks into."""
    return f'``````{{raw}} html\n<div class="shown">{html}</div>\n``````'


def setup(app: Any) -> dict[str, bool]:
    """Sphinx asks for this."""

    def read(app: Any, name: str, source: list[str]) -> None:
        if "<!-- notebook -->" in source[0]:
            source[0] = source[0].replace("<!-- notebook -->", cells(Path(app.srcdir) / "notebook.ipynb"))

    app.connect("source-read", read)
    return {"parallel_read_safe": True}
