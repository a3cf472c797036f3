"""The verb that shows a result folder in the browser: ``view``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from femrisk.commands.folders import folder_option


def view_options(parser: ArgumentParser) -> None:
    """Options of ``view``."""
    folder_option(parser)
    parser.add_argument("--port", type=port, metavar="N", help="port to listen on (default: 8050, or any free one)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine alone)"
    )
    parser.add_argument("--no-browser", action="store_true", help="open no browser, print the address alone")
    parser.add_argument("--stay", action="store_true", help="go on when the last page is closed, until Ctrl-C")


def port(text: str) -> int:
    """A port of the command line."""
    if not text.isascii() or not text.isdigit() or not 0 <= int(text) <= 65535:
        raise ArgumentTypeError(f"must be a port (allowed: 0 for any, to 65535, got: {text})")
    return int(text)


def view(options: Namespace) -> int:
    """Show a result folder until that is ended."""
    from femrisk.viewer.serve import address, serve
    from femrisk.viewer.study import open_study

    study = open_study(options.folder)
    where = address(options.host, options.port)
    if where.token:
        print(
            f"femrisk: warning: {options.host}: whoever reaches this machine and knows the secret in the address sees "
            "these results, unencrypted",
            file=sys.stderr,
        )
    serve(study, where, browser=not options.no_browser, stay=options.stay)
    return 0
