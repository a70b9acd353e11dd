"""Data-parallel training with processes started by `torchrun`: each takes its share of every batch.

Gradients are averaged after each step's backward pass, so that all processes always have the same weights.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as distributed
from torch import Tensor, nn


@dataclass(frozen=True)
class Workers:
    """This process's rank and the number of processes."""

    rank: int = 0
    count: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this process writes the files and the log."""
        return self.rank == 0

    def share(self, items: int) -> slice:
        """This process's share of a batch.

        Args:
            items: size of the batch, a multiple of the number of processes.
        """
        size = items // self.count
        return slice(self.rank * size, (self.rank + 1) * size)

    def average(self, parameters: Iterable[nn.Parameter], loss: Tensor) -> Tensor:
        """Replace the gradients of the parameters by their mean over all processes; return the mean loss."""
        if self.count == 1:
            return loss
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        values = torch.cat([*(gradient.flatten() for gradient in gradients), loss.reshape(1)])
        distributed.all_reduce(values)
        values /= self.count
        for gradient, mean in zip(gradients, values[:-1].split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))
        return values[-1]


def join_workers(device: str) -> tuple[Workers, str]:
    """Join the processes that torchrun started; without torchrun, this process is the only one.

    Returns:
        The processes and this process's device.
    """
    if "WORLD_SIZE" not in os.environ:
        return Workers(), device
    is_gpu = device.startswith("cuda")
    distributed.init_process_group("nccl" if is_gpu else "gloo")
    if is_gpu:
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    return Workers(distributed.get_rank(), distributed.get_world_size()), device


def leave_workers() -> None:
    """Leave the group of processes that `join_workers` joined."""
    if distributed.is_initialized():
        distributed.destroy_process_group()
