"""The data parallel program runs under torchrun as it runs by itself."""

import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT

pytestmark = pytest.mark.slow


def test_two_processes_of_torchrun_have_the_gradient_of_one(tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *("--nproc-per-node", "2"),
            str(ROOT / "snippets/scale/data_parallel.py"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
    )
    assert done.returncode == 0, done.stderr
    said = re.findall(r"process (\d) of 2: (\{.*\})", done.stdout)
    assert sorted(rank for rank, _ in said) == ["0", "1"], done.stdout
    for _, gaps in said:
        gap = dict(re.findall(r"'([\w-]+)': ([\d.e-]+)", gaps))
        assert float(gap["all-reduce"]) < 1e-6 and float(gap["DDP"]) < 1e-6
        assert float(gap["alone"]) > 1e-2
