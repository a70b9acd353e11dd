"""Run the engine with the packages in the extension:

    python -I launch.py WHEELS FOLDER [--self-test]

WHEELS is the folder of the wheels, FOLDER the one in which they are unpacked. All modules of the engine come from
there, from this tar_core, and from the Python itself: other extensions share the folder of tar_core, and their packages
are not found.
"""

import importlib.util
import sys
from pathlib import Path


def main() -> int:
    """Unpack the packages if necessary and run the engine. Returns the exit code."""
    wheels, folder, *arguments = sys.argv[1:]
    _import_tar_core()
    from tar_core.engine.bundled import unpacked, wheels_for
    from tar_core.engine.protocol import event_line
    from tar_core.errors import TarError

    try:
        print(event_line("progress", stage="unpack", done=0, total=0, fps=0.0), end="", flush=True)
        packages = unpacked(wheels_for(sys.version_info[:2], Path(wheels)), Path(folder))
    except TarError as error:
        print(event_line("error", message=str(error)), end="", flush=True)
        return 2
    sys.path.insert(0, str(packages))
    sys.argv[1:] = arguments

    from tar_core.engine import server

    return server.main()


def _import_tar_core() -> None:
    """Import the tar_core of this file without adding its folder to the path."""
    package = Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location(
        "tar_core", package / "__init__.py", submodule_search_locations=[str(package)]
    )
    assert spec is not None and spec.loader is not None
    sys.modules["tar_core"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


if __name__ == "__main__":
    sys.exit(main())
