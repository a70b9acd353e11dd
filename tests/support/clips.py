"""Synthetic motion clips and videos for tests."""

import struct
from dataclasses import replace
from math import cos, radians, sin
from pathlib import Path

import numpy as np

from tar_core.motion import MotionClip, PersonMotion
from tar_core.people.selection import THUMBNAIL_SIZE, DetectedPerson
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.shots import Shot

STEP = 10  # vertices are compared on every tenth frame

FACING_CAMERA = np.diag([1.0, -1.0, -1.0])  # global_orient of an upright person who faces the camera


def synthetic_clip(
    frames: int = 61,
    first_frame: int = 3,
    people: int = 1,
    fps: float = 30000 / 1001,
    width: int = 1280,
    height: int = 720,
    principal_point: tuple[float, float] = (601.5, 388.25),
) -> MotionClip:
    """People who move all joints smoothly, turn around and walk across the image, and an off-center camera."""
    return MotionClip(
        fps=fps,
        width=width,
        height=height,
        focal_length=1.1 * max(width, height),
        principal_point=np.array(principal_point),
        source="clips/Dance 01.mp4",
        people=[synthetic_person(i + 1, frames, first_frame + 5 * i) for i in range(people)],
    )


def clips_of_shots(width: int = 1280, height: int = 720) -> list[MotionClip]:
    """Two shots of 30 frames, with one person each, the second through a longer lens."""
    clips = []
    for number in (1, 2):
        first = 30 * (number - 1)
        clip = synthetic_clip(frames=30, first_frame=first, fps=30, width=width, height=height)
        person = replace(clip.people[0], person_id=number)
        shot = Shot(number, first, first + 29)
        clips.append(replace(clip, people=[person], shot=shot, focal_length=number * clip.focal_length))
    return clips


def synthetic_person(person_id: int, frames: int, first_frame: int) -> PersonMotion:
    rng = np.random.default_rng(person_id)
    time = np.arange(frames) / 30
    frequency, phase = rng.uniform(0.3, 1.5, 72), rng.uniform(0, 2 * np.pi, 72)
    poses = 0.5 * np.sin(2 * np.pi * frequency * time[:, None] + phase)
    # One and a half rotations every two seconds, with a lean: half rotations flip the signs of quaternions.
    turn = axis_angle_to_matrix(np.stack([0.2 * np.sin(time), 1.5 * np.pi * time, 0.1 * np.cos(time)], 1))
    poses[:, :3] = matrix_to_axis_angle(FACING_CAMERA @ turn)
    trans = np.stack([0.8 * np.sin(1.3 * time) + person_id - 1, 0.2 + 0.1 * np.sin(5 * time), 4 + np.cos(time)], 1)
    return PersonMotion(
        person_id=person_id,
        poses=poses,
        betas=rng.normal(size=10),
        trans=trans,
        frames=np.arange(first_frame, first_frame + frames),
        boxes=np.zeros((frames, 4)),
        confidence=np.ones(frames),
    )


def detected_person(number: int, gray: int) -> DetectedPerson:
    """A person in frames 0 to 11, with a box further right for each number, and a gray thumbnail with a white top."""
    boxes = np.tile([100.0 * number, 10, 100 * number + 40, 110], (2, 1))
    thumbnail = np.full((THUMBNAIL_SIZE, THUMBNAIL_SIZE // 2, 3), gray, np.uint8)
    thumbnail[:10] = 255
    return DetectedPerson(number, np.array([0, 11]), boxes, thumbnail)


def phone_video(video: Path, rotation: int, path: Path) -> Path:
    """Copy an MP4 file with the rotation tag of a phone: players rotate the frames counterclockwise by it."""
    content = bytearray(video.read_bytes())
    header = content.index(b"tkhd") - 4
    (size,) = struct.unpack_from(">I", content, header)
    cosine, sine = round(cos(radians(rotation))) << 16, round(sin(radians(rotation))) << 16
    struct.pack_into(">5i", content, header + size - 44, cosine, -sine, 0, sine, cosine)
    path.write_bytes(content)
    return path


def make_person(person_id: int = 0, count: int = 7, first: int = 3) -> PersonMotion:
    """Random motion of one person."""
    rng = np.random.default_rng(person_id)
    return PersonMotion(
        person_id=person_id,
        poses=rng.normal(size=(count, 72)),
        betas=rng.normal(size=10),
        trans=rng.normal(size=(count, 3)),
        frames=np.arange(first, first + count),
        boxes=rng.uniform(0, 100, size=(count, 4)),
        confidence=rng.uniform(size=count),
    )


def make_clip(people: list[PersonMotion]) -> MotionClip:
    """A clip of a portrait video."""
    return MotionClip(29.97, 1080, 1920, 2203.0, np.array([539.5, 959.5]), "a video.mp4", people)


def t_pose(frames: int) -> PersonMotion:
    """A person who stands still in the T-pose, facing a level camera."""
    person = synthetic_person(1, frames, 0)
    person.poses[:] = 0
    person.poses[:, 0] = np.pi
    person.trans[:] = (0, 0, 4)
    return person
