from __future__ import annotations

import pytest

from dirv_tf.io.file_paths import known_suffix, new_file


def test_the_longest_known_suffix_counts():
    assert known_suffix("a.b/IMAGE.NII.GZ", (".gz", ".nii.gz")) == ".nii.gz"
    with pytest.raises(ValueError, match=r"ends with \.nii\.gz\. Received: path=a\.gz"):
        known_suffix("a.gz", (".nii.gz",))


def test_a_folder_is_never_a_new_file(tmp_path):
    with pytest.raises(FileExistsError):
        new_file(tmp_path, overwrite=True)
