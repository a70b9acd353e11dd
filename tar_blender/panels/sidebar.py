"""Panels of the tab TAR in the sidebar, and the menu Object > Video Motion."""

import textwrap
from collections.abc import Sequence
from typing import Any

import bpy

from tar_core.cleanup.uncertainty import UncertainRange

from ..engine.cache import find_motion
from ..engine.paths import addon_preferences, cache_folder, own_python
from ..engine.status import engine_trouble
from ..operators.choose_video import CATEGORY, TAR_OT_choose_video
from ..operators.draw_box import TAR_OT_draw_box
from ..operators.editing import OPERATORS as EDIT_OPERATORS
from ..operators.export_person import TAR_OT_export_people, TAR_OT_export_person
from ..operators.floor import TAR_OT_feet_on_ground, TAR_OT_floor_from_objects
from ..operators.frame_rate import TAR_OT_bake_frame_rate
from ..operators.import_motion import TAR_OT_import_motion_file
from ..operators.import_video import TAR_OT_find_people, TAR_OT_import_video_motion
from ..operators.key_reduction import TAR_OT_reduce_keys
from ..operators.motion_assets import TAR_OT_create_motion_asset
from ..operators.other_views import TAR_OT_add_views, TAR_OT_remove_view
from ..operators.people import (
    TAR_OT_delete_clip,
    TAR_OT_delete_person,
    TAR_OT_hide_cube,
    TAR_OT_hide_person,
    TAR_OT_select_person,
    TAR_OT_show_frame,
    TAR_OT_view_camera,
)
from ..operators.queue import TAR_OT_cancel_import, TAR_OT_copy_report, TAR_OT_unqueue_import
from ..operators.record import TAR_OT_record_video
from ..operators.reimport import TAR_OT_reimport_clip
from ..operators.retarget import TAR_OT_retarget
from ..properties.people_picker import has_shots
from ..properties.runtime import TARProgress
from ..properties.settings import TARSettings
from ..scene.camera import SAME_RATE
from ..scene.frame_rate import frame_rate
from ..scene.metadata import (
    about_floor,
    about_lens,
    camera_of,
    clip_record,
    implausible_ranges_of,
    imported_clips,
    key_rate,
    people_of,
    people_without_clip,
    scene_people,
    uncertain_ranges_of,
)
from ..scene.scene_settings import cube_in_the_way
from ..util.blender_types import PanelMixin, scene_of
from ..util.preview import delay_text, live_delay
from ..util.report import sentence, without_folders
from ..util.video_info import Thumbnails
from .engine import draw_set_up
from .ik_controls import draw_ik_controls
from .layout import draw_capture_options, draw_lens, draw_scene_settings
from .people_picker import draw_detected
from .person_edits import draw_person_edits
from .presets import TAR_PT_presets

_PIXELS_PER_CHARACTER = 7  # approximate; Blender does not wrap labels
_MAX_RANGES = 5  # uncertain ranges that are drawn for a person
_THUMBNAIL_SCALE = 5.0  # multiple of a button's height

_thumbnails: Thumbnails | None = None  # exists while the add-on is registered


class _SidebarPanel(PanelMixin):
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY

    def split_layout(self) -> bpy.types.UILayout:
        layout = self.layout
        assert layout is not None
        layout.use_property_split = True
        layout.use_property_decorate = False
        return layout


class TAR_PT_sidebar(_SidebarPanel, bpy.types.Panel):
    bl_label = "Video Motion"
    bl_idname = "TAR_PT_sidebar"
    bl_order = 2  # below the imported people and Retarget

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        TAR_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.split_layout()
        settings, progress = context.scene.tar_settings, context.window_manager.tar_progress
        trouble = engine_trouble(context)
        if trouble:
            _draw_engine(context, layout.box().column(), trouble)
        row = layout.row(align=True)
        row.prop(settings, "video")
        # An operator, because the button of a file property does not filter for videos.
        row.operator(TAR_OT_choose_video.bl_idname, text="", icon="FILEBROWSER")
        row.operator(TAR_OT_record_video.bl_idname, text="", icon="REC")
        _draw_video(context, layout)

        button = layout.column()
        button.scale_y = 1.4
        button.enabled = progress.captures or not progress.running
        text = "Add to Queue" if progress.running and progress.captures else TAR_OT_import_video_motion.bl_label
        button.operator(TAR_OT_import_video_motion.bl_idname, text=text, icon="ARMATURE_DATA")
        if progress.running:
            _draw_progress(layout, progress)
        else:
            layout.operator(TAR_OT_import_motion_file.bl_idname, icon="IMPORT")
        if progress.error:
            _draw_text(context, layout.box(), without_folders(progress.error), "ERROR")
            layout.operator(TAR_OT_copy_report.bl_idname, icon="COPYDOWN")
        if notice := progress.shown_notice():
            _draw_text(context, layout.box(), notice, "INFO")


class TAR_PT_capture(_SidebarPanel, bpy.types.Panel):
    bl_label = "Capture"
    bl_parent_id = "TAR_PT_sidebar"

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.split_layout(), context.scene.tar_settings
        layout.prop(settings, "frames")
        if settings.frames == "part":
            frames = layout.column(align=True)
            frames.prop(settings, "first_frame")
            frames.prop(settings, "last_frame")
        if settings.people != "box" and settings.video and has_shots(context, str(settings.video_path)):
            layout.prop(context.window_manager.tar_detected, "shot")
        layout.prop(settings, "people")
        if settings.people == "count":
            layout.prop(settings, "people_count")
        if settings.people == "picked":
            self._draw_detected(context, layout, settings)
        if settings.people == "box":
            self._draw_box(layout, settings)
        _draw_views(layout, settings)
        draw_lens(layout, settings)
        draw_capture_options(layout, settings)
        layout.prop(settings, "body")
        preferences = addon_preferences(context)
        if settings.body == "smpl" and preferences is not None:
            layout.prop(preferences, "body_file", text="File")
            layout.prop(settings, "gender")

    def _draw_detected(self, context: bpy.types.Context, layout: bpy.types.UILayout, settings: TARSettings) -> None:
        detected = context.window_manager.tar_detected
        layout.operator(TAR_OT_find_people.bl_idname, icon="VIEWZOOM")
        if settings.video and detected.video == str(settings.video_path):
            draw_detected(context, layout.column(align=True), detected)

    def _draw_box(self, layout: bpy.types.UILayout, settings: TARSettings) -> None:
        text = TAR_OT_draw_box.bl_label if settings.drawn_box() is None else "Draw Box Again"
        layout.operator(TAR_OT_draw_box.bl_idname, text=text, icon="SELECT_SET")
        column = layout.column(align=True)
        for name in ("box_frame", "box_left", "box_top", "box_right", "box_bottom"):
            column.prop(settings, name)


def _draw_views(layout: bpy.types.UILayout, settings: TARSettings) -> None:
    column = layout.column(align=True)
    for index, view in enumerate(settings.views):
        row = column.row(align=True)
        row.label(text=bpy.path.basename(view.path), icon="CAMERA_DATA")
        row.operator(TAR_OT_remove_view.bl_idname, text="", icon="X").index = index
    column.operator(TAR_OT_add_views.bl_idname, icon="ADD")


class TAR_PT_scene(_SidebarPanel, bpy.types.Panel):
    bl_label = "Scene"
    bl_parent_id = "TAR_PT_sidebar"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        draw_scene_settings(self.split_layout(), context.scene.tar_settings)


class TAR_PT_people(_SidebarPanel, bpy.types.Panel):
    bl_label = "People"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(imported_clips(scene_of(context)) or scene_people(scene_of(context)))

    def draw(self, context: bpy.types.Context) -> None:
        scene = scene_of(context)
        clips = imported_clips(scene)
        if scene.camera in map(camera_of, clips) and cube_in_the_way(scene, scene.camera):
            self.layout.operator(TAR_OT_hide_cube.bl_idname, icon="CUBE")
        for clip in clips:
            self._draw_clip(context, self.layout.box().column(), clip)
        if alone := people_without_clip(scene):
            column = self.layout.box().column()
            column.label(text="Without a clip", icon="FILE_MOVIE")
            for armature in alone:
                _draw_person(context, column, armature)

    def _draw_clip(self, context: bpy.types.Context, layout: bpy.types.UILayout, clip: bpy.types.Collection) -> None:
        row = layout.row(align=True)
        row.label(text=clip.name, icon="FILE_MOVIE")
        row.operator(TAR_OT_view_camera.bl_idname, text="", icon="VIEW_CAMERA").clip = clip.name
        row.operator(TAR_OT_delete_clip.bl_idname, text="", icon="TRASH").clip = clip.name
        for armature in people_of(clip):
            _draw_person(context, layout, armature, is_in_clip=True)
        _draw_rate(context, layout, clip)
        if quality := _quality_text(clip):
            layout.label(text=quality, icon="VIEWZOOM")
        if about_lens(clip):
            layout.label(text=about_lens(clip), icon="CAMERA_DATA")
        if about_floor(clip):
            _draw_text(context, layout, about_floor(clip), "MESH_GRID")
        column = layout.column(align=True)
        column.operator(TAR_OT_feet_on_ground.bl_idname, icon="TRIA_DOWN_BAR").clip = clip.name
        column.operator(TAR_OT_floor_from_objects.bl_idname, icon="OUTLINER_OB_EMPTY").clip = clip.name
        row = layout.row()
        record = clip_record(clip)
        row.enabled = record is not None and find_motion(record.motion, cache_folder(context)) is not None
        text = "Re-import..." if row.enabled else "Motion No Longer in Cache" if record else "Record Is Damaged"
        row.operator(TAR_OT_reimport_clip.bl_idname, text=text, icon="FILE_REFRESH").clip = clip.name


class TAR_MT_video_motion(bpy.types.Menu):
    """Operators of the sidebar, for menu search and shortcuts"""

    bl_label = "Video Motion"

    def draw(self, context: bpy.types.Context) -> None:
        for operator in (
            TAR_OT_choose_video,
            TAR_OT_record_video,
            TAR_OT_import_video_motion,
            TAR_OT_cancel_import,
            TAR_OT_find_people,
            TAR_OT_draw_box,
            TAR_OT_import_motion_file,
            TAR_OT_reduce_keys,
            *EDIT_OPERATORS,
            TAR_OT_create_motion_asset,
            TAR_OT_bake_frame_rate,
            TAR_OT_export_person,
            TAR_OT_export_people,
            TAR_OT_retarget,
        ):
            self.layout.operator(operator.bl_idname)


def _draw_in_object_menu(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.menu(TAR_MT_video_motion.__name__)


def _draw_engine(context: bpy.types.Context, layout: bpy.types.UILayout, trouble: str) -> None:
    error = context.window_manager.tar_engine.error
    _draw_text(context, layout, error or trouble, "ERROR" if error else "INFO")
    if not own_python(context):  # it would still be used
        draw_set_up(layout, context)


def _draw_person(
    context: bpy.types.Context, layout: bpy.types.UILayout, armature: bpy.types.Object, is_in_clip: bool = False
) -> None:
    """Draw the row of a person, and the tools below it if the person is active."""
    row = layout.row(align=True)
    active = context.view_layer.objects.active == armature
    select = row.operator(TAR_OT_select_person.bl_idname, text=armature.name, icon="ARMATURE_DATA", depress=active)
    select.person = armature.name
    eye: Any = "HIDE_ON" if armature.hide_get() else "HIDE_OFF"
    row.operator(TAR_OT_hide_person.bl_idname, text="", icon=eye).person = armature.name
    row.operator(TAR_OT_delete_person.bl_idname, text="", icon="X").person = armature.name
    if active:
        _draw_ranges(layout, uncertain_ranges_of(armature))
        _draw_ranges(layout, implausible_ranges_of(armature) or [])
        if is_in_clip:  # the captured motion is that of a clip
            draw_person_edits(context, layout, armature)
        draw_ik_controls(layout, armature)


def _draw_rate(context: bpy.types.Context, layout: bpy.types.UILayout, clip: bpy.types.Collection) -> None:
    """Draw a warning if a clip plays at another speed, as after it was appended to another file."""
    keyed, rate = key_rate(clip), frame_rate(scene_of(context))
    if keyed is None or abs(keyed / rate - 1) <= SAME_RATE:
        return
    column = layout.column(align=True)
    speed = f"Plays at {100 * rate / keyed:.0f} % speed: keyed for {keyed:.5g} fps, the scene has {rate:.5g}"
    _draw_text(context, column, speed, "ERROR")
    column.operator(TAR_OT_bake_frame_rate.bl_idname, icon="TIME")


def _draw_ranges(layout: bpy.types.UILayout, ranges: Sequence[UncertainRange]) -> None:
    """Draw a button for each range of frames to check, which goes to its first frame."""
    column = layout.column(align=True)
    for found in ranges[:_MAX_RANGES]:
        text = f"{found.first} to {found.last}: {found.what}"  # the frames first: a narrow sidebar cuts off the rest
        show = column.operator(TAR_OT_show_frame.bl_idname, text=text, icon="ERROR")
        show.frame, show.what = found.first, f"{found.what[0].upper()}{found.what[1:]}"
    if len(ranges) > _MAX_RANGES:
        column.label(text=f"and {len(ranges) - _MAX_RANGES} more", icon="BLANK1")


def _quality_text(clip: bpy.types.Collection) -> str:
    """The number of implausible ranges of all people of a clip; empty if an older version imported the clip."""
    checked = [ranges for armature in people_of(clip) if (ranges := implausible_ranges_of(armature)) is not None]
    count = sum(map(len, checked))
    found = f"{count} range{'s' if count > 1 else ''} to check" if count else "nothing to check"
    return f"Quality: {found}" if checked else ""


def _draw_video(context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
    """Draw the thumbnail and the facts about the video, or why it cannot be read."""
    video = context.window_manager.tar_video
    if not video.path or video.path != context.scene.tar_settings.video:  # facts about the video of another scene
        return
    if video.error:
        _draw_text(context, layout.box(), without_folders(video.error), "ERROR")
        return
    column = layout.box().column(align=True)
    column.template_icon(_thumbnails.icon(context.scene.tar_settings.video_path), scale=_THUMBNAIL_SCALE)
    row = column.row()
    row.alignment = "CENTER"
    row.label(text=video.facts)


def _draw_progress(layout: bpy.types.UILayout, progress: TARProgress) -> None:
    column = layout.box().column(align=True)
    column.label(text=progress.video, icon="FILE_MOVIE")
    column.progress(factor=progress.fraction, type="BAR", text=progress.stage)
    column.label(text=progress.pace or " ")
    delay = live_delay()
    if progress.records and delay is not None:
        column.label(text=delay_text(delay))
    stop: tuple[str, Any] = ("Stop", "SNAP_FACE") if progress.records else ("Cancel", "X")
    column.operator(TAR_OT_cancel_import.bl_idname, text=stop[0], icon=stop[1])
    for index, queued in enumerate(progress.queue):
        row = column.row(align=True)
        row.label(text=queued.name, icon="TIME")
        row.operator(TAR_OT_unqueue_import.bl_idname, text="", icon="X").index = index


def _draw_text(context: bpy.types.Context, layout: bpy.types.UILayout, text: str, icon: Any) -> None:
    """Draw text, wrapped to the width of a box in the sidebar."""
    scale = context.preferences.system.ui_scale
    width = int(context.region.width / (_PIXELS_PER_CHARACTER * scale)) - 8
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(sentence(text), max(width, 16))):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")


_CLASSES = (TAR_PT_sidebar, TAR_PT_capture, TAR_PT_scene, TAR_PT_people, TAR_MT_video_motion)


def register() -> None:
    global _thumbnails
    _thumbnails = Thumbnails()
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.VIEW3D_MT_object.append(_draw_in_object_menu)


def unregister() -> None:
    global _thumbnails
    bpy.types.VIEW3D_MT_object.remove(_draw_in_object_menu)
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
    _thumbnails.close()
    _thumbnails = None
