"""Features and landmarks of frames."""

import torch

from tar_core.model.features import NUM_LANDMARKS, FrameFeatures, Landmarks


def make_features(batch: int) -> FrameFeatures:
    landmarks = Landmarks(
        points=torch.rand(batch, NUM_LANDMARKS, 2),
        visibility=torch.rand(batch, NUM_LANDMARKS),
        presence=torch.rand(batch, NUM_LANDMARKS),
        world=torch.rand(batch, NUM_LANDMARKS, 3),
        score=torch.rand(batch),
    )
    return FrameFeatures(torch.rand(batch, 5), torch.rand(batch, 2, 4, 4), landmarks)


def test_cat_inverts_indexing() -> None:
    features = make_features(3)
    joined = FrameFeatures.cat([features[:1], features[1:]])
    for whole, part in ((joined, features), (joined[1], features.map(lambda tensor: tensor[1]))):
        assert torch.equal(whole.vector, part.vector)
        assert torch.equal(whole.local_map, part.local_map)
        for name in ("points", "visibility", "presence", "world", "score"):
            assert torch.equal(getattr(whole.landmarks, name), getattr(part.landmarks, name))


def test_to_moves_every_tensor() -> None:
    moved = make_features(1).to("meta")
    moved.map(lambda tensor: tensor if tensor.device.type == "meta" else 1 / 0)


def test_unknown_landmarks_are_invisible_with_a_score_of_one() -> None:
    landmarks = Landmarks.unknown((2, 3))
    shapes = {name: tuple(tensor.shape) for name, tensor in vars(make_features(1).landmarks).items()}
    assert {name: tuple(tensor.shape[1:]) for name, tensor in vars(landmarks[0]).items()} == {
        name: shape[1:] for name, shape in shapes.items()
    }
    assert (landmarks.visibility == 0).all() and (landmarks.score == 1).all()
