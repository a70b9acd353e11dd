"""Cost of the network, compared with the paper."""

from dataclasses import replace

import pytest

from tar_core.model.config import PAPER
from tar_core.model.cost import PAPER_COSTS, cost_table, measure_cost


@pytest.mark.parametrize("size", PAPER_COSTS)
def test_cost_equals_table_s3_of_the_paper(size):
    cost = measure_cost(replace(PAPER, local_size=size))
    assert cost.parameters == pytest.approx(PAPER_COSTS[size].parameters, rel=0.05)
    assert cost.gflops == pytest.approx(PAPER_COSTS[size].gflops, rel=0.05)


def test_multiply_add_counts_as_two_operations():
    """Cost of the ConvGRU: six steps of six 3 x 3 convolutions of 256 channels, and the output with 512 channels."""
    local = 2 * 4096 * 9 * 256 * 256 * (6 * 6 + 2) / 1e9
    without = measure_cost(replace(PAPER, use_local=False))
    static = 2 * 4096 * 256 * 256 / 1e9  # its replacement, a 1 x 1 convolution
    assert measure_cost(PAPER).gflops - without.gflops == pytest.approx(local - static, rel=1e-6)


def test_table_has_a_figure_line_for_each_row():
    figures = [line for line in cost_table() if line.startswith("FIGURE ")]
    assert [line.split()[1] for line in figures] == ["S=64", "S=32", "S=16", "S=8"]
