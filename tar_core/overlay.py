"""Draws the captured bodies over the video they come from."""

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.camera.crop_camera import MIN_DEPTH, project
from tar_core.capture.progress import Progress
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import NUM_JOINTS
from tar_core.video.prefetch import prefetch
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter

COLORS = ((102, 166, 255), (255, 160, 90), (120, 220, 130), (235, 120, 200), (245, 215, 90), (120, 225, 225))  # RGB
OPACITY = 0.7
OPACITY_UNSEEN = 0.3  # where the motion is interpolated
AMBIENT = 0.35  # light on surfaces that are seen edge on
SUBPIXEL_BITS = 4  # OpenCV draws at sixteenths of a pixel


def body_of_clip(clip: MotionClip) -> BodyModel:
    """The body that the clip's shapes belong to.

    Raises:
        TarError: the user's body file is gone or damaged.
    """
    return BodyModel(load_body(None if clip.body == "free" else Path(clip.body)))


def posed_vertices(person: PersonMotion, row: int, body: BodyModel) -> np.ndarray:
    """[V, 3] in the clip's camera frame, meters; `row` counts the person's own frames."""
    rotations = axis_angle_to_matrix(torch.from_numpy(person.poses[row].reshape(1, NUM_JOINTS, 3)))
    with torch.inference_mode():
        vertices = body.vertices(rotations, torch.from_numpy(person.betas)[None])
    return vertices[0].numpy() + person.trans[row]


def draw_people(image: np.ndarray, clip: MotionClip, frame_index: int, body: BodyModel) -> np.ndarray:
    """The image with everybody's body drawn over it, half transparent, the nearest in front.

    Args:
        image: [H, W, 3] uint8 RGB, frame `frame_index` of the clip's video.
        body: `body_of_clip(clip)`, made once.

    Returns:
        A new image of the same shape.
    """
    faces = body.faces.numpy()
    focal_length = float(clip.focal_lengths(np.array([frame_index]))[0])
    drawn = image.copy()
    present = []
    for number, person in enumerate(clip.people):
        row = frame_index - int(person.frames[0])
        if 0 <= row < len(person):
            opacity = OPACITY if person.confidence[row] > 0 else OPACITY_UNSEEN
            vertices = clip.in_camera(posed_vertices(person, row, body), frame_index).astype(np.float32)
            present.append((vertices, COLORS[number % len(COLORS)], opacity))
    for vertices, color, opacity in sorted(present, key=lambda entry: -float(entry[0][:, 2].mean())):
        layer = paint_mesh(vertices, faces, focal_length, clip.principal_point, (image.shape[0], image.shape[1]), color)
        x, y, width, height = cv2.boundingRect(layer[..., 3])
        region = np.s_[y : y + height, x : x + width]
        alpha = layer[region][..., 3:] * np.float32(opacity / 255)
        below, above = drawn[region].astype(np.float32), layer[region][..., :3]
        drawn[region] = below + alpha * (above - below)
    return drawn


def paint_mesh(
    vertices: np.ndarray,
    faces: np.ndarray,
    focal_length: float,
    principal_point: np.ndarray,
    size: tuple[int, int],
    color: tuple[int, int, int],
) -> np.ndarray:
    """One body on a transparent layer [H, W, 4] uint8, lit from the camera.

    The painter's algorithm: the faces that look at the camera, from the farthest to the nearest.

    Args:
        vertices: [V, 3] camera frame, meters.
        faces: [F, 3], counter-clockwise seen from outside.
        size: (height, width) of the layer.
    """
    height, width = size
    corners = vertices[faces]  # (F, 3, 3)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    middles = corners.mean(1)
    lengths = np.linalg.norm(normals, axis=1) * np.linalg.norm(middles, axis=1)
    facing = -(normals * middles).sum(1) / np.maximum(lengths, 1e-12)  # cosine between the normal and the line of sight
    pixels = project(corners, focal_length, principal_point)
    inside = (pixels.max(1) > 0).all(1) & (pixels.min(1) < (width, height)).all(1)
    visible = np.flatnonzero((facing > 0) & inside & (corners[..., 2] > MIN_DEPTH).all(1))
    order = visible[np.argsort(-middles[visible, 2])]

    layer = np.zeros((height, width, 4), np.uint8)
    polygons = np.round(pixels[order] * 2**SUBPIXEL_BITS).astype(np.int32)
    shades = (AMBIENT + (1 - AMBIENT) * facing[order, None]) * np.array(color)
    for polygon, shade in zip(polygons, shades.tolist(), strict=True):
        cv2.fillConvexPoly(layer, polygon, (*shade, 255), shift=SUBPIXEL_BITS)
    return layer


def write_overlay(
    clip: MotionClip,
    video: str | Path,
    output: str | Path,
    progress: Callable[[Progress], None] | None = None,
    start: int = 0,
    end: int | None = None,
) -> None:
    """Writes the clip's video with the bodies drawn over it (without sound).

    Args:
        video: the one the clip was captured from.
        output: an `.mp4`.
        progress: called after each frame.
        start, end: the part to write, both included; None is the video's end. Frames without anybody are written too.

    Raises:
        TarError: the video cannot be read, or the output cannot be written.
    """
    body = body_of_clip(clip)
    reader = VideoReader(video)
    total = reader.frames_in(start, end)
    began = time.monotonic()
    with VideoWriter(output, clip.fps, clip.width, clip.height) as writer:
        for done, frame in enumerate(prefetch(reader.frames(start, end)), start=1):
            writer.write(draw_people(frame.image, clip, frame.index, body))
            if progress is not None:
                progress(Progress("overlay", done, total, done / max(time.monotonic() - began, 1e-6)))
