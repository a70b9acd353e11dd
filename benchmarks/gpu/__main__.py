"""Everything that needs a GPU, in stages of less than 10 minutes: `python -m benchmarks.gpu --help`.

pack     make the file of training data for the machine with the GPU
plan     print what to upload and download, and how long each stage takes
run      run the stages; repeat the command to resume
join     join the parts of the trained checkpoint
costs    estimate what it takes to train tar-w48
"""

import argparse
import logging
import sys
import time
from functools import partial
from pathlib import Path

from benchmarks.gpu import costs, learning, parity, throughput
from benchmarks.gpu.files import join_files, needed_files
from benchmarks.gpu.pack import MAX_BYTES
from benchmarks.gpu.runner import RESULTS, Session, Stage, run_stages
from scripts.paths import REPOSITORY
from tar_core.errors import TarError
from tar_core.runtime.torch_runtime import choose_device

STAGES = [
    Stage("parity", "compares the networks with those on the CPU", parity.run, 3),
    Stage("inference", "frames per second by batch size, precision and mode", throughput.run_inference, 9),
    Stage("side-by-side", "frames per second of stretches that share batches", throughput.run_side_by_side, 6),
    Stage("training", "windows per second of training on cached features", learning.run_training, 5),
    Stage("rendering", "frames per second of rendering with EGL", learning.run_rendering, 4, needs_pack=True),
    Stage(
        "unfrozen",
        "training of TAR together with its backbone, on people rendered during the training",
        learning.run_unfrozen,
        9,
        needs_pack=True,
        brings="tar.safetensors (11 MB), blazepose.safetensors in two parts (28 MB)",
    ),
]


def make_parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    pack = commands.add_parser("pack", help="make the file of training data")
    pack.add_argument("--data", type=Path, required=True, help="folder with motion/ and body/; see docs/gpu.md")
    pack.add_argument("--pictures", type=Path, required=True, help="folder of photographs and panoramas")
    pack.add_argument("--videos", type=Path, nargs="+", required=True, help="videos of real people")
    pack.add_argument("--output", type=Path, default=Path("out/gpu-pack.zip"), help="default: %(default)s")
    plan = commands.add_parser("plan", help="print what to upload and download, and how long each stage takes")
    plan.add_argument("--files", action="store_true", help="only list the files of the repository to upload")
    plan.add_argument("--pack", type=Path, default=Path("out/gpu-pack.zip"), help="default: %(default)s")
    run = commands.add_parser("run", help="run stages; repeat the command to resume")
    names = [stage.name for stage in STAGES]
    run.add_argument("stages", nargs="*", metavar="STAGE", help=f"any of {', '.join(names)} (default: all)")
    run.add_argument("--pack", type=Path, default=Path("out/gpu-pack.zip"), help="default: %(default)s")
    run.add_argument("--output", type=Path, default=Path("out/gpu"), help="folder to download (default: %(default)s)")
    run.add_argument(
        "--work", type=Path, default=Path(".cache/gpu"), help="folder that is needed to resume (default: %(default)s)"
    )
    run.add_argument("--device", default="cuda", help="default: %(default)s")
    run.add_argument("--small", action="store_true", help="a short rehearsal with few measurements")
    run.add_argument(
        "--minutes", type=float, default=9, help="after these, no measurement begins (default: %(default)s)"
    )
    join = commands.add_parser("join", help="join the parts of the trained checkpoint")
    join.add_argument("folder", type=Path, help="the downloaded folder")
    join.add_argument("--output", type=Path, required=True, help="folder for the checkpoint and its backbone")
    costs.add_options(commands.add_parser("costs", help="estimate what it takes to train tar-w48"))
    return parser


def show_plan(pack: Path) -> None:
    """Print what to upload and download, and how long each stage takes."""
    files = needed_files()
    size = sum((REPOSITORY / file).stat().st_size for file in files if (REPOSITORY / file).is_file())
    packed = (
        f"{pack.stat().st_size / 1e6:.1f} MB" if pack.is_file() else f"at most {MAX_BYTES / 1e6:.0f} MB, not made yet"
    )
    print(f"upload: {len(files)} files of the repository, {size / 1e6:.1f} MB (plan --files lists them)")
    print(f"        {pack}: {packed}")
    print("stages, which the same command resumes:")
    for stage in STAGES:
        needs = ", needs the pack" if stage.needs_pack else ""
        print(f"  {stage.name:13} at most {stage.minutes} minutes on an H200 (estimate){needs}: {stage.shows}")
        print(f"  {'':13} download: {RESULTS}" + (f", {stage.brings}" if stage.brings else ""))


def run(options: argparse.Namespace) -> int:
    """Run stages; see `run_stages`."""
    by_name = {stage.name: stage for stage in STAGES}
    if unknown := [name for name in options.stages if name not in by_name]:
        raise TarError(f"no such stage: {unknown[0]}; choose from {', '.join(by_name)}")
    choose_device(options.device)
    deadline = time.monotonic() + 60 * options.minutes
    say = partial(print, flush=True)  # what was printed before a kill is not lost
    session = Session(options.device, options.small, options.pack, options.output, options.work, deadline, say)
    status = run_stages([by_name[name] for name in options.stages] if options.stages else STAGES, session)
    print("download:")
    for file in sorted(options.output.glob("*")):
        print(f"  {file}: {file.stat().st_size / 1e6:.2f} MB")
    return status


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = make_parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        if options.command == "pack":
            from benchmarks.gpu.packing import write_pack  # reads videos with av, which the GPU machine need not have

            sizes = write_pack(options.output, options.data, options.pictures, options.videos)
            print(*(f"{name}: {size / 1e6:.2f} MB" for name, size in sizes.items()), sep="\n")
            print(f"{options.output}: {options.output.stat().st_size / 1e6:.2f} MB")
        elif options.command == "plan":
            if options.files:
                print(*needed_files(), sep="\n")
            else:
                show_plan(options.pack)
        elif options.command == "join":
            print(*join_files(options.folder, options.output), sep="\n")
        elif options.command == "costs":
            print(*costs.table(options), sep="\n")
        else:
            return run(options)
    except TarError as error:
        print(f"gpu: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
