"""Refinement measured on pairs: the metrics of the test row, and never worse in intensity."""

import json

import pytest

from dirv_tf.datasets import ChessboardPairs
from dirv_tf.metrics import RegistrationErrors
from dirv_tf.models import DIRVNet, load_pretrained
from experiments.folders import CHECKOUT, RECORDS
from experiments.reproduction import refinement


def first_units(name, count):
    """The first units of a shipped network of one level: they register too, and are soon traced."""
    whole = load_pretrained(name)
    network = DIRVNet.from_config({**whole.get_config(), "units": count})
    for path, variable in network.named_variables().items():
        variable.assign(whole.named_variables()[path])
    return network


@pytest.fixture(scope="module")
def measured(without_tracing):
    """Rows of registering once and of composed refinement; what the test row says of the same pairs."""
    network, pairs = first_units("A-6", 2), ChessboardPairs((32, 32), count=2, batch_size=2, seed=77)
    errors = RegistrationErrors(levels=1)
    images, flow_field = pairs.frozen_batch()
    with without_tracing():
        errors.update_state(flow_field, network(images))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refinement, "VARIANTS", {name: refinement.VARIANTS[name] for name in ("once", "composed")})
        return refinement.refine_pairs(network, pairs), errors.result()


def test_registering_once_has_the_metrics_of_the_test_row(measured):
    (once, _), row = measured
    for name in ("l_int", "l_dis", "dl_int_finest", "dl_dis_finest"):
        key = name if name.endswith("_finest") else f"{name}_finest"
        assert once[name] == pytest.approx(float(row[key]), rel=1e-3), name
    assert (once["rounds"], once["time_ratio"]) == (1.0, 1.0)


def test_refinement_only_lowers_the_intensity_error(measured):
    (once, composed), _ = measured
    assert composed["l_int"] < once["l_int"] and composed["dl_int_finest"] > once["dl_int_finest"]
    assert 1.0 < composed["rounds"] <= refinement.ROUNDS and composed["seconds"] > 0


def test_every_row_names_the_rule_that_it_stopped_by(measured):
    assert [row["stop_rule"] for row in measured[0]] == [None, "intensity_error"]
    rules = {name: variant.stop_rule for name, variant in refinement.VARIANTS.items() if variant.stop_rule}
    assert {name for name, rule in rules.items() if rule == "standard_deviation"} == {"thesis", "thesis, per batch"}


def test_the_table_has_a_line_per_variant(measured):
    header, *lines = refinement.refinement_lines(measured[0])
    assert [line.split()[0] for line in lines] == ["once", "composed"] and "rounds" in header


def test_committed_records_name_the_rule_of_every_variant():
    records = sorted((RECORDS / "refinement").glob("*.json"))
    assert len(records) >= 4
    for path in records:
        variants = json.loads(path.read_text(encoding="utf-8"))["variants"]
        rules = {row["name"]: row["stop_rule"] for row in variants}
        assert rules == {name: variant.stop_rule for name, variant in refinement.VARIANTS.items()}, path
        # The thesis's rule goes on longer, and finds better fields than once.
        rows = {row["name"]: row for row in variants}
        assert rows["thesis"]["rounds"] > rows["repeated"]["rounds"], path
        assert rows["thesis"]["dl_dis_finest"] > rows["once"]["dl_dis_finest"], path


def test_what_the_page_says_of_refinement_on_e_5_is_on_record():
    record = json.loads((RECORDS / "refinement" / "E-5.json").read_text(encoding="utf-8"))
    once, thesis, composed = (
        next(each["l_int"] for each in record["variants"] if each["name"] == name) for name in ("once", "thesis", "composed")
    )
    page = " ".join((CHECKOUT / "docs" / "thesis_to_code.md").read_text(encoding="utf-8").split())
    assert f"from {once:.2f} after registering once, its way comes to {thesis:.2f}, by {100 - 100 * thesis / once:.0f} %" in page
    assert f"warping the original once to {composed:.2f}, by {100 - 100 * composed / once:.0f} %" in page
    assert f"from 3.35 to 2.24 so, by {100 - 100 * 2.24 / 3.35:.0f} %" in page
