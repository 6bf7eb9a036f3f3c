"""Sentences of the pages that state a result say what the records say.

Tables are written from the records and have tests of their own; prose cannot be, so its numbers are looked up here.
"""

import csv
import json
import re
import statistics

import pytest

from experiments.folders import CHECKOUT, RECORDS


def record(*parts):
    return json.loads(RECORDS.joinpath(*parts).read_text(encoding="utf-8"))


def member(study, name):
    return next(row for row in record("ablations", f"{study}.json")["members"] if row["name"] == name)


def removed(row, suffix="_finest"):
    return f"{row[f'dl_int{suffix}']:.1f} / {row[f'dl_dis{suffix}']:.1f}"


def of_the_test(run):
    return removed(record(run, "metrics.json")["test"])


def points(study, name, reference="as-derived"):
    one, other = member(study, name), member(study, reference)
    return " / ".join(f"{abs(one[key] - other[key]):.1f}" for key in ("dl_int_finest", "dl_dis_finest"))


def seconds(pairs, method):
    sets = record("classical", "classical.json")["sets"]
    rows = next(each["methods"] for each in sets if each["name"] == pairs)
    return next(row["cpu_seconds_per_pair"] for row in rows if row["name"] == method)


def ratios(method, other):
    sets = ("chessboards-64", "chessboards-128", "tissue-128")
    found = [seconds(pairs, method) / seconds(pairs, other) for pairs in sets]
    return min(found), max(found)


def on_the_head(name):
    return f"{member('best_3d', f'{name}-on-brain')['dl_dis_finest']:.0f} %"


def half_hours(run):
    """The time of a run on two cores, in half hours."""
    found = record(run, "run.json")
    assert found["hardware"]["cores"] == 2
    return round(found["seconds"] / 1800)


def benchmark(section, name):
    rows = record("benchmark", "benchmark.json")["rows"]
    return next(row for row in rows if (row["section"], row["name"]) == (section, name))


def rounded(section, name, digits=0):
    return f"{round(benchmark(section, name)['value']['median'], digits):,.0f}"


def per_pixel(*sides):
    return [benchmark("inference per pixel", side)["value"]["median"] for side in sides]


def network_test(run, key):
    return f"{record(run, 'metrics.json')['test'][key]:.1f}"


def of_member(study, name):
    return f"{member(study, name)['dl_dis_finest']:.1f}"


def more_than(study, other, name):
    """By how many points of ΔL_dis a member is ahead of another."""
    return f"{member(study, name)['dl_dis_finest'] - member(study, other)['dl_dis_finest']:.1f}"


def maps_of(study, name):
    return next(row for row in record("maps", f"{study}.json")["rows"] if row["name"] == name)


def steps_of(study, name):
    """ΔL_dis after every step of a member's network."""
    return [f"{each:.1f}" for each in maps_of(study, name)["steps"]]


def what_six_steps_bring():
    small, far = (more_than("rwcnet", f"rwcnet-{far}-two-steps", f"rwcnet-{far}") for far in ("small", "far"))
    return f"{small} points on small displacements and {far}"


def fields_started_otherwise():
    assert abs(float(steps_of("dlir_start", "dlir-start-fields")[1])) < 0.1
    return more_than("dlir_start", "dlir-start-fields", "dlir-start-fields-he")


def unseen(run, *epochs):
    """ΔL_dis of unseen pairs after epochs of a training."""
    with (RECORDS / run / "history.csv").open(encoding="utf-8") as file:
        rows = {int(row["epoch"]): float(row["val_dl_dis"]) for row in csv.DictReader(file)}
    return [rows[epoch] for epoch in epochs]


def tuned(method, other):
    return "{:.0f} to {:.0f} times".format(*ratios(method, other))


def judged(key, name="images.json", pairs="tissue"):
    """Numbers of the fields of all methods on a set of pairs, the measurement of a network of uncertainty."""
    sets = record("uncertainty", name)["sets"]
    return [row[key] for row in next(each["methods"] for each in sets if each["name"] == pairs)]


def times_too_large():
    ratios = [predicted / error for predicted, error in zip(judged("predicted_rms"), judged("error_rms"))]
    return f"{min(ratios):.1f} to {max(ratios):.1f}"


def ranks_of_images():
    found = [rank for pairs in ("chessboards", "tissue") for rank in judged("rank_correlation", pairs=pairs)]
    return f"{min(found):.2f} to {max(found):.2f}"


def true_field(key):
    return f"{record('true_fields', 'true_fields.json')['runs']['uncertainty-2d'][key]:.1f}"


def dice(member, key):
    members = record("annotations", "hippocampus.json")["members"]
    return f"{next(row for row in members if row['name'] == member)[key]:.3f}"


def two_passes(name="deeper-labels-two-passes"):
    return next(row for row in record("annotations", "hippocampus.json")["members"] if row["name"] == name)


def more_dice(key, before):
    return f"{100 * (two_passes()[key] - two_passes('deeper-labels-strongly-augmented')[before]):.1f}"


def worst_residual():
    rows = record("maps", "velocities.json")["rows"]
    return f"{max(row['residual_worst'] for row in rows):.4f}"


def after_the_affine_network(name):
    return steps_of("avsm", name)[0]


def with_the_tilted_head(method):
    (row,) = (row for row in record("real", "hippocampus.json")["methods"] if row["name"] == method)
    tilted, others = ([pair["dice"] for pair in row["pairs"] if ("015" in pair["name"]) == has] for has in (True, False))
    assert (len(tilted), len(others)) == (10, 20)
    return [f"{statistics.mean(each):.3f}" for each in (tilted, others)]


def by_seed(study, name):
    first, *others = (of_member(study, f"{name}{seed}") for seed in ("", "-43", "-44"))
    return f"{first}, {' and '.join(others)}"


def of_seed_44():
    members = "avsm-affine-steps-he", "avsm-one-step-he"
    assert all(abs(float(after_the_affine_network(f"{name}-43"))) < 0.5 for name in members), "they stood still"
    return " and ".join(after_the_affine_network(f"{name}-44") for name in members)


def forth_and_back(name):
    return f"{maps_of('avsm', name)['there_and_back']:.2f}"


SENTENCES = [
    (
        "docs/real_pairs.md", r"mean Dice of\s+(0.658 on them and of 0.776) on",
        lambda: "{} on them and of {}".format(*with_the_tilted_head("register-default")),
    ),
    ("docs/real_pairs.md", r"elastix (0.556 and 0.749)", lambda: " and ".join(with_the_tilted_head("elastix"))),
    ("docs/networks.md", r"\) (34.7) % of the displacement", lambda: after_the_affine_network("avsm-affine-steps")),
    ("docs/networks.md", r"three steps, (28.6) % with one", lambda: after_the_affine_network("avsm-one-step")),
    ("docs/ablations.md", r"the field leads back to within (0.0011) pixels", worst_residual),
    ("README.md", r"about half an hour on two processor cores", lambda: half_hours("A-1") == 1),
    ("docs/index.md", r"an hour and a\s+half on two processor cores", lambda: half_hours("A-6") == 3),
    ("docs/results.md", r"take (6 to 73 times) as long as", lambda: tuned("B-splines", "best-2d, refined")),
    ("docs/ablations.md", r"at (6 to 73 times) the processor time", lambda: tuned("B-splines", "best-2d, refined")),
    ("docs/results.md", r"removes (45 %) of the displacements of a head", lambda: on_the_head("boards-and-shapes")),
    ("docs/results.md", r"head, (36 %) if it saw chessboards", lambda: on_the_head("boards")),
    ("docs/results.md", r"and (12 %) if it saw patches", lambda: on_the_head("patches-of-boards")),
    ("docs/ablations.md", r"displacements (36 %) are removed after chessboards", lambda: on_the_head("boards")),
    ("docs/ablations.md", r"as derived to (92.6 / 86.1) %", lambda: of_the_test("A-6")),
    ("docs/ablations.md", r"explain (10.2 / 10.1) at the quick scale", lambda: points("deviations", "as-published")),
    ("docs/own_images.md", r"removes (93.8 / 88.8) % of the initial errors", lambda: of_the_test("C-2-long")),
    ("docs/own_images.md", r"removes (91.1 / 86.1) % \(`C-2-medium`\)", lambda: of_the_test("C-2-medium")),
    ("docs/annotations.md", r"gain (2.7) points over one pass", lambda: more_dice("dice", "dice")),
    ("docs/annotations.md", r"over one pass, and (1.1) over the same", lambda: more_dice("dice", "dice_twice")),
    ("docs/annotations.md", r"they fold (0.19) % of the voxels", lambda: f"{two_passes()['folded_percent']:.2f}"),
    ("docs/annotations.md", r"coefficient of (0.893) on the pairs of fourteen", lambda: dice("labels", "training_dice")),
    ("docs/annotations.md", r"with labels, and (0.751) on others", lambda: dice("labels", "dice")),
    ("docs/networks.md", r"removes (75.8) % of the intensity", lambda: network_test("avsm-2d-quick", "dl_int")),
    ("docs/networks.md", r"and (68.9) % of the displacement", lambda: network_test("avsm-2d-quick", "dl_dis")),
    ("docs/networks.md", r"removes (70.2) % of the displacement", lambda: network_test("voxelmorph-2d-quick", "dl_dis")),
    ("docs/networks.md", r"and (89.6) % of the intensity", lambda: network_test("voxelmorph-2d-quick", "dl_int")),
    (
        "docs/networks.md", r"with them (79.0) %",
        lambda: network_test("voxelmorph-2d-quick-supervised", "dl_dis"),
    ),
    ("docs/networks.md", r"and (85.2) % \(\[Model", lambda: network_test("voxelmorph-2d-quick-supervised", "dl_int")),
    ("docs/networks.md", r"true fields it removes (82.1) %", lambda: network_test("dlir-2d-quick-supervised", "dl_dis")),
    ("docs/networks.md", r"(88.5) % of the intensity", lambda: network_test("dlir-2d-quick-supervised", "dl_int")),
    ("docs/networks.md", r"numbers, (55.8) % with three", lambda: after_the_affine_network("avsm-affine-steps-he")),
    ("docs/networks.md", r"three and (31.7) % with one", lambda: after_the_affine_network("avsm-one-step-he")),
    ("docs/networks.md", r"maps miss by (1.16) pixels", lambda: forth_and_back("avsm-symmetry-he")),
    ("docs/networks.md", r"pixels, by (2.69) without", lambda: forth_and_back("avsm-affine-steps-he")),
    ("docs/networks.md", r"training: (28.7) % of the", lambda: of_member("avsm", "avsm-symmetry-he")),
    ("docs/networks.md", r"removed, (62.5) % without it", lambda: of_member("avsm", "avsm-affine-steps-he")),
    ("docs/networks.md", r"far displacements (64.7) % against", lambda: of_member("rwcnet", "rwcnet-far-one-level")),
    ("docs/networks.md", r"% against (41.7) % of both", lambda: of_member("rwcnet", "rwcnet-far")),
    ("docs/networks.md", r"small ones (63.5) % against", lambda: of_member("rwcnet", "rwcnet-small-one-level")),
    ("docs/networks.md", r"% against (51.5) %\.", lambda: of_member("rwcnet", "rwcnet-small")),
    ("docs/networks.md", r"removed (50.4, 40.9 and 32.6) %", lambda: by_seed("rwcnet", "rwcnet-small-two-steps")),
    ("docs/networks.md", r"In the end (62.5, 14.8 and 45.2) %", lambda: by_seed("avsm", "avsm-affine-steps-he")),
    ("docs/networks.md", r"by seed, and (47.0, 13.6 and 36.1) %", lambda: by_seed("avsm", "avsm-one-step-he")),
    ("docs/networks.md", r"44 these are (29.0 and 24.6) %", of_seed_44),
    (
        "docs/networks.md", r"without it \((2.09 and 2.15) with",
        lambda: " and ".join(forth_and_back(f"avsm-affine-steps-he-{seed}") for seed in (43, 44)),
    ),
    (
        "docs/networks.md", r"removes (78.1 and 74.9) % with He",
        lambda: by_seed("dlir_start", "dlir-start-images-he").partition(", ")[2],
    ),
    ("docs/networks.md", r"but symmetry (72.7) % are", lambda: of_member("avsm", "avsm-no-symmetry-he")),
    (
        "docs/networks.md", r"two sizes bring (1.5) points",
        lambda: more_than("avsm", "avsm-symmetry-he", "avsm-windows-he"),
    ),
    ("docs/networks.md", r"eight cost (1.1 points on small displacements and 4.9) on far", what_six_steps_bring),
    ("docs/networks.md", r"with He's it removed (21.4) %", lambda: steps_of("dlir_start", "dlir-start-fields-he")[1]),
    ("docs/networks.md", r"(57.0) % with Glorot's", lambda: of_member("dlir_start", "dlir-start-images")),
    ("docs/networks.md", r"Glorot's and (73.9) % with", lambda: of_member("dlir_start", "dlir-start-images-he")),
    ("docs/networks.md", r"the whole (8.9) points more", fields_started_otherwise),
    ("docs/networks.md", r"true fields it removes (75.9) %", lambda: network_test("avsm-2d-quick-supervised", "dl_dis")),
    ("docs/networks.md", r"(81.9) % of the intensity", lambda: network_test("avsm-2d-quick-supervised", "dl_int")),
    ("docs/networks.md", r"and removes (87.6) %", lambda: network_test("rwcnet-2d-quick-supervised", "dl_dis")),
    ("docs/networks.md", r"(90.9) % of the intensity", lambda: network_test("rwcnet-2d-quick-supervised", "dl_int")),
    (
        "docs/networks.md", r"level went from (51.7 to 79.2) %",
        lambda: "{:.1f} to {:.1f}".format(*unseen("rwcnet-2d-quick-supervised", 3, 4)),
    ),
    ("docs/performance.md", r"would take (20) ms", lambda: rounded("training step", "arithmetic floor")),
    ("docs/performance.md", r"(342) ms for a training step", lambda: rounded("volumes 32³", "training step, 4 pairs")),
    ("docs/performance.md", r"(42) ms for a registration", lambda: rounded("volumes 32³", "inference, one pair")),
    ("docs/performance.md", r"made at (7,900) per", lambda: rounded("pairs made", "chessboards 64²", -2)),
    (
        "docs/performance.md", r"pixels: (808, 627 and 553) ns",
        lambda: "{:.0f}, {:.0f} and {:.0f}".format(*per_pixel("256²", "512²", "1024²")),
    ),
    (
        "docs/performance.md", r"ns, (7.0) times as much as at 1024²",
        lambda: "{:.1f}".format(per_pixel("64²")[0] / per_pixel("1024²")[0]),
    ),
    ("docs/uncertainty.md", r"displacements of (2.0) pixels on average", lambda: true_field("mean_d")),
    ("docs/uncertainty.md", r"and of (8.1) at most", lambda: true_field("max_d")),
    (
        "docs/uncertainty.md", r"loss predicts (0.*) px for the fields of all methods on chessboards",
        lambda: " to ".join(sorted({f"{each:.2f}" for each in judged("predicted_rms", pairs="chessboards")})),
    ),
    (
        "docs/uncertainty.md", r"on chessboards and (0.\d\d) px on tissue",
        lambda: " to ".join(sorted({f"{each:.2f}" for each in judged("predicted_rms")})),
    ),
    ("docs/uncertainty.md", r"where that is (.*) times their errors", times_too_large),
    ("docs/uncertainty.md", r"rank correlations of (.*)\)", ranks_of_images),
    ("docs/study_log.md", r"(94.0 / 88.3) \(`experiments/results/A-8-long`\)", lambda: of_the_test("A-8-long")),
]


@pytest.mark.parametrize(
    ("page", "sentence", "value"), SENTENCES, ids=[f"{page}: {text}" for page, text, _ in SENTENCES]
)
def test_a_sentence_says_what_the_record_says(page, sentence, value):
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    found = re.search(sentence.replace(" ", r"\s+"), text)
    assert found, "the sentence has changed: look its number up anew"
    if found.groups():
        assert re.sub(r"\s+", " ", found[1]) == value()
    else:
        assert value()
