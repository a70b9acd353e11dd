"""The options of pip in the preferences, and how pip is kept from using the network.

Needs no bpy.
"""

import mimetypes
import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from tar_core.engine.python import clean_variables
from tar_core.errors import TarError

from ..util.local_files import is_elsewhere

# All other options need the network, or may: pip accepts abbreviations, and files of options that contain others.
_LOCAL_OPTIONS = ("--no-index", "--no-build-isolation", "--no-cache-dir", "--pre", "--prefer-binary", "--quiet", "-v")
_LINKS = "--find-links"
_NOWHERE = "http://127.0.0.1:9"  # a proxy that does not exist


def parse_options(text: str) -> list[str]:
    """Split the text of the preferences into options.

    Raises:
        TarError: a quotation mark has no counterpart.
    """
    try:
        return shlex.split(text)
    except ValueError:
        raise TarError(
            "the Pip Options in the preferences have an unpaired quotation mark; add or remove one"
        ) from None


def stays_local(options: Sequence[str]) -> bool:
    """Check whether pip uses only local folders with these options and `local_variables`."""
    try:
        return "--no-index" in options and not any(map(is_elsewhere, _links(options)))
    except ValueError:
        return False


def check_links(options: Sequence[str]) -> None:
    """Check that the folders with wheels are local folders without web pages, whose links pip would follow.

    Raises:
        TarError: they are not.
    """
    for link in _links(options):
        folder = Path(link)
        if not (folder.is_absolute() and folder.is_dir()):
            raise TarError(f"{link}: no such folder; give the absolute path of a folder of wheels in Pip Options")
        page = next((name for name in os.listdir(folder) if mimetypes.guess_type(name)[0] == "text/html"), None)
        if page is not None:
            raise TarError(
                f"{folder / page}: pip may follow the links of this web page; give a folder with wheels only"
            )


def local_variables() -> dict[str, str]:
    """Return environment variables with which pip ignores its configuration and reaches no other computer."""
    kept = {name: value for name, value in clean_variables().items() if not _is_of_network(name.lower())}
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), _NOWHERE)
    return kept | proxies | {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_RETRIES": "0"}


def _is_of_network(name: str) -> bool:
    return name.startswith("pip_") or name.endswith("_proxy")


def _links(options: Sequence[str]) -> Iterator[str]:
    """Yield the folders with wheels.

    Raises:
        ValueError: there is an option that may need the network.
    """
    remaining = iter(options)
    for option in remaining:
        name, equals, value = option.partition("=")
        if name in (_LINKS, "-f"):
            yield value if equals else next(remaining, "")
        elif option not in _LOCAL_OPTIONS:
            raise ValueError(option)
