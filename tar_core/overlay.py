"""Overlay videos: the captured bodies drawn over the video."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from tar_core.body.data import BodyData, body_of_clip
from tar_core.body.skinning import posed_vertices
from tar_core.camera.crop_camera import MIN_DEPTH, project
from tar_core.capture.progress import Progress
from tar_core.motion import MotionClip
from tar_core.video.prefetch import prefetch
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter

COLORS = ((102, 166, 255), (255, 160, 90), (120, 220, 130), (235, 120, 200), (245, 215, 90), (120, 225, 225))  # RGB
OPACITY = 0.7
OPACITY_UNSEEN = 0.3  # in frames in which the motion is interpolated
AMBIENT = 0.35  # brightness of surfaces seen edge-on
SUBPIXEL_BITS = 4  # OpenCV draws with a precision of 1/16 pixel


def draw_people(image: np.ndarray, clip: MotionClip, frame_index: int, body: BodyData) -> np.ndarray:
    """Draw the bodies of all people over an image, half transparent, with the nearest in front.

    Args:
        image: [H, W, 3] uint8 RGB, frame `frame_index` of the clip's video.
        body: the clip's body (see `body_of_clip`).

    Returns:
        A new image of the same shape.
    """
    focal_length = float(clip.focal_lengths(np.array([frame_index]))[0])
    size = image.shape[0], image.shape[1]
    drawn = image.copy()
    present = []
    for number, person in enumerate(clip.people):
        row = frame_index - int(person.frames[0])
        if 0 <= row < len(person):
            opacity = OPACITY if person.confidence[row] > 0 else OPACITY_UNSEEN
            vertices = posed_vertices(body, person.poses[row], person.betas) + person.trans[row]
            vertices = clip.in_camera(vertices, frame_index).astype(np.float32)
            present.append((vertices, COLORS[number % len(COLORS)], opacity))
    for vertices, color, opacity in sorted(present, key=lambda entry: -float(entry[0][:, 2].mean())):
        layer = paint_mesh(vertices, body.faces, focal_length, clip.principal_point, size, color)
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
    """Render a body, lit from the camera, with the painter's algorithm.

    The faces that face the camera are drawn from the farthest to the nearest.

    Args:
        vertices: [V, 3] in the camera frame, meters.
        faces: [F, 3] triangles, counter-clockwise seen from outside.
        focal_length: pixels.
        principal_point: [2] pixels.
        size: height and width of the result.
        color: RGB, 0 to 255.

    Returns:
        [H, W, 4] uint8 RGBA layer.
    """
    height, width = size
    corners = vertices[faces]  # (F, 3, 3)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    middles = corners.mean(1)
    lengths = np.linalg.norm(normals, axis=1) * np.linalg.norm(middles, axis=1)
    facing = -(normals * middles).sum(1) / np.maximum(lengths, 1e-12)  # cosine between normal and line of sight
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
    clips: Sequence[MotionClip],
    video: str | Path,
    output: str | Path,
    progress: Callable[[Progress], None] | None = None,
    start: int = 0,
    end: int | None = None,
) -> None:
    """Write a video with the bodies drawn over it, without sound.

    Args:
        clips: the motion in each shot of the video, with people on the same body.
        video: the video that the clips were captured from.
        output: path of the .mp4 file to write.
        progress: called after each frame.
        start, end: first and last frame, both included; None is the end of the video. Frames without people are
            written too.

    Raises:
        TarError: the video cannot be read, the output cannot be written, or the body file is missing.
    """
    clip, body = clips[0], body_of_clip(clips[0])
    reader = VideoReader(video)
    total = reader.frames_in(start, end)
    began = time.monotonic()
    with VideoWriter(output, clip.fps, clip.width, clip.height) as writer:
        for done, frame in enumerate(prefetch(reader.frames(start, end)), start=1):
            image = frame.image
            for shot in clips:
                image = draw_people(image, shot, frame.index, body)
            writer.write(image)
            if progress is not None:
                progress(Progress("overlay", done, total, done / max(time.monotonic() - began, 1e-6)))
