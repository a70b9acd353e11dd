"""TAR: from a video to SMPL motion. Importing this package imports no torch; the submodules that need it do."""

__version__ = "0.1.0"
