"""Contact sheets of the world benchmark: the image with skeletons, and side and top views of the same frames.

True skeletons are green, captured ones red. In side and top view both are placed by their own camera: it is above the
origin and looks along +y, and the floor is z = 0, so that errors of depth, scale and tilt are seen.
"""

from pathlib import Path

import cv2
import numpy as np

from benchmarks.world.people import Z_UP, WorldPerson, captured_people, true_people
from benchmarks.world.truth import Truth
from tar_core.body.data import BodyData
from tar_core.camera.placement import WorldPlacement
from tar_core.cleanup.pipeline import CleanMotion
from tar_core.motion import Floor
from tar_core.skeleton import NUM_JOINTS, PARENTS
from tar_core.video.reader import VideoReader

FRAMES = 5  # columns of a sheet
WIDTH = 420  # pixels of a column
VIEW_HEIGHTS = (220, 260)  # pixels of the side and the top view
TRUE, CAPTURED, GRID = (40, 160, 60), (220, 60, 50), (225, 225, 225)  # RGB


def draw_sheet(video: Path, truth: Truth, clean: CleanMotion, body: BodyData, output: Path) -> None:
    """Write the contact sheet of a captured video as an image."""
    true = [_from_first_camera(person, truth) for person in true_people(truth, body)]
    captured = captured_people(clean.clip, clean.placement, body)
    joints = np.concatenate([person.joints.reshape(-1, 3) for person in [*true, *captured]])
    low, high = np.percentile(joints, 0.5, axis=0) - 0.4, np.percentile(joints, 99.5, axis=0) + 0.4
    low[2] = -0.5
    wanted = np.linspace(0, len(truth) - 1, FRAMES + 2)[1:-1].astype(int)
    columns = []
    for frame in VideoReader(video).frames(0, len(truth) - 1):
        if frame.index not in wanted:
            continue
        image = frame.image.copy()
        views = [np.full((height, WIDTH, 3), 255, np.uint8) for height in VIEW_HEIGHTS]
        for view, axes in zip(views, ((1, 2), (1, 0)), strict=True):
            _grid(view, low[list(axes)], high[list(axes)])
        for people, color in ((true, TRUE), (captured, CAPTURED)):
            for person in people:
                _draw_person(image, views, person, frame.index, color, low, high)
        height = round(image.shape[0] * WIDTH / image.shape[1])
        columns.append(np.vstack([cv2.resize(image, (WIDTH, height), interpolation=cv2.INTER_AREA), *views]))
    cv2.imwrite(str(output), np.hstack(columns)[..., ::-1])


def _from_first_camera(person: WorldPerson, truth: Truth) -> WorldPerson:
    """A true person in a world whose origin is below the first camera, which looks along +y."""
    rotation, position = truth.rotations[0], truth.positions[0]
    placement = WorldPlacement.on_floor(Floor(truth.up, float(position[1])))
    points = (person.joints @ Z_UP - position) @ rotation.T
    return WorldPerson(**{**vars(person), "joints": placement.points(points)})


def _draw_person(
    image: np.ndarray,
    views: list[np.ndarray],
    person: WorldPerson,
    frame: int,
    color: tuple[int, int, int],
    low: np.ndarray,
    high: np.ndarray,
) -> None:
    """Draw a person's skeleton into the image and both views, and its root's path into the top view."""
    row = frame - int(person.frames[0])
    for view, axes in zip(views, ((1, 2), (1, 0)), strict=True):
        limits = low[list(axes)], high[list(axes)]
        path = _to_pixels(person.joints[:, 0][:, axes], view, *limits)
        cv2.polylines(view, [path.astype(np.int32)], False, color, 1, cv2.LINE_AA)
        if 0 <= row < len(person.frames):
            _skeleton(view, _to_pixels(person.joints[row][:, axes], view, *limits), color, 2)
    if 0 <= row < len(person.frames):
        _skeleton(image, person.pixels[row], color, max(2, image.shape[1] // 400))


def _to_pixels(points: np.ndarray, view: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Pixels of points [N, 2] in meters, at the same scale in both axes, the first axis to the right."""
    scale = min(view.shape[1] / (high[0] - low[0]), view.shape[0] / (high[1] - low[1]))
    return np.stack([(points[:, 0] - low[0]) * scale, view.shape[0] - (points[:, 1] - low[1]) * scale], 1)


def _grid(view: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """Draw a line for every meter, the zero lines darker."""
    for value in range(int(np.floor(low[0])), int(np.ceil(high[0])) + 1):
        x = int(_to_pixels(np.array([[value, low[1]]]), view, low, high)[0, 0])
        cv2.line(view, (x, 0), (x, view.shape[0]), GRID, 1)
    for value in range(int(np.floor(low[1])), int(np.ceil(high[1])) + 1):
        y = int(_to_pixels(np.array([[low[0], value]]), view, low, high)[0, 1])
        cv2.line(view, (0, y), (view.shape[1], y), (130, 130, 130) if value == 0 else GRID, 1)


def _skeleton(image: np.ndarray, pixels: np.ndarray, color: tuple[int, int, int], thickness: int) -> None:
    for joint in range(1, NUM_JOINTS):
        ends = [tuple(int(value) for value in np.clip(pixels[k], -9999, 9999)) for k in (PARENTS[joint], joint)]
        cv2.line(image, ends[0], ends[1], color, thickness, cv2.LINE_AA)
