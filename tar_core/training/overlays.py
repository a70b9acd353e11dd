"""Small pictures of what a network in training sees: its skeletons over some of the test clips' crops."""

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

COUNT, IN_A_ROW = 8, 4
_PREDICTED, _TRUE = (255, 140, 0), (255, 255, 255)  # RGB
_FRACTION_BITS = 4  # cv2 draws to a sixteenth of a pixel


class Overlays:
    """The middle pictures of a few test clips, spread over them.

    Args:
        shards: the folder of shards that the test clips' features were computed of: features hold no pictures.
        clips: the test clips.

    Raises:
        TarError: the shards are others than the features'.
    """

    def __init__(self, shards: Path, clips: FeatureClips) -> None:
        self.clips = clips
        self.numbers = np.unique(np.linspace(0, len(clips) - 1, COUNT).round().astype(int)).tolist()
        wanted = set(self.numbers)
        middle = clips.clip_length // 2
        self.pictures: list[np.ndarray] = []
        for number, clip in enumerate(ClipShards(shards)):
            if number in wanted:
                poses = clips.batch([number], maps=False).poses.numpy()
                if poses.shape != clip.poses.shape or np.abs(poses - clip.poses).max() > 1e-4:
                    raise TarError(f"{shards}: not the shards of these test clips; give those their features come from")
                self.pictures.append(clip.images[middle])
            if len(self.pictures) == len(wanted):
                break
        if len(self.pictures) < len(wanted):
            raise TarError(f"{shards}: fewer clips than features; give the shards that the features come from")

    @torch.no_grad()
    def draw(self, model: TAR, device: str = "cpu", maps: bool = True) -> np.ndarray:
        """[H, W, 3] RGB: the crops in rows of four, true skeletons in white, the network's in orange."""
        length = self.clips.clip_length
        batch = self.clips.batch(self.numbers, maps=maps).to(device)
        middles = torch.arange(len(self.numbers), device=device) * length + length // 2
        predicted = refine_frames(model, batch, middles, length)[-1].joints_2d.cpu().numpy()
        true = batch.truth(model.body, middles).joints_2d.cpu().numpy()
        cells = []
        for picture, ours, theirs in zip(self.pictures, predicted, true, strict=True):
            cell = np.ascontiguousarray(picture)
            draw_skeleton(cell, theirs, _TRUE)
            draw_skeleton(cell, ours, _PREDICTED)
            cells.append(cell)
        cells += [np.zeros_like(cells[0])] * (-len(cells) % IN_A_ROW)
        rows = [np.concatenate(cells[start : start + IN_A_ROW], 1) for start in range(0, len(cells), IN_A_ROW)]
        return np.concatenate(rows)


def draw_skeleton(picture: np.ndarray, joints: np.ndarray, color: tuple[int, int, int]) -> None:
    """Draws SMPL's bones [24, 2] (pixels) into a picture [H, W, 3]."""
    points = np.clip(joints, -1000, 1000) * 2**_FRACTION_BITS
    places = [(round(float(x)), round(float(y))) for x, y in points]
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            cv2.line(picture, places[parent], places[joint], color, 2, cv2.LINE_AA, _FRACTION_BITS)


def write_overlay(path: Path, picture: np.ndarray) -> None:
    """Writes a picture [H, W, 3] RGB as JPEG; its folder is made."""
    path.parent.mkdir(exist_ok=True)
    if not cv2.imwrite(str(path), picture[..., ::-1]):
        raise TarError(f"cannot write {path}; free some space")
