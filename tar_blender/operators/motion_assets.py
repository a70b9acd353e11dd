"""Operator that makes assets of the motion of the active person."""

import bpy
from bpy.props import BoolProperty, StringProperty

from ..editing.assets import AssetText, motion_asset, pose_asset
from ..editing.motion_keys import captured_action
from ..scene.frame_rate import frame_rate
from ..scene.keyframes import whole_frames
from ..scene.metadata import imported_clips, people_of
from ..util.blender_types import OperatorResult, scene_of, view_layer_of
from ..util.registration import registration
from .editing import EditOperator


class TAR_OT_create_motion_asset(EditOperator, bpy.types.Operator):
    """Copy the motion of the active person, with its layers, to an action for the asset browser and the NLA editor"""

    bl_idname = "tar.create_motion_asset"
    bl_label = "Create Motion Asset"
    name: StringProperty(name="Name", description="Name of the action")
    author: StringProperty(name="Author", description="Name of the author, for the asset browser")
    poses: BoolProperty(
        name="Poses at Markers", description="Make a pose asset at each marker of the timeline within the motion, too"
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        armature = view_layer_of(context).objects.active
        assert armature is not None  # see `poll`
        self.name = _place(scene_of(context), armature)
        return context.window_manager.invoke_props_dialog(self, width=320)

    def edit(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        scene = scene_of(context)
        place = _place(scene, armature)
        first, last = whole_frames(captured_action(armature)[0])
        fps, count = frame_rate(scene), last - first + 1
        about = f"{count} frames at {fps:.5g} frames per second ({count / fps:.1f} s), captured: {place}"
        name = self.name.strip() or place
        made = [motion_asset(scene, armature, AssetText(name, about, self.author))]
        markers = [each for each in scene.timeline_markers if self.poses and first <= each.frame <= last]
        for marker in markers:
            text = AssetText(f"{name} {marker.name}", f"Frame {marker.frame} of {place}", self.author)
            made.append(pose_asset(scene, armature, marker.frame, text))
        self.report({"INFO"}, f"Made {', '.join(each.name for each in made)}; save the file to keep them")


def _place(scene: bpy.types.Scene, armature: bpy.types.Object) -> str:
    """The names of a person's clip and of the person."""
    clip = next((clip.name for clip in imported_clips(scene) if armature in people_of(clip)), "")
    return f"{clip} {armature.name}".strip()


register, unregister = registration((TAR_OT_create_motion_asset,))
