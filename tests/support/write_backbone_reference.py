"""Writes tests/data/backbones_reference.npz: features of timm's HRNet-W48 and torchvision's ResNet-50, random weights.

python -m tests.support.write_backbone_reference   (timm 1.0.31, torchvision 0.28.0; the tests need neither)
"""

import numpy as np
import timm
import torch
import torchvision

from tar_core.model.backbones.resnet import standardize
from tests.support.named_weights import fill_by_name, made_up_crops
from tests.support.paths import DATA

OUTPUT = DATA / "backbones_reference.npz"


def tensor_names(model: torch.nn.Module) -> np.ndarray:
    """Name and shape of each tensor."""
    return np.array(sorted(f"{name} {tuple(t.shape)}" for name, t in model.state_dict().items() if t.dim()))


@torch.no_grad()
def main() -> None:
    x = standardize(made_up_crops())
    hrnet = fill_by_name(timm.create_model("hrnet_w48", pretrained=False)).eval()
    stem = hrnet.act2(hrnet.bn2(hrnet.conv2(hrnet.act1(hrnet.bn1(hrnet.conv1(x))))))
    resnet = fill_by_name(torchvision.models.resnet50()).eval()
    y = resnet.maxpool(resnet.relu(resnet.bn1(resnet.conv1(x))))
    y = resnet.layer4(resnet.layer3(resnet.layer2(resnet.layer1(y))))
    np.savez_compressed(
        OUTPUT,
        hrnet_names=tensor_names(hrnet),
        hrnet_vector=hrnet.forward_features(x).mean((2, 3)).numpy(),
        **{f"hrnet_branch{k}": branch[:, ::8, ::4, ::4].numpy() for k, branch in enumerate(hrnet.stages(stem))},
        resnet_names=tensor_names(resnet),
        resnet_vector=y.mean((2, 3)).numpy(),
    )


if __name__ == "__main__":
    main()
