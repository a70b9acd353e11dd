"""Reading of `.npz` files against a schema, in particular damaged and hostile ones."""

import io
import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tar_core.errors import TarError
from tar_core.npz import BOOLEAN, MAX_LENGTH, TEXT, WHOLE_NUMBER, Form, has_arrays, read_npz

FORMS = {
    "poses": Form(shape=("N", 3), low=-10, high=10),
    "frames": Form(WHOLE_NUMBER, ("N",), low=0),
    "name": Form(TEXT),
    "done": Form(BOOLEAN, optional=True),
    "mesh": Form(shape=(2, "..."), optional=True),
}
GOOD = {"poses": np.ones((4, 3), np.float32), "frames": np.arange(4), "name": np.str_("a")}
ABOUT = ("not a list", "write it again")


def written(path: Path, **arrays: object) -> Path:
    np.savez_compressed(path, **{name: array for name, array in (GOOD | arrays).items() if array is not None})
    return path


def raw(path: Path, name: str, header: str, data: bytes = b"", **options: int) -> Path:
    """Write an archive with one hand-made array beside the good ones."""
    encoded = header.encode()
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(encoded)) + encoded + data
    return added(path, f"{name}.npy", content, **options)


def added(path: Path, member: str, content: bytes, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    written(path, **{member.removesuffix(".npy"): None})
    with zipfile.ZipFile(path, "a", compression) as archive:
        archive.writestr(member, content)
    return path


def test_arrays_are_returned_as_they_were_written(tmp_path: Path) -> None:
    path = written(tmp_path / "a.npz", poses=np.asfortranarray(np.arange(12.0).reshape(4, 3) / 2), done=np.True_)
    data = read_npz(path, FORMS, *ABOUT)
    assert set(data) == {"poses", "frames", "name", "done"}
    np.testing.assert_array_equal(data["poses"], np.arange(12.0).reshape(4, 3) / 2)
    np.testing.assert_array_equal(data["frames"], np.arange(4))
    assert str(data["name"]) == "a" and bool(data["done"])
    data["poses"][0] = 0  # they belong to the caller


def test_empty_arrays(tmp_path: Path) -> None:
    path = written(tmp_path / "a.npz", poses=np.zeros((0, 3)), frames=np.zeros(0, int), name=np.str_(""))
    data = read_npz(path, FORMS, *ABOUT)
    assert data["poses"].shape == (0, 3) and str(data["name"]) == ""


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"poses": None}, "poses is missing"),
        ({"poses": np.ones((4, 2))}, r"poses has the shape \[4, 2\], expected \[4, 3\]"),
        ({"poses": np.ones(())}, r"poses has the shape \[\]"),
        ({"frames": np.arange(3)}, r"frames has the shape \[3\], expected \[4\]"),
        ({"frames": np.zeros(4)}, "frames has values of the type float64"),
        ({"frames": np.array([0, 1, 2, -1])}, "frames must be from 0 to inf, not -1"),
        ({"poses": np.array([["a", "b", "c"]] * 4)}, "poses has values of the type <U1"),
        ({"poses": np.full((4, 3), np.nan)}, "poses has values that are not finite"),
        ({"poses": np.full((4, 3), 1e300)}, "poses must be from -10 to 10"),
        ({"poses": np.ones((4, 3), complex)}, "complex"),
        ({"poses": np.array([[None] * 3] * 4)}, "object"),
        ({"name": np.array(["a", "b"])}, r"name has the shape \[2\]"),
        ({"name": np.str_("a" * 100_000)}, "name has values of the type"),
        ({"done": 1}, "done has values of the type int64"),
        ({"mesh": np.ones(3)}, r"mesh has the shape \[3\], expected \[2, ...\]"),
        ({"poses": np.ones((MAX_LENGTH + 1, 3), np.int8)}, "poses has 1000001 rows, more than 1000000"),
    ],
)
def test_other_forms_are_one_line(tmp_path: Path, arrays: dict[str, object], words: str) -> None:
    path = written(tmp_path / "a.npz", **arrays)
    with pytest.raises(TarError, match=words) as error:
        read_npz(path, FORMS, *ABOUT)
    assert str(error.value).startswith(f"{path}: not a list (") and str(error.value).endswith("; write it again")


def test_headers_are_checked_before_memory_is_taken(tmp_path: Path) -> None:
    """Small files that claim, or unpack to, a terabyte."""
    path = tmp_path / "a.npz"
    shape = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s,)}"
    cases = [
        raw(tmp_path / "1.npz", "mesh", shape % "2, 10**9".replace("10**9", str(10**9))),
        raw(tmp_path / "2.npz", "mesh", shape % f"2, {10**30}"),
        raw(tmp_path / "3.npz", "mesh", shape % "2, -5"),
        raw(tmp_path / "4.npz", "frames", shape % str(10**12)),
        raw(tmp_path / "5.npz", "mesh", shape % "2, 8", b"\0" * (64 << 20)),  # more data than the header says
        raw(tmp_path / "6.npz", "mesh", shape % "2, 8", b"\0" * 5),
        raw(tmp_path / "7.npz", "name", "{'descr': '<U1000000', 'fortran_order': False, 'shape': ()}"),
        raw(tmp_path / "8.npz", "mesh", "{'descr': '|V1000000000', 'fortran_order': False, 'shape': (2,)}"),
        raw(tmp_path / "9.npz", "mesh", "(" * 5000),
        added(tmp_path / "10.npz", "mesh.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31) + b" " * (64 << 20)),
    ]
    tracemalloc.start()
    try:
        for path in cases:
            with pytest.raises(TarError, match="not a list"):
                read_npz(path, FORMS, *ABOUT)
        assert tracemalloc.get_traced_memory()[1] < 50 << 20
    finally:
        tracemalloc.stop()


def test_archives_that_cannot_be_unpacked_are_one_line(tmp_path: Path) -> None:
    whole = written(tmp_path / "a.npz").read_bytes()
    encrypted = bytearray(whole)
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[whole.index(signature) + at] |= 1
    contents = {
        "empty": b"",
        "text": b"frame,x,y\n",
        "cut": whole[: len(whole) // 2],
        "start of an archive": b"PK\x03\x04 but no archive",
        "array": (lambda file: (np.save(file, np.ones(3)), file.getvalue())[1])(io.BytesIO()),
        "encrypted": bytes(encrypted),
    }
    for name, content in contents.items():
        (tmp_path / "b.npz").write_bytes(content)
        with pytest.raises(TarError, match="not a list") as error:
            read_npz(tmp_path / "b.npz", FORMS, *ABOUT)
        assert "\n" not in str(error.value), name
        assert not has_arrays(tmp_path / "b.npz", "poses") or name == "encrypted"


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    for path in (tmp_path, tmp_path / "absent.npz", tmp_path / "pipe.npz", Path("/dev/zero")):
        with pytest.raises(TarError, match="no such file"):
            read_npz(path, FORMS, *ABOUT)
        assert not has_arrays(path, "poses")


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_damage_is_an_error_or_harmless(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A file with changed bytes is rejected, or has arrays of the declared forms."""
    path = tmp_path_factory.mktemp("damaged") / "a.npz"
    content = bytearray(written(path).read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    try:
        arrays = read_npz(path, FORMS, *ABOUT)
    except TarError as error:
        assert "\n" not in str(error)
        return
    assert arrays["poses"].shape == (len(arrays["frames"]), 3) and np.isfinite(arrays["poses"]).all()


def test_has_arrays(tmp_path: Path) -> None:
    path = written(tmp_path / "a.npz")
    assert has_arrays(path, "poses", "frames") and not has_arrays(path, "poses", "trans")
