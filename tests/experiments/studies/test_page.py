"""The page of the studies is what the records say."""

import json

from experiments.comparison.summary import RECORD, summary_table
from experiments.studies.page import FAMILIES, FOLDER, MAPS, PAGE, blocks, family_blocks, main, seeds_table
from experiments.studies.study import PAGES, read_study


def test_the_pages_are_those_of_the_records(capsys):
    assert main(["--check"]) == 0, "run: python -m experiments.studies.page"
    assert capsys.readouterr().out.count("up to date") == 2
    assert tuple(page.path.stem for page in (PAGE, FAMILIES)) == PAGES


def test_every_member_of_every_study_has_a_row_with_its_numbers():
    tables = {**blocks(), **family_blocks()}
    records = sorted(FOLDER.glob("*.json"))
    assert {path.stem for path in records} == set(tables) - {"classical", "velocity_maps"}
    for path in records:
        if any(member.of for member in read_study(path.stem).members):
            continue
        for member in json.loads(path.read_text(encoding="utf-8"))["members"]:
            numbers = f"{member['dl_int_finest']:.1f} / {member['dl_dis_finest']:.1f}"
            row = next(line for line in tables[path.stem].splitlines() if line.startswith(f"| `{member['name']}` |"))
            assert f"| {numbers} |" in row, path
    # experiments/results/ablations/levels.json
    assert "| `two-levels` | 92.8 / 83.0 | +3.3 / +3.5 | 83.3 / 78.8 | Two such levels (A-5) |" in tables["levels"]
    assert "1 core of AMD EPYC, no GPU." in tables["levels"]


def test_members_of_several_seeds_are_averaged_and_compared_seed_by_seed(tmp_path):
    path = FOLDER / "outlook.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    numbers = {row["name"]: (row["dl_int_finest"], row["dl_dis_finest"]) for row in record["members"]}
    study, lines = read_study("outlook"), blocks()["outlook"].splitlines()
    references = {"one-level", "two-levels-of-seven", "tissue-cut-first"}
    for member in (each for each in study.members if each.of is None):
        own = [numbers[f"{member.name}{seed}"] for seed in ("", "-43", "-44")]
        means = [sum(pair[place] for pair in own) / 3 for place in (0, 1)]
        row = next(line for line in lines if line.startswith(f"| `{member.name}` |"))
        assert f"| {means[0]:.1f} / {means[1]:.1f} |" in row
        if member.name in references:
            assert "| – |" in row
            continue
        beside = [numbers[f"{member.against or 'one-level'}{seed}"] for seed in ("", "-43", "-44")]
        gains = [one[1] - other[1] for one, other in zip(own, beside)]
        assert "| " + ", ".join(f"{gain:+.1f}" for gain in gains) + " |" in row, member.name
    # A study under way says what it lacks.
    gone = [row["name"] for row in record["members"] if row["name"].startswith("every-unit-of-two")]
    record.update(members=[row for row in record["members"] if row["name"] not in gone], missing=gone)
    (tmp_path / "outlook.json").write_text(json.dumps(record), encoding="utf-8")
    table = seeds_table(tmp_path / "outlook.json")
    assert "| `every-unit-of-two` |" not in table and "Not run yet: `every-unit-of-two`, " in table


def test_rows_of_families_hold_their_maps():
    for name, table in family_blocks().items():
        for row in json.loads((MAPS / f"{name}.json").read_text(encoding="utf-8"))["rows"]:
            steps = ", ".join(f"{each:.1f}" for each in row["steps"]) if "steps" in row else "–"
            assert f"| {steps} | {row['folded_percent']:.3f} | {row['there_and_back']:.2f} |" in table, row["name"]


def test_every_method_stands_with_all_sets_of_pairs():
    table = summary_table()
    methods = [row["name"] for row in json.loads(RECORD.read_text(encoding="utf-8"))["sets"][0]["methods"]]
    assert [line.split(" | ")[0].strip("| ") for line in table.splitlines()[2:-2]] == methods
    assert "| demons | 98.4 / 88.4, 0.079 s | 98.6 / 97.0, 0.25 s | 98.1 / 98.3, 0.25 s |" in table
