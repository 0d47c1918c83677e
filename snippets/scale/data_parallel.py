"""Data parallel: two processes, half the batch each, one gradient."""
# --8<-- [start:batch]
import os
import tempfile

import torch
import torch.distributed as dist
# DDP imports this module. Imported when a group exists, it keeps that group
# and its threads alive: so it comes before.
import torch.distributed.nn.functional
import torch.nn.functional as F
from torch import multiprocessing, nn
from torch.nn.parallel import DistributedDataParallel

torch.manual_seed(0)
X, y = torch.randn(64, 20), torch.randint(5, (64,))


def make():
    torch.manual_seed(1)  # the same start in every process
    return nn.Sequential(nn.Linear(20, 50), nn.Tanh(), nn.Linear(50, 5))


def gradient(model, rows):
    """-> the gradient of the mean loss over these rows, as one vector"""
    model.zero_grad()
    F.cross_entropy(model(X[rows]), y[rows]).backward()
    return torch.cat([p.grad.flatten() for p in model.parameters()])


everything = torch.arange(len(X))
whole = gradient(make(), everything)      # one process, the joined batch
# --8<-- [end:batch]

# --8<-- [start:process]
def process(rank, world, shares):
    """What process number `rank` of `world` does -> differences from `whole`

    shares: how many rows of the batch each process takes
    """
    mine = everything.split(shares)[rank]
    own = gradient(make(), mine)
    mean = own.clone()
    dist.all_reduce(mean)                 # the sum over all processes
    mean /= world
    theirs = gradient(DistributedDataParallel(make()), mine)
    return {"alone": (own - whole).abs().max().item(),
            "all-reduce": (mean - whole).abs().max().item(),
            "DDP": (theirs - whole).abs().max().item()}
# --8<-- [end:process]

# --8<-- [start:run]
def begin(rank, world, shares, meeting, answers):
    """The life of a process that this program starts itself"""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}",
                            rank=rank, world_size=world)
    answers.put((rank, process(rank, world, shares)))
    dist.barrier()
    dist.destroy_process_group()


def run(shares):
    """Start a process for each share -> what they answer, by rank"""
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        workers = [context.Process(target=begin, args=(
            rank, len(shares), shares, f"{folder}/meeting", answers))
            for rank in range(len(shares))]
        for worker in workers:
            worker.start()
        found = dict(answers.get(timeout=60) for _ in workers)
        for worker in workers:
            worker.join()
    return [found[rank] for rank in sorted(found)]
# --8<-- [end:run]


# --8<-- [start:start]
if "RANK" in os.environ:  # torchrun has started this program several times
    dist.init_process_group("gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    gaps = {"equal": [process(rank, world, 64 // world)]}
    line = f"process {rank} of {world}: {gaps['equal'][0]}\n"
    print(line, end="", flush=True)       # at once: all print to one place
    dist.destroy_process_group()
else:
    gaps = {"equal": run([32, 32]), "unequal": run([48, 16])}
    for shares, each in gaps.items():
        for rank, gap in enumerate(each):
            print(f"{shares:8} shares, process {rank}:", ", ".join(
                f"{name} {value:.0e}" for name, value in gap.items()))
results = {"largest": whole.abs().max().item(), "gaps": {
    shares: {name.replace("-", "_"): max(gap[name] for gap in each)
             for name in each[0]} for shares, each in gaps.items()}}
# --8<-- [end:start]
