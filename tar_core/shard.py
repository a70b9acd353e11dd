"""One of several parts of some work, which several machines share."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """One of several parts of some work.

    Attributes:
        number: from 1 to `count`.
        count: number of parts.
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Parse an argument such as 2/10."""
        number, _, count = text.partition("/")
        if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
            raise argparse.ArgumentTypeError(f"{text!r} is not of the form K/N with K from 1 to N")
        return cls(int(number), int(count))

    def of(self, items: Sequence[Item]) -> list[Item]:
        """Every `count`-th item, so that long and short ones are mixed even if they are sorted."""
        return list(items[self.number - 1 :: self.count])

    def name_of(self, report: str) -> str:
        """The file name of a report, such as report-2-of-10.jsonl."""
        path = Path(report)
        return f"{path.stem}-{self.number}-of-{self.count}{path.suffix}"


WHOLE = Shard(1, 1)


def add_shard(parser: argparse.ArgumentParser, help: str, default: Shard | None = WHOLE) -> None:
    """Add the argument `--shard K/N`; its value is a `Shard`."""
    parser.add_argument("--shard", type=Shard.parse, default=default, metavar="K/N", help=help)
