from dataclasses import replace

import pytest
import torch

from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import CropCamera
from tar_core.errors import TarError
from tar_core.model.backbones.blazepose import DEPTHS, POOLED, VECTOR_SIZE, WORLD
from tar_core.model.checkpoint import build_tar
from tar_core.model.config import TARConfig
from tar_core.model.features import FrameFeatures, Landmarks
from tar_core.model.streaming import TARStream, frame_results
from tar_core.rotations import axis_angle_to_matrix

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


def random_track(count, seed=0):
    """Features and cameras of a track, made up."""
    random = torch.Generator().manual_seed(seed)

    def rand(*shape):
        return torch.rand(*shape, generator=random)

    landmarks = Landmarks(255 * rand(count, 39, 2), rand(count, 39), rand(count, 39), rand(count, 39, 3), rand(count))
    features = FrameFeatures(rand(count, 12), rand(count, 6, 64, 64), landmarks)
    cameras = [
        CropCamera.from_crop(Crop(700 + 5 * k, 400 - 3 * k, 300 + k, 0.05 * k), 1500.0, (639.5, 359.5))
        for k in range(count)
    ]
    return features, CropCamera.cat(cameras)


def build(config=SMALL, seed=0):
    """A small network with weights that make every part matter."""
    torch.manual_seed(seed)
    model = build_tar(config)
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1 and "regressors" not in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def double(features, camera):
    """In double precision: the small networks' random weights magnify single precision's rounding."""
    return features.map(torch.Tensor.double), CropCamera(*(tensor.double() for tensor in vars(camera).values()))


def window(features, camera, index):
    """Batch shape [1, T] of one window."""
    return features[index[None]], camera[index[None]]


SWITCHES = [
    {},
    {"use_refinement": False},
    {"use_global": False},
    {"use_local": False},
    {"local_skip": False},
    {"landmark_residuals": False},
    {"steady_landmarks": False},
    {"far_frames": (6, 8)},
    *({"local_length": length} for length in (3, 7, 9)),
    *({"local_size": size} for size in (64, 32, 8)),
]


@pytest.mark.parametrize("switch", SWITCHES, ids=str)
def test_every_ablation_switch_runs_and_streams_like_its_windows(switch):
    """The streaming network equals the network on each window by itself, ends repeating their edge frames."""
    model = build(replace(SMALL, **switch)).double()
    features, camera = double(*random_track(13))
    offsets = torch.tensor(model.config.offsets)
    stream = TARStream(model, batch_size=4)
    results = [result for k in range(13) for result in stream.push(features[k : k + 1], camera[k : k + 1])]
    assert len(results) == (8 if offsets[-1] == 4 else 4)
    results += stream.finish()
    assert len(results) == 13
    with torch.no_grad():
        for k in (0, 2, 6, 11, 12):
            index = (offsets + k).clamp(0, 12)
            bodies = model(*window(features, camera, index))
            assert len(bodies) == (1 + model.config.iterations if model.config.use_refinement else 1)
            expected = frame_results(bodies[-1], camera[k : k + 1], torch.ones(1))[0]
            for name in ("poses", "betas", "trans"):
                torch.testing.assert_close(
                    torch.from_numpy(getattr(results[k], name)),
                    torch.from_numpy(getattr(expected, name)),
                    atol=1e-9,
                    rtol=0,
                )


def test_fast_videos_get_windows_at_the_trained_rate():
    model = build().double()
    features, camera = double(*random_track(30))
    stream = TARStream(model, fps=59.94, batch_size=4)
    results = [result for k in range(30) for result in stream.push(features[k : k + 1], camera[k : k + 1])]
    results += stream.finish()
    with torch.no_grad():
        index = 15 + 2 * (torch.arange(9) - 4)
        expected = frame_results(model(*window(features, camera, index))[-1], camera[15:16], torch.ones(1))[0]
    torch.testing.assert_close(torch.from_numpy(results[15].trans), torch.from_numpy(expected.trans), atol=1e-9, rtol=0)


def test_a_stream_holds_a_bounded_number_of_frames():
    model = build()
    features, camera = random_track(1)
    stream = TARStream(model, batch_size=4)
    held = []
    for _ in range(40):
        stream.push(features, camera)
        held.append(len(stream._waiting) + (len(stream._frames) if stream._frames else 0))
    assert max(held) <= 4 + 8 + 4


def test_a_track_of_one_frame():
    stream = TARStream(build())
    features, camera = random_track(1)
    assert stream.push(features, camera) == []
    assert len(stream.finish()) == 1
    assert TARStream(build()).finish() == []


def test_rolling_the_crop_only_rolls_the_result():
    """Two crops with the same contents, one of them turned: the same body, turned about the camera's axis."""
    model = build()
    features, _ = random_track(1)
    features = features[torch.zeros(1, 9, dtype=torch.long)]
    bodies = []
    for roll in (0.0, 0.8):
        # Both crops lie on the principal point, so that nothing but the roll differs.
        camera = CropCamera.from_crop(Crop(639.5, 359.5, 300, roll), 1500.0, (639.5, 359.5))
        with torch.no_grad():
            body = model(features, camera[torch.zeros(1, 9, dtype=torch.long)])[-1]
        result = frame_results(body, camera, torch.ones(1))[0]
        rotations = axis_angle_to_matrix(torch.from_numpy(result.poses).view(1, 24, 3))
        joints = model.body(rotations, torch.from_numpy(result.betas)[None]).joints + torch.from_numpy(result.trans)
        bodies.append((camera, joints))
    (_, plain), (camera, turned) = bodies
    torch.testing.assert_close(camera[:, None].unroll_camera(plain), turned, atol=1e-5, rtol=0)
    # And what the turned crop's camera sees is what the plain one's sees.
    torch.testing.assert_close(
        camera.project(camera[:, None].roll_camera(turned)), bodies[0][0].project(plain), atol=1e-3, rtol=0
    )


def test_gradients_reach_every_weight():
    model = build().train()
    features, camera = random_track(9)
    bodies = model(*window(features, camera, torch.arange(9)))
    sum(body.joints_2d.square().mean() + body.estimate.flat().square().mean() for body in bodies).backward()
    missing = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    assert missing == []


@pytest.mark.parametrize("hidden", ["pooled", "map", "depth"])
def test_hidden_inputs_make_no_difference_and_others_do(hidden):
    whole = replace(SMALL, vector_size=VECTOR_SIZE)
    features, camera = random_track(9)
    random = torch.Generator().manual_seed(1)
    features = replace(features, vector=torch.rand(9, VECTOR_SIZE, generator=random))
    vector, landmarks = features.vector.clone(), features.landmarks
    if hidden == "pooled":
        vector[:, POOLED] += 1
    if hidden == "depth":
        vector[:, WORLD] += 1
        vector[:, DEPTHS] += 1
        landmarks = replace(landmarks, world=landmarks.world + 1)
    local_map = features.local_map + (1.0 if hidden == "map" else 0.0)
    other = FrameFeatures(vector, local_map, landmarks)

    def joints(model, features):
        with torch.no_grad():
            return model(features[None], camera[None])[-1].points.joints

    blind, seeing = build(replace(whole, hidden_inputs=(hidden,))), build(whole)
    assert torch.equal(joints(blind, features), joints(blind, other))
    assert not torch.allclose(joints(seeing, features), joints(seeing, other), atol=1e-5)


def test_unknown_hidden_inputs_are_refused():
    with pytest.raises(TarError, match="among pooled, map and depth"):
        replace(SMALL, hidden_inputs=("color",))
