"""A program that trains the tests' small network in one or several processes: FEATURES OUTPUT [--steps N] [--resume].

It does the same as `python -m tar_core.training`, with fast steps.
"""

import argparse
import logging
from dataclasses import replace
from pathlib import Path

import torch

from tar_core.datasets.features import FeatureClips
from tar_core.training.initialization import start_at_training_mean
from tar_core.training.parallel import join_workers, leave_workers
from tar_core.training.trainer import Trainer, TrainingConfig
from tests.support.tar_models import SMALL, build


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("features", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    workers, device = join_workers("cpu")
    clips = FeatureClips(options.features)
    model = build(replace(SMALL, dropout=options.dropout))
    start_at_training_mean(model, clips)
    torch.manual_seed(3)
    config = TrainingConfig(steps=options.steps, clips_per_step=4, warmup=1, checkpoint_every=1, report_every=1)
    trainer = Trainer(model, clips, clips, config, options.output, device, workers=workers)
    if options.resume:
        assert trainer.resume()
    trainer.run()
    leave_workers()


if __name__ == "__main__":
    main()
