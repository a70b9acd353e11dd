"""A small network and random inputs for it."""

import torch

from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import CropCamera
from tar_core.model.checkpoint import build_tar
from tar_core.model.config import TARConfig
from tar_core.model.features import FrameFeatures, Landmarks
from tar_core.model.tar import TAR

SMALL = TARConfig(
    backbone="blazepose",
    vector_size=12,
    map_channels=6,
    local_channels=4,
    local_size=16,
    local_skip=True,
    global_width=16,
    global_layers=2,
    global_heads=2,
    hidden=8,
    marker_radius=1,
    marker_width=3,
    context_width=16,
    iterations=3,
    landmark_residuals=True,
    steady_landmarks=True,
)


def random_track(count: int, seed: int = 0) -> tuple[FrameFeatures, CropCamera]:
    """Random features and cameras of a track."""
    random = torch.Generator().manual_seed(seed)

    def rand(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=random)

    landmarks = Landmarks(255 * rand(count, 39, 2), rand(count, 39), rand(count, 39), rand(count, 39, 3), rand(count))
    features = FrameFeatures(rand(count, 12), rand(count, 6, 64, 64), landmarks)
    cameras = [
        CropCamera.from_crop(Crop(700 + 5 * k, 400 - 3 * k, 300 + k, 0.05 * k), 1500.0, (639.5, 359.5))
        for k in range(count)
    ]
    return features, CropCamera.cat(cameras).to("cpu")


def build(config: TARConfig = SMALL, seed: int = 0) -> TAR:
    """A small network with random weights that are large enough for every part to have an effect."""
    torch.manual_seed(seed)
    model = build_tar(config)
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1 and "regressors" not in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def double(features: FrameFeatures, camera: CropCamera) -> tuple[FrameFeatures, CropCamera]:
    """Convert to double precision, as the random weights of small networks amplify rounding errors."""
    return features.map(torch.Tensor.double), CropCamera(*(tensor.double() for tensor in vars(camera).values()))


def window(features: FrameFeatures, camera: CropCamera, index: torch.Tensor) -> tuple[FrameFeatures, CropCamera]:
    """One window, batch shape [1, T], of the frames `index` [T]."""
    return features[index[None]], camera[index[None]]
