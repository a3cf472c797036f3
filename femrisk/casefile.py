"""The text of a case file: in goes a path, out comes a ``Document``, plain values that know their lines.

YAML 1.2, core schema, one document. It is read from parser events rather than through a constructor, so no tag can
build an object, no alias can blow up, no depth can exhaust the stack, and each value keeps its line.
"""

from __future__ import annotations

import json
import math
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from femrisk.document import Document, KeyPath, Node, Scalar, spell, suggest
from femrisk.errors import CaseError, Mistake

#: A case of a page has about 2 kB; this leaves room for long comments, and none for a wrong file.
LARGEST_FILE_BYTES = 256 * 1024
#: The contract's deepest key (arms, arm, nail, its value) lies at 4.
DEEPEST_NESTING = 16
#: Values after aliases are expanded.
MOST_VALUES = 10_000

_INTEGER = re.compile(r"[-+]?[0-9]{1,300}\Z|0o[0-7]{1,300}\Z|0x[0-9a-fA-F]{1,300}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}


def read_document(path: str | Path) -> Document:
    """Read ``path``.

    Raises:
        CaseError: the file cannot be read, is not YAML, is empty, or breaks a rule of case files.
    """
    file = str(path)
    text = _text(Path(path))
    builder = _Builder(file)
    try:
        events = YAML(typ="safe", pure=True).parse(text)
        root = builder.document(iter(events))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{file}:{mark.line + 1}" if mark else file
        raise _refuse(place, f"not valid YAML: {_one_line(error)}") from error
    except (YAMLError, ValueError) as error:
        raise _refuse(file, f"not valid YAML: {' '.join(str(error).split())[:200]}") from error
    if root is None or root.value is None:
        raise _refuse(file, "the file is empty (allowed: a case; `femrisk init femur` writes one)")
    if not isinstance(root.value, dict) and not builder.mistakes:
        kind = "a list" if isinstance(root.value, list) else "plain text"
        raise _refuse(file, f"not a case (allowed: keys such as `name:` and `bone:`, got: {kind})")
    if builder.mistakes:
        raise CaseError(tuple(builder.mistakes))
    return Document(file, root)


def _refuse(where: str, what: str) -> CaseError:
    return CaseError((Mistake(where, what),))


def _one_line(error: MarkedYAMLError) -> str:
    parts = [part for part in (error.context, error.problem) if part]
    return " ".join(", ".join(parts).split())


def _text(path: Path) -> str:
    """The file's text; everything that is no readable, small text file is refused."""
    file = str(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _refuse(file, "this is a directory (allowed: a case file)")
        if not stat.S_ISREG(mode):
            raise _refuse(file, "this is not a regular file (allowed: a case file)")
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise _refuse(file, "no such file" + _similar_file(path)) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _refuse(file.replace("\0", "\\0"), f"cannot be read: {reason}") from error
    if len(raw) > LARGEST_FILE_BYTES:
        size = path.stat().st_size
        raise _refuse(file, f"too large for a case file (allowed: {LARGEST_FILE_BYTES} bytes, got: {size})")
    if b"\0" in raw:
        raise _refuse(file, "this is a binary file (allowed: YAML text in UTF-8)")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _refuse(f"{file}:{line}", "this is not UTF-8 text (allowed: YAML text in UTF-8)") from error


def _similar_file(path: Path) -> str:
    try:
        names = tuple(sorted(entry.name for entry in path.parent.iterdir() if entry.is_file()))
    except OSError:
        return ""
    close = suggest(path.name, names)
    return f"; did you mean {path.with_name(close)}?" if close else ""


class _Builder:
    """Turns parser events into nodes and notes what breaks a rule of case files."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []
        self.anchors: dict[str, Node] = {}
        self.count = 0

    def document(self, events: Iterator[Event]) -> Node | None:
        """The root of the only document, or None where there is none."""
        root: Node | None = None
        for event in events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    self.note(event, "a second document begins here (allowed: one case per file)")
                    return root
                root = self.node(next(events), events, ())
        return root

    def note(self, event: Event, what: str, path: KeyPath = ()) -> None:
        """Remember a mistake at the event's line."""
        place = f"{self.file}:{event.start_mark.line + 1}"
        self.mistakes.append(Mistake(f"{place}: {spell(path)}" if path else place, what))

    def stop(self, event: Event, what: str, path: KeyPath) -> CaseError:
        """A mistake after which reading on would be unsafe or senseless."""
        self.note(event, what, path)
        return CaseError(tuple(self.mistakes))

    def node(self, event: Event, events: Iterator[Event], path: KeyPath) -> Node:
        """The node that begins with ``event``."""
        line = event.start_mark.line + 1
        if not isinstance(event, NodeEvent):
            raise self.stop(event, "a value was expected here", path)
        if isinstance(event, AliasEvent):
            if event.anchor not in self.anchors:
                raise self.stop(event, f"alias *{event.anchor} has no finished anchor before it", path)
            target = self.anchors[event.anchor]
            self.weigh(event, target.count, path)
            return Node(target.value, line, target.count)
        self.weigh(event, 1, path)
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self.note(event, f"tags are refused in case files (got: {tag})", path)
        if isinstance(event, ScalarEvent):
            node = Node(self.scalar(event, path), line)
        elif isinstance(event, SequenceStartEvent):
            node = self.sequence(events, path, line)
        else:
            node = self.mapping(events, path, line)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def weigh(self, event: Event, count: int, path: KeyPath) -> None:
        """Refuse files that nest too deep or expand to too much."""
        self.count += count
        if self.count > MOST_VALUES:
            raise self.stop(event, f"too many values once aliases are expanded (allowed: {MOST_VALUES})", path[:2])
        if len(path) > DEEPEST_NESTING:
            raise self.stop(event, f"nested too deeply (allowed: {DEEPEST_NESTING} levels)", path[:2])

    def scalar(self, event: ScalarEvent, path: KeyPath) -> Scalar:
        """A scalar by the YAML 1.2 core schema."""
        text: str = event.value
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            self.note(event, "half a surrogate pair is no character", path)
            return "?"
        if event.style:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.match(text):
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        return float(text) if _FLOAT.match(text) else text

    def sequence(self, events: Iterator[Event], path: KeyPath, line: int) -> Node:
        """A list."""
        items: list[Node] = []
        while not isinstance(event := next(events), SequenceEndEvent):
            items.append(self.node(event, events, (*path, len(items))))
        return Node(items, line, 1 + sum(item.count for item in items))

    def mapping(self, events: Iterator[Event], path: KeyPath, line: int) -> Node:
        """A mapping; a key that is repeated or not text is a mistake, and its value is passed over."""
        entries: dict[str, Node] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            key = self.node(event, events, path)
            here = path
            if not isinstance(key.value, str):
                self.note(event, f"keys are words (got: {json.dumps(key.plain())[:60]})", path)
            elif key.value in entries:
                what = f"duplicate key (first on line {entries[key.value].line})"
                self.note(event, what, (*path, key.value))
            else:
                here = (*path, key.value)
            value = self.node(next(events), events, here if here != path else (*path, "?"))
            if here != path:
                # The line of a key is where a reader looks for it, even when its value begins further down.
                entries[str(key.value)] = Node(value.value, key.line, value.count)
        return Node(entries, line, 1 + sum(entry.count for entry in entries.values()))
