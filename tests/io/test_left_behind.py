"""What a killed process leaves goes, and nothing else."""

from dirv_tf.io.folder_lock import folder_lock
from dirv_tf.io.left_behind import has_temporary_folder, remove_temporary_files, remove_temporary_folders

HEX = "0123456789ab"


def test_own_temporary_files_alone_are_removed(tmp_path):
    own = [f".{HEX}-last.npz", f".{HEX}-.{HEX[::-1]}-last.npz", ".ffffffffffff-run.json"]
    others = ["last.npz", f".{HEX}-other.npz", f".{HEX}last.npz", f".{HEX[:-1]}-last.npz", f"{HEX}-last.npz",
              f".{HEX.upper()}-last.npz"]
    for name in (*own, *others):
        (tmp_path / name).touch()
    (tmp_path / ".aaaaaaaaaaaa-run.json").mkdir()
    removed = remove_temporary_files(tmp_path, ["last.npz", "run.json"])
    assert sorted(path.name for path in removed) == sorted(own)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, ".aaaaaaaaaaaa-run.json"])
    assert remove_temporary_files(tmp_path / "nowhere", ["last.npz"]) == []


def test_folders_in_use_stay(tmp_path):
    result = tmp_path / "result"
    for name in (f".result-{HEX}", ".result-ffffffffffff", f".other-{HEX}"):
        (result / name).mkdir(parents=True)
        (result / name / "a.png").touch()
    assert has_temporary_folder(result) and not has_temporary_folder(tmp_path)
    seen = []
    with folder_lock(result / f".result-{HEX}"):
        removed = remove_temporary_folders(result, "result", seen.append)
    assert seen == removed == [result / ".result-ffffffffffff"]
    assert sorted(path.name for path in result.iterdir()) == [f".other-{HEX}", f".result-{HEX}"]
