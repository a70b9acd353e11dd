"""The precisions in which the networks are measured."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

FP32, TF32, BF16 = "fp32", "tf32", "bf16"


@contextmanager
def computing_in(precision: str, device: str) -> Iterator[None]:
    """Compute products in a precision: fp32 without TF32, with TF32 (10 bits of mantissa), or bfloat16 by autocast."""
    kind = torch.device(device).type
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision != FP32
    try:
        with torch.autocast(kind, torch.bfloat16, enabled=precision == BF16):
            yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def precisions(device: str) -> tuple[str, ...]:
    """Those that a device has."""
    return (FP32, TF32, BF16) if torch.device(device).type == "cuda" else (FP32, BF16)
