"""The bones of an armature, and where they are in a pose."""

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ..util.blender_types import data_of


@dataclass(frozen=True)
class Skeleton:
    """The bones of an armature at rest, parents before children.

    The first one stands for the object: it moves in the space of the object's parent, and the others are its
    descendants. Constraints, scaled bones and bones that do not inherit the rotation are not taken into account.

    Attributes:
        names: of the bones; empty for the object.
        parents: index of each bone's parent; -1 for the object.
        rest: [B, 4, 4] transformation of each bone at rest relative to its parent at rest.
        lengths: [B] of the bones.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    rest: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, obj: bpy.types.Object) -> "Skeleton":
        """Read the bones of an armature; other objects have none."""
        bones = _in_order(data_of(obj, bpy.types.Armature)) if obj.type == "ARMATURE" else []
        names = ("", *(bone.name for bone in bones))
        parents = (-1, *(names.index(bone.parent.name) if bone.parent else 0 for bone in bones))
        scale = np.diag(np.append(np.array(obj.scale), 1.0))
        rest = [np.eye(4)]
        for bone in bones:
            own = np.array(bone.matrix_local)
            rest.append(np.linalg.inv(np.array(bone.parent.matrix_local)) @ own if bone.parent else scale @ own)
        return cls(names, parents, np.array(rest), np.array([0.0, *(bone.length for bone in bones)]))

    def with_descendants(self, bones: Sequence[int]) -> list[int]:
        """Return bones and all bones that move with them, parents first."""
        moved = set(bones)
        for bone, parent in enumerate(self.parents):
            if parent in moved:
                moved.add(bone)
        return sorted(moved)

    def pose(self, local: np.ndarray, bones: Sequence[int], posed: np.ndarray | None = None) -> np.ndarray:
        """Compute where bones are.

        Args:
            local: [B, N, 4, 4] the transformation of each bone relative to its rest, over N frames.
            bones: to compute, parents first.
            posed: [B, N, 4, 4] of the other bones; not needed if `bones` are all.

        Returns:
            [B, N, 4, 4] in the space of the object's parent.
        """
        result = np.zeros_like(local) if posed is None else posed.copy()
        for bone in bones:
            own = self.rest[bone] @ local[bone]
            result[bone] = own if bone == 0 else result[self.parents[bone]] @ own
        return result

    def ends(self, posed: np.ndarray, bones: Sequence[int]) -> np.ndarray:
        """Return the heads and the tails [2 b, N, 3] of b bones in a pose."""
        tails = posed[bones, :, :3, 3] + self.lengths[bones, None, None] * posed[bones, :, :3, 1]
        return np.concatenate([posed[bones, :, :3, 3], tails])


def _in_order(armature: bpy.types.Armature) -> list[bpy.types.Bone]:
    roots = [bone for bone in armature.bones if bone.parent is None]
    return [bone for root in roots for bone in (root, *root.children_recursive)]
