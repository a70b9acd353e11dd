"""Training together with the backbone, on clips that are rendered once."""

import numpy as np
import pytest
import torch

from tar_core.body.data import FREE_BODY
from tar_core.camera.crop import CROP_SIZE
from tar_core.capture.networks import load_runtime
from tar_core.datasets.shards import Clip
from tar_core.model.backbones.blazepose import load_blazepose
from tar_core.model.checkpoint import load_tar
from tar_core.runtime.graphs import BACKBONE
from tar_core.synthetic.backgrounds import Backgrounds
from tar_core.synthetic.generate import Generator
from tar_core.synthetic.key_poses import key_pose_motions
from tar_core.synthetic.people import People
from tar_core.training.unfrozen import UnfrozenConfig, UnfrozenTrainer, jittered

CONFIG = UnfrozenConfig(steps=4, clips_per_step=1, real_per_step=2, save_every=1, average=0.0)


@pytest.fixture(scope="module")
def rendered(egl, garments, background_folder) -> list[Clip]:
    people = People(FREE_BODY, garments)
    generator = Generator(key_pose_motions(people.joint_template, 3), people, Backgrounds(background_folder))
    return [generator.clip(np.random.default_rng(seed)) for seed in range(2)]


@pytest.fixture(scope="module")
def real(rendered: list[Clip]) -> torch.Tensor:
    """Pictures that stand for real ones: other crops of rendered people."""
    return torch.from_numpy(rendered[1].images).permute(0, 3, 1, 2).float() / 255


def trainer_of(rendered: list[Clip], real: torch.Tensor, folder, config: UnfrozenConfig = CONFIG) -> UnfrozenTrainer:
    return UnfrozenTrainer(load_tar(), load_blazepose(), lambda count: rendered[:1] * count, real, config, folder)


def test_jittered_crops_show_the_middle_of_the_picture() -> None:
    random = np.random.default_rng(0)
    picture = np.zeros((320, 320, 3), np.float32)
    picture[140:180, 140:180] = 0.6
    for _ in range(20):
        crop = jittered(picture, random)
        assert crop.shape == (CROP_SIZE, CROP_SIZE, 3) and crop.dtype == np.float32
        y, x = np.nonzero(crop[..., 0] > 0.3)
        assert 20**2 < len(y) < 60**2 and abs(y.mean() - 127.5) < 25 and abs(x.mean() - 127.5) < 25


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_resumed_run_equals_one_in_one_piece_and_captures(rendered, real, tmp_path) -> None:
    whole = trainer_of(rendered, real, tmp_path / "whole")
    torch.manual_seed(0)
    whole.model.eval()
    for _ in range(2):
        whole.advance()
    first = trainer_of(rendered, real, tmp_path / "parts")
    first.model.eval()
    assert not first.resume()
    first.advance()
    first.save_state()
    second = trainer_of(rendered, real, tmp_path / "parts")
    assert second.resume() and second.step == 1
    second.model.eval()
    second.advance()
    for name, tensor in whole.backbone.state_dict().items():
        torch.testing.assert_close(second.backbone.state_dict()[name], tensor, rtol=1e-4, atol=1e-6)

    checkpoint, backbone = second.write(tmp_path / "written")
    assert backbone.name == "blazepose.safetensors"
    crops = rendered[0].images[:1]
    with torch.no_grad():
        expected = second.backbone(torch.from_numpy(crops).permute(0, 3, 1, 2) / 255)
    points = load_runtime("cpu", checkpoint).run(BACKBONE, crops=crops)[BACKBONE.outputs.index("points")]
    np.testing.assert_allclose(points, expected.landmarks.points, atol=1.0)  # half precision
    scores, drift = second.score(rendered)
    assert 0 < scores.pa < 500 and drift < 5
