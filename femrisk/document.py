"""Values that know their lines: in goes a tree of nodes, out come plain values, JSON, and ``FILE:LINE: path``."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]
Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Node:
    """A value of the file, the line it begins on, and how many values it expands to."""

    value: Scalar | dict[str, Node] | list[Node]
    line: int
    count: int = 1

    def plain(self) -> object:
        """The value without lines: scalars, lists, and dictionaries."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


@dataclass(frozen=True)
class Document:
    """A case file that is well-formed YAML with a mapping at its top."""

    #: as the user wrote it
    file: str
    root: Node

    def plain(self) -> object:
        """The values without lines."""
        return self.root.plain()

    def json(self) -> str:
        """The values as JSON (with NaN and Infinity, for the checks that refuse them)."""
        return json.dumps(self.plain())

    def line(self, path: KeyPath) -> int:
        """1-based line of the key or item at ``path``, or of the nearest thing above it that is there."""
        node = self.root
        for step in path:
            if isinstance(node.value, dict) and step in node.value:
                node = node.value[str(step)]
            elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            else:
                break
        return node.line

    def where(self, path: KeyPath) -> str:
        """``FILE:LINE: path``."""
        text = spell(path)
        return f"{self.file}:{self.line(path)}" + (f": {text}" if text else "")


def spell(path: KeyPath) -> str:
    """``("lesions", 0, "center_mm")`` -> ``lesions[0].center_mm``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    # A quoted key may hold a line break; a path is one line.
    return text.removeprefix(".") if text.isprintable() else ascii(text.removeprefix("."))


def parse_path(text: str) -> KeyPath:
    """``lesions[0].center_mm`` -> ``("lesions", 0, "center_mm")``; what is no path gives its leading part."""
    return tuple(int(step) if step.isdigit() else step for step in re.findall(r"[A-Za-z_]\w*|(?<=\[)\d+(?=\])", text))


def suggest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` most likely stands for."""
    choices = {choice.lower(): choice for choice in known}
    begun = [choice for choice in choices if len(word) > 2 and choice.startswith(word.lower())]
    if len(begun) == 1:
        return choices[begun[0]]
    found = difflib.get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    return choices[found[0]] if found else None
