"""Changes of the file that are undone if they are not completed."""

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

# The kinds of data that an import creates, in an order in which users precede the data that they use.
DATA_KINDS = (
    "objects",
    "collections",
    "armatures",
    "meshes",
    "cameras",
    "actions",
    "images",
    "materials",
    "sounds",
)


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """Remove the data that the block has added to the file if the block fails."""
    before = {kind: set(getattr(bpy.data, kind)) for kind in DATA_KINDS}
    try:
        yield
    except BaseException:
        added = [item for kind in DATA_KINDS for item in set(getattr(bpy.data, kind)) - before[kind]]
        bpy.data.batch_remove(added)
        raise
