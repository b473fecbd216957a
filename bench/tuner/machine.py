"""The machine that measures."""
import math
import os
import pathlib
import platform

QUOTA = pathlib.Path("/sys/fs/cgroup/cpu.max")
MODELS = pathlib.Path("/proc/cpuinfo")


def processors():
    """Those this process may use, counted as the library counts them for its default threads."""
    allowed = len(os.sched_getaffinity(0))
    try:
        quota, period = map(int, QUOTA.read_text().split())
    except (OSError, ValueError):
        return allowed
    return max(1, min(allowed, math.ceil(quota / period)))


def described():
    return f"{model()}, {processors()} processors, {platform.system()} {platform.release()}"


def model():
    try:
        lines = MODELS.read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
