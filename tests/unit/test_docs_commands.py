"""Every `femrisk ...` of the documentation is understood by the real command line; those that are cheap are run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from femrisk.__main__ import main, parser

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "cases" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^ *```(?:sh|bash|console)\n(.*?)^ *```", re.M | re.S)


def commands(page: Path) -> Iterator[list[str]]:
    """Words of each line of shell that calls femrisk; comments, prompts and redirections are left out."""
    for block in FENCE.findall(page.read_text()):
        for line in block.replace("\\\n", " ").splitlines():
            text = line.strip().removeprefix("$ ").removeprefix(".venv/bin/")
            if text.startswith("femrisk "):
                words = shlex.split(text, comments=True)
                end = next((i for i, word in enumerate(words) if word in (">", "|", "&&", ";")), len(words))
                yield words[1:end]


EVERY = [(page, words) for page in PAGES for words in commands(page)]


def test_there_are_commands_on_the_pages_that_teach_them() -> None:
    taught = {page.name for page, _ in EVERY}
    assert {"README.md", "tutorial.md", "cluster.md", "sweep.md"} <= taught
    assert len(EVERY) > 15


@pytest.mark.parametrize(("page", "words"), EVERY, ids=[f"{page.stem}: {' '.join(words)}" for page, words in EVERY])
def test_a_command_is_understood(page: Path, words: list[str]) -> None:
    assert parser().parse_args(words).verb == words[0]


def test_the_parser_under_test_refuses_what_is_wrong() -> None:
    with pytest.raises(Exception, match="unrecognized arguments"):
        parser().parse_args(["check", "case.yaml", "--dry-run"])


def cheap(words: list[str]) -> bool:
    """Whether a command is done in seconds."""
    return words[0] in ("init", "schema", "doctor") or "--dry-run" in words


def test_the_cheap_commands_of_the_tutorial_and_of_the_readmes_succeed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases").symlink_to(ROOT / "cases")
    ran = list(dict.fromkeys(tuple(words) for _, words in EVERY if cheap(words)))
    # a starter is written once, and not overwritten
    ran = [words for i, words in enumerate(ran) if words[0] != "init" or words[2:] not in [one[2:] for one in ran[:i]]]
    failed = [words for words in ran if main(words) != 0]
    assert failed == [], capsys.readouterr().err
    assert {words[0] for words in ran} >= {"init", "schema", "doctor", "sweep"}


@pytest.mark.slow
def test_the_tutorial_goes_from_a_starter_to_its_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    steps = [words for page, words in EVERY if page.name == "tutorial.md" and words[0] in ("init", "check", "score")]
    assert [words[0] for words in steps] == ["init", "check", "score"]
    assert [main(words) for words in steps] == [0, 0, 0], capsys.readouterr().err
