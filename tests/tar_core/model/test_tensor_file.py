"""The reader of safetensors files, compared with the package safetensors."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save, save_file

from tar_core.files import ASSETS
from tar_core.model.tensor_file import DTYPES, TensorFileError, read_tensors

NUMBERS = st.sampled_from([np.dtype(name) for name in DTYPES.values()])
ARRAYS = NUMBERS.flatmap(lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, min_side=0, max_side=4)))


def read_with_package(path: Path) -> dict[str, np.ndarray]:
    with safe_open(path, framework="np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


@given(st.dictionaries(st.text(max_size=8).filter(lambda name: name != "__metadata__"), ARRAYS, max_size=5))
def test_arrays_are_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, written: dict[str, np.ndarray]
) -> None:
    path = tmp_path_factory.getbasetemp() / "arrays.safetensors"
    save_file(written, path, {"format": "any", "größe": "1 m"})
    found, metadata = read_tensors(path)
    assert metadata == {"format": "any", "größe": "1 m"}
    assert found.keys() == written.keys()
    for name, array in written.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes(), "also for NaN"


@pytest.mark.parametrize("name", ["blazepose", "tar_s", "movenet", "ssd_person"])
def test_networks_of_the_package_are_read_as_by_the_package_safetensors(name: str) -> None:
    path = ASSETS / f"{name}.safetensors"
    expected, (found, _) = read_with_package(path), read_tensors(path)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[key], expected[key]) and found[key].flags.writeable for key in expected)


def file_of(header: object, data: bytes = bytes(8)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        (1 << 60).to_bytes(8, "little"),
        file_of(b"{"),
        file_of(b"\xff\xfe"),
        file_of(b"[" * 100_000),
        file_of([1, 2]),
        file_of({"a": 3}),
        file_of({"a": {"dtype": "F32", "shape": [2]}}),
        file_of({"a": {"dtype": "F99", "shape": [2], "data_offsets": [0, 8]}}),
        file_of({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}),
        file_of({"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}),
        file_of({"a": {"dtype": "F32", "shape": [2.0], "data_offsets": [0, 8]}}),
        file_of({"a": {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}}),
        file_of({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8, 9]}}),
        file_of({"a": {"dtype": "F32", "shape": [1 << 60], "data_offsets": [0, 1 << 62]}}),
        file_of({"a": {"dtype": "F32", "shape": [1] * 100 + [2], "data_offsets": [0, 8]}}),
        file_of({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(7)),
        file_of({"__metadata__": {"format": 3}}),
    ],
)
def test_damaged_files_are_rejected(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(content)
    with pytest.raises(TensorFileError):
        read_tensors(path)


WHOLE = save({"weight": np.arange(6, dtype=np.float32).reshape(2, 3), "bias": np.ones(3, np.float16)}, {"a": "b"})


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_gives_what_the_package_reads_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, value: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.safetensors"
    path.write_bytes(WHOLE[:place] + bytes([value]) + WHOLE[place + 1 :])
    try:
        found, _ = read_tensors(path)
    except TensorFileError:
        return
    try:
        expected = read_with_package(path)
    except SafetensorError:
        return  # the package also rejects gaps, overlaps and unknown dtypes
    assert found.keys() == expected.keys()
    assert all(found[name].tobytes() == expected[name].tobytes() for name in found)
