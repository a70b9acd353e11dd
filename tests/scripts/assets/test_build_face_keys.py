import zipfile
from pathlib import Path

import numpy as np

from scripts.assets.build_face_keys import FOLDER, build
from tar_core.body.data import FREE_BODY
from tar_core.face_names import FACE_KEY_NAMES


def test_targets_become_offsets_of_the_bodys_vertices(tmp_path: Path) -> None:
    with np.load(FREE_BODY) as body:
        base_index = body["base_index"]
    tongue = 13400  # a vertex of MakeHuman's mesh that the body does not have
    package = tmp_path / "package.whl"
    with zipfile.ZipFile(package, "w") as archive:
        for number, name in enumerate(FACE_KEY_NAMES):
            text = f"# a comment\n{base_index[number]} .1 0 -.02\n{tongue} 1 1 1\n"
            archive.writestr(f"{FOLDER}/{name}.target", text)
    arrays = build(package)
    assert arrays["starts"].tolist() == list(range(len(FACE_KEY_NAMES) + 1))
    assert arrays["vertices"].tolist() == list(range(len(FACE_KEY_NAMES)))
    np.testing.assert_allclose(arrays["offsets"], np.tile([0.01, 0, -0.002], (len(FACE_KEY_NAMES), 1)), rtol=1e-3)
