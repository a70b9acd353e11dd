import argparse

import pytest

from tar_core.shard import WHOLE, Shard


def test_shards_share_the_items() -> None:
    items = [str(number) for number in range(10)]
    shards = [Shard(number, 3).of(items) for number in (1, 2, 3)]
    assert shards[0] == ["0", "3", "6", "9"] and shards[2] == ["2", "5", "8"]
    assert sorted(shards[0] + shards[1] + shards[2]) == items == WHOLE.of(items)
    assert Shard(2, 10).name_of("report.jsonl") == "report-2-of-10.jsonl"


def test_shards_are_parsed() -> None:
    assert Shard.parse("2/10") == Shard(2, 10)
    for text in ("0/3", "4/3", "3", "/", "-1/2", "a/b"):
        with pytest.raises(argparse.ArgumentTypeError, match="K/N"):
            Shard.parse(text)
