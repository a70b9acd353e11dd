"""Hypothesis strategies for lines that are not the messages that a program expects."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

_numbers = st.integers() | st.integers(10**300, 10**500) | st.floats() | st.sampled_from([2**31, 2**63, 5e-324])
_leaves = (
    st.none() | st.booleans() | _numbers | st.text() | st.sampled_from(["\0", "\ud800", "a\nb", "/dev/zero", "//"])
)
json_values = st.recursive(_leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


def garbage_lines() -> st.SearchStrategy[str]:
    """Text, and JSON of any kind."""
    return st.text() | json_values.map(json.dumps)


def messages_like(messages: Sequence[dict[str, Any]]) -> st.SearchStrategy[str]:
    """Lines of JSON like one of these messages, but with one value replaced or left out, or another one added."""

    def spoiled(message: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
        replaced = st.tuples(st.sampled_from(sorted(message)), json_values).map(lambda pair: message | dict([pair]))
        added = st.dictionaries(st.text(), json_values, max_size=1).map(lambda more: message | more)
        left_out = st.sampled_from(sorted(message)).map(
            lambda key: {name: value for name, value in message.items() if name != key}
        )
        return replaced | added | left_out

    return st.sampled_from(messages).flatmap(spoiled).map(json.dumps)
