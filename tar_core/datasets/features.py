"""The frozen backbone's features of clips, computed once and cached on disk for training.

Each shard of clips becomes one safetensors file. The files are memory-mapped, so that a dataset may exceed the memory.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import Tensor

from tar_core.body.model import BodyModel
from tar_core.camera.crop_camera import CropCamera
from tar_core.datasets.shards import CLIP_FRAMES, Clip, ClipShards, read_shard
from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.model.backbones.pretrained import BACKBONES, load_backbone, save_backbone
from tar_core.model.config import BLAZEPOSE
from tar_core.model.features import POOLED, FrameFeatures, Landmarks
from tar_core.rotations import axis_angle_to_matrix, rotation_z
from tar_core.shard import WHOLE, Shard, add_shard

_LANDMARK_FIELDS = ("points", "visibility", "presence", "world", "score")


@dataclass(frozen=True)
class Truth:
    """Ground truth in the coordinates of the rolled crop cameras.

    Attributes:
        rotations: [B, 24, 3, 3] relative to the parent joint.
        betas: [B, 10].
        joints: [B, 24, 3] including the translation, meters.
        joints_2d: [B, 24, 2] crop pixels.
    """

    rotations: Tensor
    betas: Tensor
    joints: Tensor
    joints_2d: Tensor


@dataclass(frozen=True)
class ClipBatch:
    """Frames of several clips, concatenated: N = clips * frames.

    Attributes:
        features: [N].
        camera: [N] crop cameras.
        poses: [N, 24, 3] axis-angle, global_orient in the coordinates of the camera without roll.
        betas: [N, 10].
        trans: [N, 3] in the coordinates of the camera without roll, meters.
    """

    features: FrameFeatures
    camera: CropCamera
    poses: Tensor
    betas: Tensor
    trans: Tensor

    def __getitem__(self, frames: slice | Tensor) -> "ClipBatch":
        """Select frames."""
        parameters = self.poses[frames], self.betas[frames], self.trans[frames]
        return ClipBatch(self.features[frames], self.camera[frames], *parameters)

    def repeat_frames(self, length: int) -> "ClipBatch":
        """Repeat every frame `length` times, without its local map."""
        features = replace(self.features, local_map=self.features.local_map[:, :0])
        return replace(self, features=features)[torch.arange(len(self.poses)).repeat_interleave(length)]

    def to(self, device: str) -> "ClipBatch":
        """Move all tensors to a device."""
        return ClipBatch(
            self.features.to(device),
            self.camera.to(device),
            self.poses.to(device),
            self.betas.to(device),
            self.trans.to(device),
        )

    def truth(self, body: BodyModel, index: Tensor) -> Truth:
        """Compute the ground truth of the frames `index` in their rolled cameras."""
        camera = self.camera[index]
        rotations = axis_angle_to_matrix(self.poses[index])
        rolled = torch.cat([camera.roll_rotation(rotations[:, 0])[:, None], rotations[:, 1:]], 1)
        joints = body(rotations, self.betas[index]).joints + self.trans[index][:, None]
        joints = (rotation_z(-camera.roll)[:, None] @ joints[..., None])[..., 0]
        return Truth(rolled, self.betas[index], joints, camera.project(joints))


class FeatureClips:
    """The cached clips of a folder.

    Args:
        folder: contains files that `save_features` wrote.
        limit: maximum number of clips to use.

    Attributes:
        shards: the tensors of each file, by name; see `save_features`.
        index: (shard, first frame in the shard) of each clip.
        clip_length: frames in a clip.
        folders: that the clips come from.

    Raises:
        TarError: the folder has no such files.
    """

    def __init__(self, folder: str | Path, limit: int | None = None) -> None:
        files = sorted(Path(folder).glob("*.safetensors"))
        if not files:
            raise TarError(f"{folder}: no cached features; compute them with `python -m tar_core.datasets.features`")
        self.folders = [Path(folder)]
        self.shards: list[dict[str, Tensor]] = []
        self.index: list[tuple[int, int]] = []
        self.clip_length = 0
        for file in files:
            shard = load_file(file)
            self.clip_length = int(shard["clip_length"])
            self.index += [(len(self.shards), first) for first in range(0, len(shard["poses"]), self.clip_length)]
            self.shards.append(shard)
            if limit and len(self.index) >= limit:
                self.index = self.index[:limit]
                break

    def __len__(self) -> int:
        return len(self.index)

    def is_moving(self, clip: int) -> bool:
        """Whether a clip is more than one repeated frame."""
        number, first = self.index[clip]
        return not torch.equal(self.shards[number]["poses"][first], self.shards[number]["poses"][first + 1])

    def sample(self, count: int, random: np.random.Generator) -> list[int]:
        """Draw the indices of `count` different clips, all with equal probability."""
        return random.choice(len(self), count, replace=False).tolist()

    def batch(self, clips: Sequence[int], reverse: Sequence[bool] | None = None, maps: bool = True) -> ClipBatch:
        """Load the frames of some clips.

        Args:
            clips: indices.
            reverse: for each clip, whether to reverse its frames in time.
            maps: whether to load the local maps, which are nearly all of the data; without, they have no channels.

        Raises:
            TarError: the maps of stills are requested, which have none.
        """
        reverse = reverse if reverse is not None else [False] * len(clips)
        parts: list[dict[str, Tensor]] = []
        for clip, backwards in zip(clips, reverse, strict=True):
            number, first = self.index[clip]
            shard = self.shards[number]
            order = torch.arange(first, first + self.clip_length)
            order = order.flip(0) if backwards else order
            if not maps:
                shard = {**shard, "local_map": shard["local_map"][:, :0]}
            elif shard["local_map"].shape[1] == 0:
                raise TarError("stills have no local maps; train on them without maps")
            parts.append({name: tensor[order] for name, tensor in shard.items() if tensor.dim()})
        joined = {name: torch.cat([part[name] for part in parts]).float() for name in parts[0]}
        landmarks = Landmarks(**{name: joined[f"landmarks.{name}"] for name in _LANDMARK_FIELDS})
        return ClipBatch(
            FrameFeatures(joined["vector"], joined["local_map"], landmarks),
            CropCamera(joined["focal_length"], joined["center"], joined["size"], joined["roll"]),
            joined["poses"],
            joined["betas"],
            joined["trans"],
        )

    @cached_property
    def pooled_mean(self) -> Tensor:
        """[1632] mean of the pooled features, which replaces them if they are hidden or there is no image."""
        return self.vectors()[:, POOLED].mean(0)

    def vectors(self, count: int = 20000) -> Tensor:
        """Collect about `count` global vectors [N, C], the same number from each shard."""
        per_shard = max(1, count // len(self.shards))
        return torch.cat([shard["vector"][:per_shard].float() for shard in self.shards])


@torch.inference_mode()
def cache_shard(clips: list[Clip], backbone: Callable[[Tensor], FrameFeatures], path: Path) -> None:
    """Run the backbone on every crop of some clips and write features and labels to `path`.

    Clips of one frame (stills) are repeated to CLIP_FRAMES frames without local maps, which would use most of the disk.
    """
    parts = []
    for clip in clips:
        features = backbone(crops_of([clip]))
        parts.append(FrameFeatures(features.vector.half(), features.local_map.half(), features.landmarks))
    batch, length = with_labels(clips, FrameFeatures.cat(parts)), len(clips[0].images)
    if length == 1:
        batch, length = batch.repeat_frames(CLIP_FRAMES), CLIP_FRAMES
    save_features(path, batch, length)


def crops_of(clips: Sequence[Clip]) -> Tensor:
    """The images of clips as the input of a backbone [N, 3, 256, 256], RGB from 0 to 1."""
    images = np.concatenate([clip.images for clip in clips])
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255


def with_labels(clips: Sequence[Clip], features: FrameFeatures) -> ClipBatch:
    """Join the features of all frames of some clips with the labels, on the device of the features."""
    length = len(clips[0].images)
    labels = (
        np.concatenate([clip.poses for clip in clips]),
        np.repeat([clip.betas for clip in clips], length, 0),
        np.concatenate([clip.trans for clip in clips]),
    )
    cameras = [
        CropCamera.from_crop(clip.crop(frame), float(clip.focal_length), clip.principal_point.tolist())
        for clip in clips
        for frame in range(length)
    ]
    device = features.vector.device
    tensors = (torch.from_numpy(label).float().to(device) for label in labels)
    return ClipBatch(features, CropCamera.cat(cameras).to(device), *tensors)


def save_features(path: Path, clips: ClipBatch, clip_length: int) -> None:
    """Write clips of `clip_length` frames in the format of `FeatureClips`."""
    features, camera = clips.features, clips.camera
    tensors = {
        "clip_length": torch.tensor(clip_length),
        "vector": features.vector,
        "local_map": features.local_map,
        **{f"landmarks.{name}": getattr(features.landmarks, name) for name in _LANDMARK_FIELDS},
        **{name: getattr(camera, name) for name in ("focal_length", "center", "size", "roll")},
        **{name: getattr(clips, name) for name in ("poses", "betas", "trans")},
    }
    with atomic_path(path) as temporary:
        temporary.write_bytes(save({name: tensor.contiguous() for name, tensor in tensors.items()}))


def cache_features(
    shards: Path,
    output: Path,
    backbone_name: str = BLAZEPOSE,
    weights: Path | None = None,
    part: Shard = WHOLE,
) -> None:
    """Compute the features of all shards that have none yet, and print the progress.

    Args:
        shards: folder of shards.
        output: folder to write to. Another backbone than the default one is written to its subfolder `backbone`.
        backbone_name: one of BACKBONES.
        weights: of the backbone; required for all but the default one.
        part: the part of the shards whose features are computed.

    Raises:
        TarError: an input is missing or not usable.
    """
    backbone, loaded = load_backbone(backbone_name, weights)
    output.mkdir(parents=True, exist_ok=True)
    if loaded is not None:
        print(*loaded.report(), sep="\n", flush=True)
        # Layers without weights got random ones. A network trained on these features needs exactly those.
        kept = backbone_of_features(output, backbone_name)
        kept.parent.mkdir(exist_ok=True)
        save_backbone(backbone, kept)
    for shard in part.of(ClipShards(shards).paths):
        path = output / f"{shard.stem}.safetensors"
        if not path.exists():
            cache_shard(read_shard(shard), backbone, path)
            print(path.name, flush=True)


def backbone_of_features(folder: Path, name: str) -> Path:
    """The file with the weights of the backbone that computed the features in a folder."""
    return folder / "backbone" / f"{name}.safetensors"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tar_core.datasets.features", description="Compute the frozen backbone's features of clips."
    )
    parser.add_argument(
        "--shards", type=Path, required=True, help="folder that tar_core.synthetic or tar_core.datasets wrote"
    )
    parser.add_argument(
        "--output", type=Path, required=True, help="folder to write the features to; existing files are kept"
    )
    parser.add_argument(
        "--backbone", choices=BACKBONES, default=BLAZEPOSE, help="name of the backbone (default: %(default)s)"
    )
    parser.add_argument("--weights", type=Path, help="the backbone's weights; required for all but the default one")
    add_shard(parser, "compute only the K-th of N parts of the files, so that N machines share them")
    options = parser.parse_args(arguments)
    try:
        cache_features(options.shards, options.output, options.backbone, options.weights, options.shard)
    except TarError as error:
        print(f"features: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
