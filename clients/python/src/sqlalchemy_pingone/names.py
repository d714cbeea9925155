"""Table names of several parts, as the commercial connector's users write them."""

from __future__ import annotations

import re

_PART = r"(?:\[(?:[^\]]|\]\])+\]|[^\[\].\"]+)"
_WHOLE = re.compile(rf"{_PART}(?:\.{_PART})+")


def parts(name: str) -> list[str] | None:
    """The parts of a name such as ``[CData].[Administrators].Users``.

    None for a name that isn't several parts with at least one of them in brackets: a
    name with dots alone may be what a table is really called.
    """
    if "[" not in name or not _WHOLE.fullmatch(name):
        return None
    return [p[1:-1].replace("]]", "]") if p.startswith("[") else p for p in re.findall(_PART, name)]
