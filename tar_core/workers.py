"""Processes that work side by side: how many, from the machine and the work, and when they end."""

import multiprocessing
import os
import platform
import shutil
import sys
import threading

from tar_core.options import CaptureOptions

WORKER_MEMORY = 1.2  # GB that a process with the networks uses for a video of 1080 lines


def cores() -> int:
    """Number of CPU threads that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def may_have_gpu() -> bool:
    """Whether the machine may have a GPU that PyTorch can use."""
    is_mac = platform.system() == "Darwin" and platform.machine() == "arm64"
    return is_mac or any(shutil.which(tool) for tool in ("nvidia-smi", "rocminfo"))


def machine_memory() -> float:
    """Memory of the machine, GB."""
    if sys.platform == "win32":
        import ctypes

        kilobytes = ctypes.c_ulonglong()
        ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes))
        return kilobytes.value * 1024 / 1e9
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def number_of_workers(options: CaptureOptions) -> int:
    """Number of processes that the options ask for or, without that, that the machine has CPU threads for.

    On a GPU it is one by default. The memory limits it in both cases.
    """
    is_on_cpu = options.device == "cpu" or (options.device == "auto" and not may_have_gpu())
    memory = machine_memory() / 2 if options.memory is None else options.memory
    return max(1, min(options.workers or (cores() if is_on_cpu else 1), int(memory / WORKER_MEMORY)))


def threads_of_one(workers: int) -> int | None:
    """Threads of the networks in each of several processes; None for the default of a single one."""
    return None if workers == 1 else max(1, cores() // workers)


def end_with_parent() -> None:
    """Let this process, a child of `multiprocessing`, end when its parent ends, even if that is killed."""

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
