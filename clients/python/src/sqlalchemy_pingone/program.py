"""The command ``pingone-gateway``: the gateway's program, wherever it was found."""

from __future__ import annotations

import os
import subprocess
import sys

from .private import find_program


def main() -> int:
    """Run the program with the arguments of this one, in its place where the system can."""
    program = find_program()
    if program is None:
        print(
            "pingone-gateway: this package carries no program for your system, and there is no "
            "'gateway' on the path. Take one of the project's releases.",
            file=sys.stderr,
        )
        return 1
    if os.name == "nt":
        return subprocess.call([program, *sys.argv[1:]])
    os.execv(program, [program, *sys.argv[1:]])
