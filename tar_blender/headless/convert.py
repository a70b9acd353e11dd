"""Conversion of a clip to the output files of the headless command."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import bpy

from tar_core.arguments import from_arguments
from tar_core.files import check_outputs
from tar_core.motion import MotionClip
from tar_core.shot_files import save_shots

from ..editing.key_reduction import Tolerance, reduce_keys
from ..export.amass import ENDING as AMASS_ENDING
from ..export.formats import has_one_person, person_files, save_each, save_scene
from ..retarget.character_file import replace_person
from ..retarget.retarget import BakeOptions
from ..scene.build import import_steps, record_import
from ..scene.frame_rate import set_frame_rate
from ..scene.options import ImportOptions
from ..util.blender_types import scene_of
from ..util.incremental import finish
from .arguments import MOTION, NAME, input_files


def convert(
    clips: Sequence[MotionClip], outputs: Sequence[Path], arguments: argparse.Namespace
) -> tuple[int, list[Path]]:
    """Build the clips of a video in an empty scene and write its files.

    Returns:
        The number of people, and the written files.
    """
    # The objects and settings of the startup file must not affect the result.
    bpy.ops.wm.read_homefile(use_empty=True)
    if arguments.fps is not None:
        set_frame_rate(scene_of(bpy.context), arguments.fps)
    timing = "video" if arguments.fps is None else "scene"
    options = from_arguments(ImportOptions, arguments, timing=timing)
    imported = finish(import_steps(clips, bpy.context, options))
    record_import(imported, "", options)
    for warning in (warning for built in imported for warning in built.warnings):
        print(f"{NAME}: {warning}", file=sys.stderr)
    characters = [person.armature for built in imported for person in built.people]
    num_people = len(characters)
    check_outputs(
        [file for output in outputs for file in _files_of(output, num_people, arguments.separate)],
        input_files(arguments),
    )
    # AMASS files have the people, whom characters replace below.
    amass = {output: save_each(output, characters) for output in outputs if _is_amass(output)}
    if arguments.character is not None:
        baking = BakeOptions(arguments.limbs, arguments.root_motion)
        replaced = [replace_person(person, arguments.character, baking) for person in characters]
        characters = [character for character, _ in replaced]
        for message in (message for _, messages in replaced for message in messages):
            print(f"{NAME}: {message}", file=sys.stderr)
    if arguments.reduce_keys is not None:
        for character in characters:
            reduce_keys(character, Tolerance(degrees=arguments.reduce_keys))
    written: list[Path] = []
    for output in outputs:
        if output in amass:
            written += amass[output]
        elif is_motion(output):
            save_shots(output, [built.clip for built in imported])
            written.append(output)
        elif arguments.separate:
            written += save_each(output, characters)
        else:
            written += save_scene(output)
    return num_people, written


def _files_of(output: Path, people: int, is_separate: bool) -> list[Path]:
    """Return the files that are written for an output."""
    has_several = has_one_person(output) or (is_separate and output.suffix.lower() not in (".blend", f".{MOTION}"))
    return person_files(output, people) if has_several else [output]


def _is_amass(output: Path) -> bool:
    return output.name.lower().endswith(f".{AMASS_ENDING}")


def is_motion(file: Path) -> bool:
    """Whether a file is a motion file, which needs no scene."""
    return file.suffix.lower() == f".{MOTION}"
