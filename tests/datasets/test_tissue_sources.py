import pytest

from dirv_tf.datasets.tissue_sources import tissue_sources

NAMES = ("colon/a.tif", "colon/b.PNG", "lung/50/x.jpg", "lung/10/x.jpg", "skin/s.tiff", "eye.png", "nerve/n.jpeg")


@pytest.fixture
def folder(tmp_path):
    for name in (*NAMES, "lung/points.csv", ".hidden/a.tif", "skin/.b.tif", "brain/t1.nii.gz"):
        path = tmp_path / "sections" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "sections"


def test_all_images_are_found_with_their_tissues_and_folders_without_any_are_named(folder):
    sources, empty = tissue_sources(folder)
    assert [source.name for source in sources] == sorted(NAMES)
    assert all(source.path == folder / source.name for source in sources)
    assert {source.tissue for source in sources} == {"colon", "lung", "skin", "eye.png", "nerve"}
    assert empty == ["brain"]


@pytest.mark.parametrize("seed", range(8))
def test_no_tissue_is_on_both_sides(folder, seed):
    sources, _ = tissue_sources(folder, test_share=0.4, split_seed=seed)
    tissues = {part: {source.tissue for source in sources if source.part == part} for part in ("train", "test")}
    assert not tissues["train"] & tissues["test"]
    assert (len(tissues["train"]), len(tissues["test"])) == (3, 2)


def test_the_seed_chooses_and_the_place_of_the_folder_does_not(folder, tmp_path):
    def tested(place, seed):
        return {source.tissue for source in tissue_sources(place, split_seed=seed)[0] if source.part == "test"}

    assert len({frozenset(tested(folder, seed)) for seed in range(12)}) > 2
    folder.rename(tmp_path / "elsewhere")
    before = [tested(tmp_path / "elsewhere", seed) for seed in range(4)]
    (tmp_path / "elsewhere").rename(folder)
    assert before == [tested(folder, seed) for seed in range(4)]


def test_named_tissues_are_tested_with(folder):
    sources, _ = tissue_sources(folder, test_tissues=["colon", "eye.png"])
    assert {source.name for source in sources if source.part == "test"} == {"colon/a.tif", "colon/b.PNG", "eye.png"}


def test_a_pattern_chooses_images(folder):
    sources, empty = tissue_sources(folder, only="*.jp*g")
    assert [source.name for source in sources] == ["lung/10/x.jpg", "lung/50/x.jpg", "nerve/n.jpeg"]
    assert empty == ["brain", "colon", "skin"]


@pytest.mark.parametrize("named", [["liver"], ["colon", "lung", "skin", "eye.png", "nerve"]])
def test_tissues_that_are_not_there_and_all_of_them_are_errors(folder, named):
    with pytest.raises(ValueError, match="some, not all, of the tissues colon, eye.png, lung.*Received: test_tissues="):
        tissue_sources(folder, test_tissues=named)


def test_folders_without_images_are_errors(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="Expected a folder of section images. Received: folder="):
        tissue_sources(tmp_path / "none")
    with pytest.raises(ValueError, match=r"Expected a folder with images of sections \(.tif.*Received: folder="):
        tissue_sources(folder / "brain")
    with pytest.raises(ValueError, match="Received: folder=.*only='none/x.tif'"):
        tissue_sources(folder, only="none/x.tif")
