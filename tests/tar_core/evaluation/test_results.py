import csv
import json

import numpy as np
import pytest

from tar_core.evaluation.protocols import PROTOCOLS
from tar_core.evaluation.results import ALL, Tally, table, write_results
from tar_core.files import file_hash

PROTOCOL = PROTOCOLS["3dpw"]


def tally():
    own = Tally()
    own.add("a", {"pa_mpjpe": np.array([1.0]), "mpjpe": np.array([2.0]), "pve": np.ones(1), "accel": np.zeros(0)}, 1)
    longer = {"pa_mpjpe": np.full(3, 5.0), "mpjpe": np.full(3, 6.0), "pve": np.ones(3), "accel": np.array([4.0])}
    own.add("b", longer, 3)
    return own


def test_means_are_taken_over_frames():
    means = tally().means(PROTOCOL)
    assert list(means) == [ALL, "a", "b"]
    assert means[ALL] == {"pa_mpjpe": 4.0, "mpjpe": 5.0, "pve": 1.0, "accel": 4.0}
    assert np.isnan(means["a"]["accel"])


def test_jitter_is_averaged_over_sequences():
    emdb = PROTOCOLS["emdb1"]
    own = Tally()
    for name, values in (("a", [1.0]), ("b", [3.0, 3.0, 3.0])):
        own.add(name, dict.fromkeys(emdb.metrics, np.array(values)), len(values))
    means = own.means(emdb)[ALL]
    assert means["jitter"] == 2.0 and means["mpjpe"] == 2.5


def test_missing_values_are_dashes():
    ours = {"pa_mpjpe": 50.0, "mpjpe": 80.04, "pve": 100.0, "accel": float("nan")}
    lines = list(table("3DPW, test", PROTOCOL.metrics, [("theirs", {"mpjpe": 62.7}), ("ours", ours)]))
    assert lines == [
        "| 3DPW, test | PA-MPJPE | MPJPE | PVE | ACCEL |",
        "|---|---|---|---|---|",
        "| theirs | – | 62.7 | – | – |",
        "| ours | 50.0 | 80.0 | 100.0 | – |",
    ]


def test_files_contain_results_and_settings(tmp_path):
    network = tmp_path / "net.safetensors"
    network.write_bytes(b"weights")
    own = tally()
    write_results(tmp_path, "3dpw", PROTOCOL, {"net": own.means(PROTOCOL)}, own.frames, network, {"smoothing": []})
    with (tmp_path / "3dpw.csv").open(newline="") as file:
        lines = {(line["row"], line["sequence"]): line for line in csv.DictReader(file)}
    assert float(lines["net", ALL]["mpjpe"]) == 5 and lines["net", ALL]["frames"] == "4"
    assert float(lines["net", "b"]["accel"]) == 4
    content = json.loads((tmp_path / "3dpw.json").read_text())
    assert content["checkpoint"] == {"file": "net.safetensors", "sha256": file_hash(network)}
    assert content["checkpoint"]["sha256"].startswith("9a129038")  # as sha256sum says
    assert content["rows"]["net"]["pa_mpjpe"] == pytest.approx(4) and content["sequences"]["net"]["a"]["accel"] is None
    assert content["settings"] == {"smoothing": []} and content["frames"] == 4
