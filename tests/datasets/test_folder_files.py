import shutil

import pytest

from dirv_tf.datasets.folder_files import image_files, split_files


def _names(files, folder):
    return [path.relative_to(folder).as_posix() for path in files]


def test_images_are_found_at_any_depth_and_sorted(image_folder):
    assert _names(image_files(image_folder), image_folder) == [
        "a.tif", "b.tif", "deep/c.tif", "deep/er/d.tif", "e.tif"
    ]


@pytest.mark.parametrize("name", ["x.PNG", "x.jpg", "x.nii.gz", "x.nii", "x.mha", "x.mhd", "x.nrrd", "x.tiff"])
def test_formats_are_known_by_their_suffix(tmp_path, name):
    (tmp_path / name).touch()
    assert _names(image_files(tmp_path), tmp_path) == [name]


def test_a_folder_without_images_is_an_error(tmp_path):
    (tmp_path / "x.gz").touch()
    with pytest.raises(ValueError, match=r"folder with images \(.*\.png.*Received: folder="):
        image_files(tmp_path)


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="Received: folder=.*none"):
        image_files(tmp_path / "none")


@pytest.mark.parametrize(("share", "tested"), [(0.01, 1), (0.2, 1), (0.4, 2), (0.99, 4)])
def test_every_file_belongs_to_one_part(image_folder, share, tested):
    files = image_files(image_folder)
    train, test = (split_files(files, image_folder, part, share) for part in ("train", "test"))
    assert len(test) == tested and sorted(train + test) == files


def test_the_split_depends_on_names_and_seed_alone(image_folder, tmp_path):
    moved = shutil.copytree(image_folder, tmp_path / "elsewhere")
    splits = []
    for folder, seed in [(image_folder, 0), (moved, 0)] + [(moved, seed) for seed in range(1, 6)]:
        splits.append(_names(split_files(image_files(folder), folder, "test", 0.4, seed), folder))
    assert splits[0] == splits[1]
    assert len({tuple(split) for split in splits}) > 1


def test_an_added_file_displaces_at_most_one(tmp_path):
    for number in range(40):
        (tmp_path / f"{number}.png").touch()
    before = set(split_files(image_files(tmp_path), tmp_path, "test", 0.25))
    (tmp_path / "new.png").touch()
    after = set(split_files(image_files(tmp_path), tmp_path, "test", 0.25))
    assert len(after) == 10 and len(before & after) >= 9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"part": "valid"}, "`part` must be one of train, test"),
        ({"test_share": 0}, "`test_share` must be a number greater than 0 and less than 1. Received: test_share=0"),
        ({"test_share": 1.0}, "`test_share` must be a number greater than 0 and less than 1"),
        ({"split_seed": -1}, "`split_seed` must be an integer of at least 0"),
        ({"files": 1}, "at least two images to split"),
    ],
)
def test_wrong_arguments_are_errors(image_folder, arguments, message):
    arguments = {"part": "test", **arguments}
    files = image_files(image_folder)[: arguments.pop("files", None)]
    with pytest.raises(ValueError, match=message):
        split_files(files, image_folder, **arguments)
