"""Several processes that train one network, as `torchrun` starts them: each takes its share of every batch.

Gradients are averaged after each step's backward pass, so that all processes hold the same weights all the time.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as distributed
from torch import Tensor, nn


@dataclass(frozen=True)
class Workers:
    """This process among all of them."""

    rank: int = 0
    count: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and the log."""
        return self.rank == 0

    def share(self, items: int) -> slice:
        """This process's part of a batch of so many items, a multiple of the number of processes."""
        each = items // self.count
        return slice(self.rank * each, (self.rank + 1) * each)

    def average(self, parameters: Iterable[nn.Parameter], loss: Tensor) -> Tensor:
        """Puts the mean of all processes' gradients into each one's parameters; returns the mean loss."""
        if self.count == 1:
            return loss
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        everything = torch.cat([*(gradient.flatten() for gradient in gradients), loss.reshape(1)])
        distributed.all_reduce(everything)
        everything /= self.count
        for gradient, mean in zip(gradients, everything[:-1].split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))
        return everything[-1]


def join_workers(device: str) -> tuple[Workers, str]:
    """The processes that torchrun started, of which this is one, and this one's device; or this process alone."""
    if "WORLD_SIZE" not in os.environ:
        return Workers(), device
    is_gpu = device.startswith("cuda")
    distributed.init_process_group("nccl" if is_gpu else "gloo")
    if is_gpu:
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    return Workers(distributed.get_rank(), distributed.get_world_size()), device


def leave_workers() -> None:
    """Ends what `join_workers` began."""
    if distributed.is_initialized():
        distributed.destroy_process_group()
