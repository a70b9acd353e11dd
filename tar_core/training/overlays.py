"""Images of a network's progress: its skeletons on crops of some test clips."""

from pathlib import Path

import cv2
import numpy as np
import torch

from tar_core.datasets.features import FeatureClips
from tar_core.datasets.shards import ClipShards
from tar_core.errors import TarError
from tar_core.evaluation.clips import refine_frames
from tar_core.model.tar import TAR
from tar_core.skeleton import PARENTS

COUNT, COLUMNS = 8, 4
_PREDICTED, _TRUE = (255, 140, 0), (255, 255, 255)  # RGB
_FRACTION_BITS = 4  # cv2 draws with a precision of 1/16 pixel


class Overlays:
    """The middle images of some test clips, evenly spaced among all.

    Args:
        shards: folder of the shards that the test clips' features were computed from; features contain no images.
        clips: the test clips.

    Raises:
        TarError: the features were not computed from these shards.
    """

    def __init__(self, shards: Path, clips: FeatureClips) -> None:
        self.clips = clips
        self.numbers = np.unique(np.linspace(0, len(clips) - 1, COUNT).round().astype(int)).tolist()
        selected = set(self.numbers)
        middle = clips.clip_length // 2
        self.images: list[np.ndarray] = []
        for number, clip in enumerate(ClipShards(shards)):
            if number in selected:
                poses = clips.batch([number], maps=False).poses.numpy()
                if poses.shape != clip.poses.shape or np.abs(poses - clip.poses).max() > 1e-4:
                    raise TarError(
                        f"{shards}: not the shards of the test clips; give those that the features were computed from"
                    )
                self.images.append(clip.images[middle])
            if len(self.images) == len(selected):
                break
        if len(self.images) < len(selected):
            raise TarError(f"{shards}: fewer clips than features; give the shards that they were computed from")

    @torch.no_grad()
    def draw(self, model: TAR, device: str = "cpu", maps: bool = True) -> np.ndarray:
        """Draw the true skeletons in white and the network's in orange on the crops, in rows of four.

        Returns:
            [H, W, 3] uint8 RGB.
        """
        length = self.clips.clip_length
        batch = self.clips.batch(self.numbers, maps=maps).to(device)
        middles = torch.arange(len(self.numbers), device=device) * length + length // 2
        predicted = refine_frames(model, batch, middles, length)[-1].joints_2d.cpu().numpy()
        true = batch.truth(model.body, middles).joints_2d.cpu().numpy()
        cells = []
        for image, predicted_joints, true_joints in zip(self.images, predicted, true, strict=True):
            cell = np.ascontiguousarray(image)
            draw_skeleton(cell, true_joints, _TRUE)
            draw_skeleton(cell, predicted_joints, _PREDICTED)
            cells.append(cell)
        cells += [np.zeros_like(cells[0])] * (-len(cells) % COLUMNS)
        rows = [np.concatenate(cells[start : start + COLUMNS], 1) for start in range(0, len(cells), COLUMNS)]
        return np.concatenate(rows)


def draw_skeleton(image: np.ndarray, joints: np.ndarray, color: tuple[int, int, int]) -> None:
    """Draw SMPL's bones into an image.

    Args:
        image: [H, W, 3], changed in place.
        joints: [24, 2] pixels.
    """
    scaled = np.clip(joints, -1000, 1000) * 2**_FRACTION_BITS
    points = [(round(float(x)), round(float(y))) for x, y in scaled]
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            cv2.line(image, points[parent], points[joint], color, 2, cv2.LINE_AA, _FRACTION_BITS)


def write_overlay(path: Path, image: np.ndarray) -> None:
    """Write an image [H, W, 3] RGB as JPEG and create its folder.

    Raises:
        TarError: it cannot be written.
    """
    path.parent.mkdir(exist_ok=True)
    if not cv2.imwrite(str(path), image[..., ::-1]):
        raise TarError(f"{path}: cannot be written; free some disk space")
