#!/bin/sh
# find_python.sh VERSION: print the path of a Python of a version (e.g. 3.11) that can create virtual environments.
# Searching PATH is not enough: its pyenv shims fail for versions that are installed but not selected.
version=$1
for candidate in "python$version" python3 python \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python \
        "$HOME"/.local/share/uv/python/cpython-"$version"*/bin/python"$version" \
        /usr/bin/python"$version" /usr/local/bin/python"$version" /opt/homebrew/bin/python"$version"; do
    "$candidate" - "$version" 2>/dev/null <<'PYTHON' && exit 0
import sys
import ensurepip, venv
if "%d.%d" % sys.version_info[:2] != sys.argv[1]:
    sys.exit(1)
print(sys.executable)
PYTHON
done
echo "Python $version with venv not found; install it (Debian: python$version-venv; elsewhere: pyenv or uv)" >&2
exit 1
