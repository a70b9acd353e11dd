"""The session's own parts that need no window."""

import os
import subprocess
import time

import pytest

from tests.blender.gui import ORPHAN_SECONDS, has_window, seconds_until_end
from tests.blender.matrix import RUNTIMES, StepFailed
from tests.blender.test_engine_client import PYTHON

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks into /proc")


def test_only_real_programs_have_windows() -> None:
    assert [runtime.name for runtime in RUNTIMES if has_window(runtime)] == ["trixie", "sid"]


def test_process_that_ended_is_told_from_one_that_goes_on() -> None:
    with subprocess.Popen([PYTHON, "-c", ""]) as process:
        process.wait()
        assert seconds_until_end(process.pid, time.time()) >= 0
    with pytest.raises(StepFailed, match="goes on without Blender"):
        seconds_until_end(os.getpid(), time.time() - ORPHAN_SECONDS - 1)
