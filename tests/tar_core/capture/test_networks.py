import pytest

from tar_core.capture.networks import choose_device
from tar_core.errors import TarError


def test_unavailable_device_is_rejected() -> None:
    with pytest.raises(TarError, match="device 'abacus' is not available"):
        choose_device("abacus")


def test_auto_chooses_an_available_device() -> None:
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
