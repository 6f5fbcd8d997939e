"""The Streamlit scripts that the page needs besides those that its start page names.

Each kind of element is drawn by a JavaScript module, which a browser requests when the first such element
arrives, followed by the modules that it imports: about fifty files, in one round after the other, while
nothing can be seen.
"""

import re
from functools import cache
from pathlib import Path

import streamlit as st

STATIC = Path(st.__file__).with_name("static")
PLACE = "static/js"
# The elements that every page has.
ELEMENTS = (
    *("BidiComponent", "ButtonGroup", "Checkbox", "DownloadButton", "Html"),
    *("Multiselect", "Selectbox", "Slider"),
)
_IMPORTED = re.compile(r'(?:from|import)"\./([\w.-]+\.js)"')
_NAMED = re.compile(rf"\./{PLACE}/([\w.-]+\.js)")


@cache
def needed() -> tuple[str, ...]:
    """Return the scripts' paths below the page, each once, without those that the start page names."""
    start = set(_NAMED.findall((STATIC / "index.html").read_text("utf-8")))
    found, wanted = set[str](), [path.name for name in ELEMENTS for path in _folder().glob(f"{name}.*.js")]
    while wanted:
        name = wanted.pop()
        if name not in found | start:
            found.add(name)
            wanted += _IMPORTED.findall((_folder() / name).read_text("utf-8"))
    return tuple(f"{PLACE}/{name}" for name in sorted(found))


def _folder() -> Path:
    return STATIC / PLACE
