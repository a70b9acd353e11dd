"""Removal of what imports have made: people, clips, and the data that nothing else uses."""

from collections.abc import Iterator

import bpy

from ..util.blender_types import view_layer_of
from .control_shapes import remove_unused_shapes
from .fcurves import Animated
from .markers import remove_markers
from .metadata import is_part, person_objects
from .sound import remove_sound


def delete_person(armature: bpy.types.Object) -> None:
    """Remove a person's armature and body, and the data that nothing else uses.

    Objects of the user that are parented to them stay where they are.
    """
    remove_objects([obj for obj in person_objects(armature) if is_part(obj)])


def delete_clip(collection: bpy.types.Collection) -> None:
    """Remove a clip's collection, the objects that the import made, the markers of its cameras, and its sound.

    Objects and collections of the user in it are moved to the collections that contain it.
    """
    remove_markers(collection)
    remove_sound(collection)
    remove_objects([obj for obj in collection.all_objects if is_part(obj)])
    parents = [scene.collection for scene in bpy.data.scenes]
    parents = [parent for parent in [*parents, *bpy.data.collections] if collection in parent.children.values()]
    for parent in parents:
        for obj in collection.objects:
            if obj not in parent.objects.values():
                parent.objects.link(obj)
        for child in collection.children:
            if child not in parent.children.values():
                parent.children.link(child)
    bpy.data.collections.remove(collection)


def remove_objects(objects: list[bpy.types.Object]) -> None:
    """Remove objects that an import made, and their data if nothing else uses them. Children stay where they are."""
    for child in [child for obj in objects for child in obj.children if child not in objects]:
        place = child.matrix_world.copy()
        child.parent = None
        child.matrix_world = place
    data = [part for obj in objects for part in _data_of(obj)]
    used_by_data = [part for obj in objects for part in _used_by_data_of(obj)]
    bpy.data.batch_remove(objects)
    for parts in (data, used_by_data):
        bpy.data.batch_remove([part for part in dict.fromkeys(parts) if part.users == 0])
    remove_unused_shapes()
    view_layer_of(bpy.context).update()  # otherwise Blender 5.2 keeps None in its list of objects for a while


def _data_of(obj: bpy.types.Object) -> Iterator[bpy.types.ID]:
    yield from _own_action(obj)
    if obj.data:
        yield obj.data


def _own_action(owner: Animated) -> Iterator[bpy.types.ID]:
    action = owner.animation_data.action if owner.animation_data else None
    if action is not None and is_part(action):
        yield action


def _used_by_data_of(obj: bpy.types.Object) -> Iterator[bpy.types.ID]:
    data = obj.data
    if isinstance(data, bpy.types.Mesh):
        yield from (material for material in data.materials if material is not None and is_part(material))
        if data.shape_keys is not None:
            yield from _own_action(data.shape_keys)
    if isinstance(data, bpy.types.Camera | bpy.types.Armature):
        yield from _own_action(data)
    if isinstance(data, bpy.types.Camera):
        for background in data.background_images:
            if background.image is not None and is_part(background.image):
                yield background.image
