"""Clips on disk: shards of JPEG images with ground truth."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np

from tar_core.camera.crop import Crop
from tar_core.errors import TarError
from tar_core.files import atomic_path

CLIP_FRAMES = 9  # T, the network's window
CLIPS_PER_SHARD = 50
_JPEG_QUALITY = 95


@dataclass(frozen=True)
class Clip:
    """T consecutive crops of one person with ground truth.

    Camera coordinates are those of the whole frame's camera (OpenCV convention, meters), not of the rolled crop camera.

    Attributes:
        images: [T, 256, 256, 3] uint8 RGB, cut at `crops`.
        poses: [T, 24, 3] axis-angle; the first joint is the orientation in camera coordinates.
        betas: [10].
        trans: [T, 3] SMPL's translation: vertices = LBS(poses, betas) + trans.
        joints: [T, 24, 3] joints in camera coordinates.
        crops: [T, 4] center x, center y, size (frame pixels), roll (radians); see `tar_core.camera.crop.Crop`.
        focal_length: frame pixels.
        principal_point: [2] frame pixels.
        frame_size: [2] width and height of the frame, pixels.
        truncated: whether parts of the person lie outside the frame or the crop.
        occluded: whether an object hides a part of the person.
        motion: name of the recording.
    """

    images: np.ndarray
    poses: np.ndarray
    betas: np.ndarray
    trans: np.ndarray
    joints: np.ndarray
    crops: np.ndarray
    focal_length: np.ndarray
    principal_point: np.ndarray
    frame_size: np.ndarray
    truncated: np.ndarray
    occluded: np.ndarray
    motion: np.ndarray

    def crop(self, frame: int) -> Crop:
        """The crop of a frame."""
        center_x, center_y, size, roll = self.crops[frame].tolist()
        return Crop(center_x, center_y, size, roll)


_LABELS = tuple(field.name for field in fields(Clip) if field.name != "images")


def write_shard(path: Path, clips: list[Clip]) -> None:
    """Write clips to one .npz file: every label stacked, the images as concatenated JPEG files."""
    encoded = [_encode(image) for clip in clips for image in clip.images]
    ends = np.cumsum([len(data) for data in encoded])
    labels = {name: np.stack([np.asarray(getattr(clip, name)) for clip in clips]) for name in _LABELS}
    with atomic_path(path) as temporary:
        np.savez(temporary, jpeg=np.frombuffer(b"".join(encoded), np.uint8), jpeg_ends=ends, **labels)


def read_shard(path: Path) -> list[Clip]:
    """Read the clips of one file.

    Raises:
        TarError: the file is missing or damaged.
    """
    try:
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
        starts = np.concatenate([[0], arrays["jpeg_ends"][:-1]])
        images = np.stack(
            [
                cv2.imdecode(arrays["jpeg"][start:end], cv2.IMREAD_COLOR)[..., ::-1]
                for start, end in zip(starts, arrays["jpeg_ends"], strict=True)
            ]
        )
        count = len(arrays["betas"])
        images = images.reshape(count, -1, *images.shape[1:])
        return [Clip(images=images[k], **{name: arrays[name][k] for name in _LABELS}) for k in range(count)]
    except (OSError, ValueError, KeyError) as error:
        raise TarError(f"{path}: not a readable shard ({error}); delete it and render it again") from error


class ClipShards:
    """The shards that a folder holds at construction time.

    Raises:
        TarError: the folder holds no shard.
    """

    def __init__(self, folder: Path | str):
        self.paths = sorted(Path(folder).glob("shard-*.npz"))
        if not self.paths:
            raise TarError(
                f"{folder}: no shards; make some with `python -m tar_core.synthetic` or `python -m tar_core.datasets`"
            )

    def __len__(self) -> int:
        """Number of shards."""
        return len(self.paths)

    def __iter__(self) -> Iterator[Clip]:
        """Iterate over all clips, with one shard in memory at a time."""
        for path in self.paths:
            yield from read_shard(path)


def _encode(image: np.ndarray) -> bytes:
    done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    assert done
    return data.tobytes()
