import re
from html.parser import HTMLParser

import pytest

from dirv_tf.registration.pairs.pair_row import DONE, FAILED, PairRow
from dirv_tf.registration.pairs.pairs_folder import PairsFolder
from dirv_tf.registration.pairs.pairs_page import page_text, worst_first

TITLES = ("fixed", "moving", "registered", "before", "after", "grid")


def done(name, similarity=0.5, warnings=(), rtre=None, **more):
    numbers = {"method": "best-2d", "similarity_before": 0.25, "similarity_after": similarity, "support": 0.5, "folded_percent": 0.125}
    if rtre is not None:
        errors = {f"{error}_{when}": 0.03 for error in ("rtre_median", "tre_median") for when in ("before", "after")}
        numbers.update(errors, rtre_median_after=rtre, landmarks=9, tre_unit="mm")
    return PairRow(name, DONE, seconds=2.0, warnings=tuple(warnings), **{**numbers, **more})


@pytest.fixture
def folder(tmp_path):
    folder = PairsFolder(tmp_path / "my results", {})
    folder.claim([], False, False, False)
    return folder


def names_on(page):
    return re.findall(r"<td class=pair>(?:<a [^>]*>|<strong>)(.*?)<", page)


class _Balance(HTMLParser):
    """Fails where an element ends that is not the one that began last."""

    def __init__(self):
        super().__init__()
        self.open, self.links, self.sources = [], [], []

    def handle_starttag(self, tag, attributes):
        self.links += [value for name, value in attributes if name == "href"]
        self.sources += [value for name, value in attributes if name == "src"]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_worst_come_first():
    rows = [done("good", 0.9), done("poor", 0.3), done("warned", 0.8, ["folds"]), PairRow("lost", FAILED, "no file")]
    assert [row.name for row in worst_first(rows)] == ["lost", "warned", "poor", "good"]
    rows = [done("good", 0.3, rtre=0.001), done("poor", 0.9, rtre=0.02), PairRow("lost", FAILED), done("warned", 0.8, ["folds"], 0)]
    assert [row.name for row in worst_first(rows)] == ["lost", "warned", "poor", "good"]
    # Of some without landmarks nobody knows the error.
    rows = [done("alike", 0.9, rtre=0.02), done("unlike", 0.3), done("medium", 0.5, rtre=0.001)]
    assert [row.name for row in worst_first(rows)] == ["unlike", "medium", "alike"]


def test_a_page_is_one_file_with_links_to_the_pairs(folder):
    for name in ("left lung ä", "b"):
        folder.write_thumbnails(name, dict.fromkeys(TITLES, f"data:image/jpeg;base64,{name == 'b'}"))
    rows = [done("left lung ä", 0.75, rtre=0.012), done("b", dice_before=0.5, dice_after=0.875), PairRow("c", FAILED, "w")]
    page = page_text(folder, rows, total=7)
    parsed = _Balance()
    parsed.feed(page)
    assert parsed.open == []
    assert len(parsed.sources) == 12 and all(source.startswith("data:") for source in parsed.sources)
    assert {link for link in parsed.links if link.endswith("/")} == {"left%20lung%20%C3%A4/", "b/"}
    assert "b/registration.png" in parsed.links and not re.search(r"(src|href)=\"?(https?:|//)", page)
    for text in ("0.25 → 0.75", "0.0300 → 0.0120", "0.03 → 0.03 mm", "0.500 → 0.875", "0.12 %", "50 %", "best-2d"):
        assert text in page
    assert "<b>1</b>failed" in page and "<b>2</b>without warnings" in page and "<b>4</b>not finished yet" in page
    assert "<b>0.25 → 0.62</b>" in page, "the median of both pairs"
    assert names_on(page) == ["c", "b", "left lung ä"]


def test_texts_cannot_break_the_page(folder):
    evil = "<script>alert('1')</script>\"&"
    rows = [done("a & b", warnings=[evil], method=evil), PairRow("c", FAILED, evil)]
    page = page_text(folder, rows, 2)
    assert "<script" not in page and page.count("&lt;script&gt;") == 3 and 'href="a%20%26%20b/"' in page


def test_a_page_of_very_many_pairs_shows_the_worst(folder, monkeypatch):
    from dirv_tf.registration.pairs import pairs_page

    monkeypatch.setattr(pairs_page, "_MOST_PICTURES", 2)
    rows = [done(name, similarity) for name, similarity in (("good", 0.9), ("bad", 0.2), ("medium", 0.5))]
    for row in rows:
        folder.write_thumbnails(row.name, dict.fromkeys(TITLES, f"data:{row.name}"))
    page = page_text(folder, rows, 3)
    assert set(re.findall(r'src="data:(\w+)"', page)) == {"bad", "medium"} and 'href="good/registration.png"' in page
    assert "Only the worst 2 pairs have pictures here." in page
