"""Memory settings of the process."""

import gc
import subprocess
import sys

import pytest

from tar_core.memory import loading

PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from tar_core.memory import LARGE_BLOCK, return_large_blocks

def resident():  # MiB
    return int(Path("/proc/self/statm").read_text().split()[1]) / 256

if sys.argv[1] == "on" and not return_large_blocks():
    raise SystemExit("another C library")
del (raised := [np.ones(31 << 20, np.uint8)])[0]  # glibc now places blocks of that size on its heap
before = resident()
blocks = []
for _ in range(20):
    blocks += [np.ones(LARGE_BLOCK, np.uint8), np.ones(50_000, np.uint8)]  # the small blocks in between are kept
kept = blocks[1::2]
blocks.clear()
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs glibc")
def test_large_blocks_are_returned_although_small_ones_are_kept() -> None:
    def left(switch: str) -> float:
        run = subprocess.run([sys.executable, "-c", PROGRAM, switch], capture_output=True, text=True)
        if "another C library" in run.stderr:
            pytest.skip("another C library")
        assert run.returncode == 0, run.stderr
        return float(run.stdout)

    assert left("on") < 10 < 60 < left("off")


def test_loading_excludes_objects_from_garbage_collection() -> None:
    before = gc.get_freeze_count()
    with loading():
        assert not gc.isenabled()
        loaded = [[number] for number in range(1000)]
    assert gc.isenabled() and gc.get_freeze_count() >= before + len(loaded)
    gc.unfreeze()


def test_loading_restores_the_state_of_the_collector() -> None:
    gc.disable()
    try:
        with pytest.raises(ImportError), loading():
            raise ImportError
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
