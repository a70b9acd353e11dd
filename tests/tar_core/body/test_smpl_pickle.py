"""Reading of SMPL's pickles: their arrays are read, and any other callable is rejected without being called."""

import builtins
import os
import pickle
import resource
import sys
import types

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tar_core.body.smpl_pickle import StandIn, read_smpl_pickle, to_array
from tar_core.errors import TarError

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Calls:
    """Pickled as a call of `function` and a state of the result, as an attacker would write it."""

    def __init__(self, function, *arguments, state=None):
        self.reduced = function, arguments, state

    def __reduce__(self):
        return self.reduced


@pytest.fixture
def read(tmp_path):
    """Reads the given bytes as a pickle file."""

    def reader(content: bytes):
        path = tmp_path / "SMPL_NEUTRAL.pkl"
        path.write_bytes(content)
        return read_smpl_pickle(path)

    return reader


@pytest.fixture
def chumpy(monkeypatch):
    """Modules whose objects are pickled like chumpy's; removed before the pickle is read."""
    ch, reordering = types.ModuleType("chumpy.ch"), types.ModuleType("chumpy.reordering")
    monkeypatch.setitem(sys.modules, "chumpy", types.ModuleType("chumpy"))

    def kind(module, name):
        made = type(name, (), {"__module__": module.__name__})
        setattr(module, name, made)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return made

    def make(kind, **state):
        made = kind()
        made.__dict__.update(state)
        return made

    return types.SimpleNamespace(
        Ch=kind(ch, "Ch"), Select=kind(reordering, "Select"), MatVecMult=kind(ch, "MatVecMult"), make=make
    )


@given(
    array=arrays.arrays(
        st.one_of(arrays.floating_dtypes(sizes=(32, 64)), arrays.integer_dtypes(), arrays.unsigned_integer_dtypes()),
        arrays.array_shapes(min_dims=0, max_dims=3, max_side=4),
    ),
    protocol=st.sampled_from(PROTOCOLS),
    is_fortran_order=st.booleans(),
)
def test_arrays_round_trip(array, protocol, is_fortran_order, tmp_path_factory):
    stored = np.asfortranarray(array) if is_fortran_order and array.ndim else array
    path = tmp_path_factory.mktemp("pickles") / "body.pkl"
    path.write_bytes(pickle.dumps({"weights": stored}, protocol))
    result = to_array(read_smpl_pickle(path)["weights"])
    assert result.dtype == array.dtype
    np.testing.assert_array_equal(result, array)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_scalars_and_plain_values(read, protocol):
    content = read(pickle.dumps({"scale": np.float32(1.5), "bs_style": "lbs", "list": [1, 2]}, protocol))
    assert to_array(content["scale"]) == np.float32(1.5)
    assert content["bs_style"] == "lbs"
    np.testing.assert_array_equal(to_array(content["list"]), [1, 2])


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("form", ["coo_matrix", "csc_matrix", "csr_matrix", "coo_array", "csc_array", "csr_array"])
def test_sparse_matrices_become_dense(read, form, protocol):
    dense = np.random.default_rng(0).random((24, 50)) * (np.random.default_rng(1).random((24, 50)) < 0.1)
    content = read(pickle.dumps({"J_regressor": getattr(scipy.sparse, form)(dense)}, protocol))
    np.testing.assert_array_equal(to_array(content["J_regressor"]), dense)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_chumpy_arrays_are_unwrapped_without_chumpy(read, chumpy, protocol, monkeypatch):
    all_directions = np.random.default_rng(0).random((5, 3, 300))
    indices = np.arange(all_directions.size).reshape(all_directions.shape)[..., :10].ravel()
    wrapped = chumpy.make(chumpy.Ch, x=all_directions, _dirty_vars={"x"}, _itr=None)
    content = pickle.dumps(
        {
            "v_template": chumpy.make(chumpy.Ch, x=np.ones((5, 3)), _dirty_vars=set()),
            "shapedirs": chumpy.make(chumpy.Select, a=wrapped, idxs=indices, preferred_shape=(5, 3, 10)),
            "J": chumpy.make(chumpy.MatVecMult, mtx=np.eye(3), vec=wrapped),
        },
        protocol,
    )
    for name in ("chumpy", "chumpy.ch", "chumpy.reordering"):
        monkeypatch.delitem(sys.modules, name)
    result = read(content)
    np.testing.assert_array_equal(to_array(result["v_template"]), np.ones((5, 3)))
    np.testing.assert_array_equal(to_array(result["shapedirs"]), all_directions[..., :10])
    assert type(result["J"]) is StandIn
    with pytest.raises(ValueError, match="expression"):
        to_array(result["J"])


def test_python_2_pickle(read):
    """A pickle as written by Python 2: bytes are a plain string, and modules have their old names."""
    array = np.array([[1.0, -2.0], [3.5, 1e300]])
    data = array.tobytes()
    assert any(byte > 127 for byte in data)
    array_begins = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x02K\x02\x86"
    dtype = b"cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    content = b"\x80\x02}U\x01f" + array_begins + dtype + b"\x89U" + bytes([len(data)]) + data + b"tbs."
    np.testing.assert_array_equal(to_array(read(content)["f"]), array)


ATTACKS = {
    "os.system": Calls(os.system, "touch broken"),
    "builtins.eval": Calls(eval, "open('broken', 'w')"),
    "builtins.exec": Calls(exec, "open('broken', 'w')"),
    "builtins.getattr": Calls(getattr, "text", "encode"),
    "builtins.open": Calls(open, "broken", "w"),
    "builtins.__import__": Calls(builtins.__import__, "os"),
    "numpy.fromfile": Calls(np.fromfile, "broken"),
    "numpy.load": Calls(np.load, "broken", None, True),
    "numpy.save": Calls(np.save, "broken", 1),
    "numpy.memmap": Calls(np.memmap, "broken"),
    "numpy.vectorize": Calls(np.vectorize, len),
    "numpy.frompyfunc": Calls(np.frompyfunc, len, 1, 1),
    "scipy.sparse.load_npz": Calls(scipy.sparse.load_npz, "broken"),
    "pickle.loads": Calls(pickle.loads, b"N."),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_any_other_callable_is_rejected_and_not_called(read, attack, protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TarError, match=r"^[^\n]+SMPL_NEUTRAL\.pkl: it uses [^\n]+ use the original SMPL file$"):
        read(pickle.dumps({"v_template": attack}, protocol))
    assert not (tmp_path / "broken").exists()


@pytest.mark.parametrize(
    "name",
    [
        b"cnumpy\ndtype.__class__\n",
        b"cnumpy.core.multiarray\nfromfile\n",
        b"cnumpy.testing\nrundocs\n",
        b"cnumpy.f2py\ncompile\n",
        b"cscipy.sparse\nos\n",
        b"cscipy\ncsc_matrix\n",
        b"ctar_core.body.smpl_pickle\nos\n",
        b"cposix\nsystem\n",
        b"c__builtin__\neval\n",
        b"\x8c\x05numpy\x8c\x16ndarray.__reduce__.\n.,\x93",
    ],
)
def test_hand_written_names_are_rejected(read, name):
    with pytest.raises(TarError, match="it uses"):
        read(b"\x80\x04" + name + b".")


def test_arrays_of_objects_are_an_error_only_when_converted(read):
    content = read(pickle.dumps({"names": np.array(["a", None], object), "weights": np.ones(2)}))
    np.testing.assert_array_equal(to_array(content["weights"]), [1, 1])
    with pytest.raises(ValueError, match="numbers"):
        to_array(content["names"])


@pytest.mark.parametrize("state", [3, {}, (1, (5,), None, False, b""), (1, (5,), np.dtype(float), False, b"short")])
def test_arrays_with_an_invalid_state(read, state):
    content = read(pickle.dumps({"weights": Calls(*np.zeros(1).__reduce__()[:1], np.ndarray, (0,), b"b", state=state)}))
    with pytest.raises(ValueError):
        to_array(content["weights"])


def test_huge_sparse_matrices_are_rejected(read):
    content = read(pickle.dumps({"J_regressor": scipy.sparse.csc_matrix((100_000, 100_000))}))
    with pytest.raises(ValueError, match="100000 x 100000"):
        to_array(content["J_regressor"])


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x04", pickle.dumps({"a": np.ones(100)})[:-20]])
def test_damaged_files(read, content):
    with pytest.raises(TarError, match="not a readable pickle.*download"):
        read(content)


def test_other_content(read):
    with pytest.raises(TarError, match="not an SMPL file"):
        read(pickle.dumps([1, 2]))


def test_external_objects_are_rejected(read):
    with pytest.raises(TarError, match="an external object"):
        read(b"\x80\x02Pname\n.")


def test_unreadable_file(tmp_path):
    with pytest.raises(TarError, match="cannot read"):
        read_smpl_pickle(tmp_path)


def laughs(depth):
    """Lists of ten references to a list of ten references ...: 10^depth entries in some bytes for each level."""
    value = [0] * 10
    for _ in range(depth - 1):
        value = [value] * 10
    return value


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps({"v_template": laughs(12)}),
        pickle.dumps({"v_template": {"x": tuple(laughs(12))}}),
        b"\x80\x02}r\xff\xff\xff\x7f.",  # LONG_BINPUT: a memo of 16 GB
        b"(dp2000000000\n.",
        b"\x80\x04\x8e" + (2**62).to_bytes(8, "little") + b"abc.",  # BINBYTES8 of an exabyte
        b"(" * 200_000 + b".",
        b"(l" * 100_000 + b"a" * 99_999 + b".",
        b"\x80\x02]q\x00h\x00a.",  # a list that contains itself
    ],
    ids=["lists", "dictionary", "memo", "memo of protocol 0", "bytes", "marks", "deep lists", "circle"],
)
def test_small_files_do_not_take_much_memory(read, content):
    limits = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (400 << 20), limits[1]))
    try:
        with pytest.raises(TarError, match=r"not a readable pickle \(|not an SMPL file"):
            read(content)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def test_nested_lists_are_limited_in_arrays():
    with pytest.raises(ValueError, match="too many"):
        to_array(laughs(12))
