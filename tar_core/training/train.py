"""`python -m tar_core.training.train`: trains a network on cached features."""

import argparse
import logging
import sys
from pathlib import Path

import torch
from torch import Tensor

from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.datasets.features import FeatureClips
from tar_core.errors import TarError
from tar_core.model.checkpoint import build_tar, load_tar
from tar_core.model.config import CONFIGS
from tar_core.model.tar import TAR
from tar_core.synthetic.splits import load_split
from tar_core.training.losses import LossConfig
from tar_core.training.mixing import load_clips
from tar_core.training.overlays import Overlays
from tar_core.training.parallel import join_workers, leave_workers
from tar_core.training.settings import Settings, read_settings
from tar_core.training.simulated import LandmarkSimulator
from tar_core.training.trainer import Trainer, TrainingConfig, start_at_training_mean


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Train TAR on features that tar_core.datasets.features cached.")
    parser.add_argument(
        "--features",
        type=Path,
        required=True,
        help="cached training clips: a folder, or a .toml file that mixes several",
    )
    parser.add_argument("--test", type=Path, required=True, help="cached test clips")
    parser.add_argument("--output", type=Path, required=True, help="folder of the run")
    parser.add_argument("--overlays", type=Path, help="shards of the test clips: draws skeletons over some of them")
    parser.add_argument("--config", choices=CONFIGS, default="tar-s")
    parser.add_argument(
        "--settings", type=Path, help="a .toml file with config, [training] and [loss]; options given here come first"
    )
    parser.add_argument("--init", type=Path, help="checkpoint to start from; what it lacks starts untrained")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --output")
    parser.add_argument("--clips", type=int, help="use only about this many training clips")
    parser.add_argument("--without-maps", action="store_true", help="warm-up without local maps, several times faster")
    parser.add_argument("--simulated", type=float, default=0.0, help="share of steps on simulated landmarks")
    parser.add_argument("--motions", type=Path, nargs="+", help="what simulated people do: as for rendering")
    parser.add_argument("--hide-appearance", type=float, default=0.0, help="share of clips without pooled features")
    parser.add_argument("--mixed-precision", action="store_true", help="bfloat16 where it does no harm")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    defaults = TrainingConfig()
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--clips-per-step", type=int, default=defaults.clips_per_step)
    parser.add_argument("--accumulate", type=int, default=defaults.accumulate, help="parts of a process's batch")
    parser.add_argument("--learning-rate", type=float, default=defaults.learning_rate)
    parser.add_argument("--checkpoint-every", type=int, default=defaults.checkpoint_every)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    args = parser.parse_args(arguments)
    settings = Settings("tar-s", {}, {})
    if args.settings:
        try:
            settings = read_settings(args.settings)
        except TarError as error:
            print(f"train: {error}", file=sys.stderr)
            return 2
        parser.set_defaults(config=settings.config, **settings.training)
        args = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        workers, device = join_workers(args.device)
        logging.getLogger().setLevel(logging.INFO if workers.is_main else logging.WARNING)
        torch.manual_seed(args.seed)
        clips = load_clips(args.features, args.clips)
        model = build_tar(CONFIGS[args.config])
        if args.init:
            start_from(model, args.init)
        else:
            start_at_training_mean(model, clips)
        config = TrainingConfig(
            **{
                **settings.training,
                "steps": args.steps,
                "clips_per_step": args.clips_per_step,
                "accumulate": args.accumulate,
                "learning_rate": args.learning_rate,
                "checkpoint_every": args.checkpoint_every,
                "seed": args.seed,
                "simulated": args.simulated,
                "hide_appearance": args.hide_appearance,
                "mixed_precision": args.mixed_precision,
                "use_maps": not args.without_maps and settings.training.get("use_maps", True),
                "loss": LossConfig(**settings.loss),
            }
        )
        simulator = None
        if args.motions:
            body = BodyModel(load_body())
            motions = load_split(args.motions, body.rest_joints.double().numpy(), "train")
            length = 2 * max(model.config.offsets) + config.targets_per_clip
            simulator = LandmarkSimulator(motions, clips, body, length)
        test = FeatureClips(args.test)
        overlays = Overlays(args.overlays, test) if args.overlays else None
        trainer = Trainer(model, clips, test, config, args.output, device, simulator, workers, overlays)
        if args.resume and not trainer.resume():
            raise TarError(f"{args.output}: nothing to resume; leave out --resume to start the run")
        logging.info("%d clips, %d parameters", len(clips), sum(p.numel() for p in model.parameters()))
        trainer.run()
    except TarError as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    finally:
        leave_workers()
    return 0


def start_from(model: TAR, path: Path) -> None:
    """Takes over a checkpoint's weights; the model may have parts and far frames that it lacks, but not the reverse.

    Raises:
        TarError: the checkpoint has other weights or other sizes.
    """
    weights, own = load_tar(path).state_dict(), model.state_dict()
    for name, axis in (("global_encoder.position", 0), ("global_encoder.average.weight", 2)):
        if name in weights:
            weights[name] = _in_the_middle(weights[name], own[name], axis)
    wrong = [name for name in weights if name not in own or own[name].shape != weights[name].shape]
    if wrong:
        raise TarError(f"{path}: its {wrong[0]} doesn't fit this config; choose the config it was trained with")
    model.load_state_dict(weights, strict=False)
    new = sorted(own.keys() - weights.keys())
    if new:
        logging.info("untrained yet: %s", ", ".join(new))


def _in_the_middle(old: Tensor, new: Tensor, axis: int) -> Tensor:
    """The new weights of more frames, with the old ones of the middle frames."""
    extra = new.shape[axis] - old.shape[axis]
    if extra <= 0:
        return old
    joined = new.clone()
    joined.narrow(axis, extra // 2, old.shape[axis]).copy_(old)
    return joined


if __name__ == "__main__":
    sys.exit(main())
