"""The data parallel program runs under torchrun as it runs by itself."""

import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT

pytestmark = pytest.mark.slow


# Gloo's threads must be gone when Python ends: one that still holds a Python
# object then aborts the process, once in ten or twenty runs.
RUN = """
import pathlib, runpy, sys
runpy.run_path(sys.argv[1], run_name="__main__")
for name in pathlib.Path("/proc/self/task").glob("*/comm"):
    print("thread:", name.read_text(), end="", flush=True)
"""


def test_two_processes_of_torchrun_have_the_gradient_of_one(tmp_path):
    script = tmp_path / "run.py"
    script.write_text(RUN)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *("--nproc-per-node", "2"),
            str(script),
            str(ROOT / "snippets/scale/data_parallel.py"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
    )
    assert done.returncode == 0, done.stderr
    assert "gloo" not in done.stdout
    said = re.findall(r"process (\d) of 2: (\{.*\})", done.stdout)
    assert sorted(rank for rank, _ in said) == ["0", "1"], done.stdout
    for _, gaps in said:
        gap = dict(re.findall(r"'([\w-]+)': ([\d.e-]+)", gaps))
        assert float(gap["all-reduce"]) < 1e-6 and float(gap["DDP"]) < 1e-6
        assert float(gap["alone"]) > 1e-2
