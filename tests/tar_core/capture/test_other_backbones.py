"""Capture with the paper's backbones, from a video to armatures in Blender."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tar_core.capture.networks import Networks, load_runtime
from tar_core.cli import main
from tar_core.datasets.features import backbone_of_features
from tar_core.errors import TarError
from tar_core.model.backbones.blazepose import load_blazepose
from tar_core.model.backbones.pretrained import build_backbone, copy_backbone, save_backbone
from tar_core.model.checkpoint import build_tar, load_tar, save_tar
from tar_core.model.config import BLAZEPOSE, CONFIGS, TAR_R50, TARConfig
from tar_core.model.weights import backbone_file
from tar_core.motion import MotionClip
from tar_core.options import CaptureOptions
from tar_core.people.tracker import PeopleTracker
from tar_core.runtime.graphs import BACKBONE, FEATURES
from tar_core.video.reader import VideoReader
from tests.support.networks import capture
from tests.support.smpl_files import VERTICES, smpl_content

SMALL = replace(TAR_R50, local_size=8, local_channels=4, global_width=16, global_layers=1, hidden=8, context_width=8)


def write_network(folder: Path, config: TARConfig) -> Path:
    """Write an untrained network with its backbone beside it; returns the checkpoint."""
    source = backbone_of_features(folder / "features", config.backbone)
    source.parent.mkdir(parents=True)
    save_backbone(build_backbone(config.backbone), source)
    torch.manual_seed(0)
    checkpoint = folder / "tar.safetensors"
    save_tar(build_tar(config), checkpoint, notes=copy_backbone(source, config.backbone, checkpoint))
    return checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_network(tmp_path_factory.mktemp("r50"), SMALL)


def test_network_gets_the_features_of_its_own_backbone(checkpoint: Path) -> None:
    runtime = load_runtime("cpu", checkpoint)
    crops = np.random.default_rng(0).integers(0, 255, (2, 256, 256, 3), np.uint8)
    vector, local_map = runtime.run(FEATURES, crops=crops)
    with torch.inference_mode():
        expected = build_backbone("resnet50")(torch.from_numpy(crops).permute(0, 3, 1, 2) / 255)
    np.testing.assert_allclose(vector, expected.vector, atol=1e-5)
    np.testing.assert_allclose(local_map, expected.local_map, atol=1e-5)


def test_missing_backbone_is_an_error(checkpoint: Path, tmp_path: Path) -> None:
    alone = tmp_path / checkpoint.name
    alone.write_bytes(checkpoint.read_bytes())
    with pytest.raises(TarError, match=r"resnet50\.safetensors: no such file; copy the weights"):
        load_runtime("cpu", alone)


def test_backbone_of_another_training_is_an_error(checkpoint: Path, tmp_path: Path) -> None:
    moved = tmp_path / checkpoint.name
    moved.write_bytes(checkpoint.read_bytes())
    other = build_backbone("resnet50")
    with torch.no_grad():
        next(other.parameters()).add_(1)
    save_backbone(other, backbone_file(moved, "resnet50"))
    with pytest.raises(TarError, match="not the weights that the network was trained with"):
        load_runtime("cpu", moved)


def test_network_with_a_blazepose_of_its_own(tmp_path: Path) -> None:
    """Both runtimes use the file beside the checkpoint, also for the landmarks, and check that it is the right one."""
    backbone = load_blazepose()
    with torch.no_grad():
        backbone.world_head.bias += 0.25
    save_backbone(backbone, backbone_file(tmp_path / "own.safetensors", BLAZEPOSE), half=True)
    checkpoint = tmp_path / "own.safetensors"
    save_tar(load_tar(), checkpoint, notes=copy_backbone(tmp_path / "blazepose.safetensors", BLAZEPOSE, checkpoint))
    crops = np.random.default_rng(0).integers(0, 255, (1, 256, 256, 3), np.uint8)
    for device in ("cpu", "torch:cpu"):
        own, usual = (load_runtime(device, path).run(BACKBONE, crops=crops) for path in (checkpoint, None))
        world = BACKBONE.outputs.index("world")
        np.testing.assert_allclose(own[world] - usual[world], 0.25, atol=2e-3)
    save_backbone(load_blazepose(), tmp_path / "blazepose.safetensors", half=True)
    for device in ("cpu", "torch:cpu"):
        with pytest.raises(TarError, match="not the weights that the network was trained with"):
            load_runtime(device, checkpoint).run(BACKBONE, crops=crops)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tar-r50", "tar-w48"])
def test_video_to_blender(name: str, demo_video: Path, tmp_path: Path) -> None:
    """BlazePose's landmarks follow the man; the network's own features give the motion."""
    bpy = pytest.importorskip("bpy")
    from tar_blender.scene.build import import_clip

    checkpoint = write_network(tmp_path, CONFIGS[name])
    options = CaptureOptions(checkpoint=checkpoint, device="cpu", people="largest", end=5, static_camera=True)
    (clip,) = capture(demo_video, options)
    (person,) = clip.people
    assert len(person) == 6 and (person.confidence > 0.5).all()

    bpy.ops.wm.read_factory_settings(use_empty=True)
    (imported,) = import_clip(clip, bpy.context).people
    assert imported.action.frame_range[1] - imported.action.frame_range[0] == 5


@pytest.mark.slow
def test_command_captures_with_w48_and_a_body_of_smpl(demo_video: Path, tmp_path: Path) -> None:
    """`tar-capture capture VIDEO --checkpoint W48 --body SMPL`, then Blender, with the body's own mesh."""
    bpy = pytest.importorskip("bpy")
    from tar_blender.scene.build import import_clip

    checkpoint = write_network(tmp_path, CONFIGS["tar-w48"])
    body, output = tmp_path / "SMPL_NEUTRAL.pkl", tmp_path / "clip.npz"
    body.write_bytes(pickle.dumps(smpl_content(), protocol=2))
    arguments = ["capture", demo_video, "-o", output, "--checkpoint", checkpoint, "--body", body]
    arguments += ["--device", "cpu", "--people", "largest", "--end", 5]
    assert main([str(argument) for argument in arguments]) == 0

    bpy.ops.wm.read_factory_settings(use_empty=True)
    (imported,) = import_clip(MotionClip.load(output), bpy.context).people
    assert imported.body is not None and len(imported.body.data.vertices) == VERTICES
    assert imported.action.frame_range[1] - imported.action.frame_range[0] == 5


@pytest.mark.slow
def test_only_networks_without_landmarks_get_other_features(checkpoint: Path, demo_video: Path) -> None:
    image = next(iter(VideoReader(demo_video).frames(0, 0))).image
    networks = Networks.load(CaptureOptions(checkpoint=checkpoint, device="cpu"))
    tracker = PeopleTracker(networks.backbone, networks.detector, 30.0)
    (seen,) = tracker.step(0, image)
    (own,) = networks.with_own_features([seen], image)
    assert own.features.vector.shape == (1, 2048) and own.features.local_map.shape == (1, 256, 64, 64)
    assert own.features.landmarks is seen.features.landmarks
    assert Networks.load(CaptureOptions(device="cpu")).with_own_features([seen], image) == [seen]
