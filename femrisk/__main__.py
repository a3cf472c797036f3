"""The command line: in goes ``femrisk VERB ...``, out come what the verb prints and an exit code.

0 done; 1 something could not be computed; 2 bad input, nothing was started; 130 interrupted.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
import warnings
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Sequence
from typing import NoReturn

from femrisk import __version__
from femrisk.commands import VERBS
from femrisk.document import suggest
from femrisk.errors import FemriskError, InputError

INTERRUPTED = 130


class Parser(ArgumentParser):
    """Argparse that answers a wrong command line like every other mistake."""

    def error(self, message: str) -> NoReturn:
        """Turn argparse's message into an ``InputError``."""
        choice = re.fullmatch(r"argument (.+): invalid choice: '(.*)' \(choose from (.*)\)", message)
        if choice is None:
            raise InputError(self.prog, f"{message} (`{self.prog} --help` explains)")
        where, got, allowed = choice.groups()
        known = tuple(allowed.replace("'", "").split(", "))
        close = suggest(got, known)
        hint = f"; did you mean {close}?" if close else ""
        raise InputError(f"{self.prog} {where}", f"unknown{hint} (allowed: {', '.join(known)}, got: {got})")


def parser() -> Parser:
    """The verbs and their options."""
    shared = Parser(add_help=False)
    shared.add_argument("--debug", action="store_true", default=SUPPRESS, help="show tracebacks and debugging messages")
    shared.add_argument("-v", "--verbose", action="store_true", default=SUPPRESS, help="say more on stderr")
    top = Parser(
        prog="femrisk",
        description="How strong is this bone with this lesion, and how much does each treatment give back?",
        epilog="For research only; not a medical device.",
        parents=[shared],
    )
    top.add_argument("--version", action="version", version=f"femrisk {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb in VERBS:
        below = verbs.add_parser(verb.name, help=verb.summary, description=verb.summary, parents=[shared])
        verb.options(below)
        below.set_defaults(execute=verb.execute)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; a traceback is printed with ``--debug`` alone."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = parser().parse_args(words)
        listen(options)
        code: int = options.execute(options)
        sys.stdout.flush()
        return code
    except Exception as error:
        if "--debug" in words:
            traceback.print_exception(error)
        return answer(error)
    except KeyboardInterrupt:
        return complain(["interrupted (finished pairs of arm and load are kept)"], INTERRUPTED)


def listen(options: Namespace) -> None:
    """Configure logging, here and nowhere else; libraries are heard only with ``--debug``."""
    debug = getattr(options, "debug", False)
    logging.basicConfig(format="femrisk: %(levelname)s: %(name)s: %(message)s", level=logging.ERROR, stream=sys.stderr)
    level = logging.DEBUG if debug else logging.INFO if getattr(options, "verbose", False) else logging.WARNING
    logging.getLogger("femrisk").setLevel(level)
    if not debug and not sys.warnoptions:
        warnings.simplefilter("ignore")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def answer(error: Exception) -> int:
    """One line for each thing that went wrong, and the exit code that belongs to it."""
    if isinstance(error, FemriskError):
        return complain(error.lines(), error.exit_code)
    if isinstance(error, BrokenPipeError):
        # The reader of our output has gone (`| head`); leave Python nothing to flush into the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return complain([f"{place}{error.strerror or error}"], 1)
    if isinstance(error, MemoryError):
        return complain(["out of memory (use -j 1, or a larger analysis.mesh_size_mm)"], 1)
    text = " ".join(str(error).split())
    return complain([f"internal: {type(error).__name__}: {text} (a defect of femrisk; --debug shows where)"], 1)


def complain(lines: Sequence[str], code: int) -> int:
    """Print error lines on stderr."""
    for line in lines:
        # Keys and file names may hold line breaks or a terminal's control characters.
        safe = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)
        print(f"femrisk: error: {safe}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
