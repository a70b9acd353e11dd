"""Another extension, with other versions of the engine's packages: importing one of them is an error."""

import zipfile
from pathlib import Path

_MANIFEST = """schema_version = "1.0.0"
id = "neighbor"
version = "1.0.0"
name = "Neighbor"
tagline = "Other versions of the packages of another extension"
maintainer = "Nobody"
type = "add-on"
blender_version_min = "4.2.0"
license = ["SPDX:GPL-3.0-or-later"]
wheels = [{wheels}]
"""
_PACKAGES = {"onnxruntime": "onnxruntime", "opencv_python_headless": "cv2", "av": "av", "torch": "torch"}


def make_neighbor(folder: Path) -> Path:
    """Write the extension's zip to a folder and return its path."""
    zip_file = folder / "neighbor.zip"
    wheels = {f"{package}-99.0-py3-none-any.whl": module for package, module in _PACKAGES.items()}
    with zipfile.ZipFile(zip_file, "w") as archive:
        listed = ", ".join(f'"./wheels/{name}"' for name in wheels)
        archive.writestr("blender_manifest.toml", _MANIFEST.format(wheels=listed))
        archive.writestr("__init__.py", "def register(): pass\ndef unregister(): pass\n")
        for name, module in wheels.items():
            archive.writestr(f"wheels/{name}", _wheel(folder / name, module))
    return zip_file


def _wheel(path: Path, module: str) -> bytes:
    info = f"{'-'.join(path.name.split('-')[:2])}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{module}/__init__.py", f"raise ImportError('{module} of the other extension')\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {module}\nVersion: 99.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"{module}/__init__.py,,\n")
    content = path.read_bytes()
    path.unlink()
    return content
