"""Training runs on random clips with a small network."""

from dataclasses import replace

import pytest
import torch

from tar_core.errors import TarError
from tar_core.evaluation.clips import evaluate
from tar_core.model.checkpoint import load_tar
from tar_core.training.initialization import start_at_training_mean
from tar_core.training.parallel import Workers
from tar_core.training.trainer import Trainer, TrainingConfig, remove_later_rows
from tests.support.tar_models import SMALL, build

CLIPS, LENGTH = 6, 9


def trainer(clips, folder, **changes):
    model = build(replace(SMALL, dropout=0.1))
    start_at_training_mean(model, clips)
    config = TrainingConfig(steps=6, clips_per_step=4, warmup=1, checkpoint_every=3, report_every=3)
    return Trainer(model, clips, clips, replace(config, **changes), folder)


@pytest.mark.parametrize("mixed_precision", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_training_lowers_the_loss_and_writes_a_checkpoint(clips, tmp_path, mixed_precision):
    changes = {"steps": 20, "learning_rate": 5e-3, "checkpoint_every": 10, "mixed_precision": mixed_precision}
    run = trainer(clips, tmp_path / "run", **changes)
    before = evaluate(run.model, clips)
    run.run()
    model = load_tar(tmp_path / "run" / "tar.safetensors")
    after = evaluate(model, clips)
    assert after.mpjpe < before.mpjpe and after.pixels < before.pixels
    assert len((tmp_path / "run" / "log.csv").read_text().splitlines()) == 3


def test_hidden_appearance_is_replaced_by_its_mean(clips, tmp_path):
    shown = trainer(clips, tmp_path / "shown")._batch().features.vector
    hidden = trainer(clips, tmp_path / "hidden", hide_appearance=1.0)._batch().features.vector
    assert shown.std(0).min() > 0.1
    torch.testing.assert_close(hidden, clips.vectors().mean(0).expand_as(hidden))


def test_simulated_landmarks_need_motions(clips, tmp_path):
    with pytest.raises(TarError, match="motions"):
        trainer(clips, tmp_path / "run", simulated=0.5)


def test_interrupted_run_resumes_to_the_same_weights(clips, tmp_path):
    torch.manual_seed(0)
    whole = trainer(clips, tmp_path / "whole")
    torch.manual_seed(1)
    whole.run()

    first = trainer(clips, tmp_path / "parts")
    torch.manual_seed(1)
    train_step = first._train_step

    def kill_after_step_3(batch):
        if first.step == 3:
            raise KeyboardInterrupt
        return train_step(batch)

    first._train_step = kill_after_step_3
    with pytest.raises(KeyboardInterrupt):
        first.run()
    second = trainer(clips, tmp_path / "parts")
    torch.manual_seed(99)
    assert second.resume() and second.step == 3
    second.run()
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(second.model.state_dict()[name], tensor), name
    assert not trainer(clips, tmp_path / "new").resume()


def gradients(run):
    """The gradients of one step, without the optimizer's update."""
    run.optimizer.step = lambda: None
    run._train_step(run._batch())
    return {name: p.grad.clone() for name, p in run.model.named_parameters() if p.grad is not None}


def test_accumulated_gradients_equal_the_whole_batch(clips, tmp_path):
    def start(folder, **changes):
        model = build(replace(SMALL, dropout=0.0))
        start_at_training_mean(model, clips)
        config = TrainingConfig(steps=6, clips_per_step=4, clip_norm=1e9, **changes)
        return Trainer(model, clips, clips, config, tmp_path / folder)

    whole, parts = gradients(start("whole")), gradients(start("parts", accumulate=4))
    assert whole.keys() == parts.keys() and whole
    for name, gradient in whole.items():
        torch.testing.assert_close(parts[name], gradient, rtol=1e-3, atol=1e-5)


def test_indivisible_batch_is_refused(clips, tmp_path):
    with pytest.raises(TarError, match="multiple"):
        trainer(clips, tmp_path / "run", accumulate=3)
    with pytest.raises(TarError, match="3 processes"):
        Trainer(build(), clips, clips, TrainingConfig(clips_per_step=4), tmp_path / "run", workers=Workers(0, 3))


def test_shares_of_all_processes_form_the_batch(clips, tmp_path):
    def batch(rank, count):
        config = TrainingConfig(clips_per_step=4, hide_appearance=0.5)
        return Trainer(build(), clips, clips, config, tmp_path / "run", workers=Workers(rank, count))._batch()

    whole, parts = batch(0, 1), [batch(0, 2), batch(1, 2)]
    assert torch.equal(torch.cat([part.poses for part in parts]), whole.poses)
    assert torch.equal(torch.cat([part.features.vector for part in parts]), whole.features.vector)


def test_rows_after_the_resumed_step_are_removed(tmp_path):
    remove_later_rows(tmp_path / "log.csv", 3)  # there is no file
    (tmp_path / "log.csv").write_text("step,loss\n3,1.0\n6,2.0\n")
    remove_later_rows(tmp_path / "log.csv", 3)
    assert (tmp_path / "log.csv").read_text() == "step,loss\n3,1.0\n"


def test_tensorboard_curves(clips, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = trainer(clips, tmp_path / "run", steps=2, checkpoint_every=2, report_every=1)
    run.run()
    run.board.close()
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    assert {"loss", "learning rate", "test mpjpe", "test pa"} <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars("loss")] == [1, 2]
