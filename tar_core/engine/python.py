"""Which Pythons can run the engine, and how they are started.

Another Python imports only its own packages: nothing from the current folder, which may be that of a downloaded file,
and nothing from the folders that environment variables name.
"""

import os
import shutil
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 14)  # versions of Python that the engine supports
SUPPORTED = " to ".join(".".join(map(str, version)) for version in (OLDEST, NEWEST))

# -I: isolated. Python then ignores its variables, so options set the buffering and the encoding of the pipes.
ISOLATED = ("-I", "-u", "-X", "utf8")


def clean_variables() -> dict[str, str]:
    """Return the environment variables for another Python: all but Python's own, e.g. those of pip and of proxies."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("PYTHON")}


def find_program(name: str) -> str | None:
    """Return the path of a program in a folder of PATH; never one in the current folder, which Windows searches too."""
    found = shutil.which(name)
    if found is None or not Path(found).is_absolute() or Path(found).parent == Path.cwd():
        return None
    return found
