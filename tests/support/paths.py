"""Folders that tests read."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "tests" / "data"
CACHE = REPOSITORY / ".cache"
# Training data beside the checkout, which is not part of the repository; tests that need it are skipped without it.
SHARED = REPOSITORY.parent / "shared"
