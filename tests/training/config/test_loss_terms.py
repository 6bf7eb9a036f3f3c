"""What is added up in the loss of a run."""

import pytest
import yaml

from dirv_tf.training.config.config_loading import load_run
from dirv_tf.validation import ConfigError

RUN = {
    "name": "mine",
    "description": "terms",
    "model": {"kind": "voxelmorph", "encoder": [4], "decoder": [4], "last": [4]},
    "data": {"kind": "pairs", "size": [16, 16], "train_pairs": "a.csv", "test_pairs": "b.csv"},
    "training": {"epochs": 1, "batch_size": 4},
}


def load(folder, data=None, **training):
    content = {**RUN, "data": {**RUN["data"], **(data or {})}, "training": {**RUN["training"], **training}}
    (folder / "run.yaml").write_text(yaml.safe_dump(content))
    return load_run(folder / "run.yaml")


def test_terms_are_read_by_kind_and_written_as_they_are(tmp_path):
    terms = [{"kind": "own"}, {"kind": "labels", "weight": 2, "measure": "mse"}, {"kind": "boxes"}, {"kind": "smoothness"}]
    config = load(tmp_path, {"labels": [2, 1], "pad": True}, loss="unsupervised", terms=terms)
    assert [(term.kind, term.weight) for term in config.training.terms] == [
        ("own", 1.0), ("labels", 2.0), ("boxes", 1.0), ("smoothness", 1.0)
    ]
    assert config.data.labels == (2, 1) and config.data.dataset("train")["labels"] == (2, 1)
    (tmp_path / "again.yaml").write_text(yaml.safe_dump(config.as_mapping()))
    assert load_run(tmp_path / "again.yaml") == config
    plain = load(tmp_path, loss="unsupervised", terms=None)
    assert plain.training.terms is None and "terms" not in plain.as_mapping()["training"]


def test_without_its_own_loss_a_run_on_real_pairs_needs_no_loss(tmp_path):
    terms = [{"kind": "labels"}, {"kind": "masked", "similarity": "mind"}]
    assert load(tmp_path, terms=terms).training.terms[1].similarity == "mind"
    with pytest.raises(ConfigError, match="'training.loss' must be intensity or unsupervised"):
        load(tmp_path, terms=[*terms, {"kind": "own"}])
    with pytest.raises(ConfigError, match="'training.similarity' must be left out.*Received: .*no term own"):
        load(tmp_path, terms=terms, similarity="mse")


@pytest.mark.parametrize("loss", ["unsupervised", "displacement"])
def test_a_loss_that_no_term_is_is_refused(tmp_path, loss):
    terms = [{"kind": "labels"}, {"kind": "smoothness"}]
    message = f"'training.loss' must be left out .*Received: training.loss={loss}, .* of the kinds labels, smoothness"
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, terms=terms, loss=loss)
    stages = [{"stage": "network", "epochs": 2, "loss": loss}]
    with pytest.raises(ConfigError, match=f"'training.stages.loss' must be .*Received: training.stages.loss={loss}, "):
        load(tmp_path, terms=terms, epochs=2, stages=stages)
    # What a run without one writes is read again.
    config = load(tmp_path, terms=terms)
    assert config.training.loss is None and "loss" not in config.as_mapping()["training"]
    (tmp_path / "again.yaml").write_text(yaml.safe_dump(config.as_mapping()))
    assert load_run(tmp_path / "again.yaml") == config


def test_the_loss_is_displacement_where_it_is_left_out(tmp_path):
    shapes = {"kind": "shapes", "size": [16, 16], "train_images": 4, "test_images": 4, "label_maps": True}
    for terms in (None, [{"kind": "own"}, {"kind": "labels"}]):
        (tmp_path / "run.yaml").write_text(yaml.safe_dump({**RUN, "data": shapes, "training": {**RUN["training"], "terms": terms}}))
        assert load_run(tmp_path / "run.yaml").training.loss == "displacement"


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ([], "'training.terms' must be at least one term, and 'own' at most once.*Received: none"),
        ([{"kind": "own"}, {"weight": 2}], "at most once.*Received: own, own"),
        ("labels", "'training.terms' must be a list of mappings"),
        ([{"kind": "dice"}], r"'training.terms\[0\].kind' must be one of own, labels, boxes, landmarks, masked, counterpart, smoothness"),
        ([{"kind": "labels", "weight": 0}], r"'training.terms\[0\].weight' must be a finite number greater than 0"),
        ([{"kind": "landmarks", "measure": "mse"}], r"unknown key 'training.terms\[0\].measure'"),
    ],
)
def test_wrong_terms_are_named(tmp_path, terms, message):
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, loss="unsupervised", terms=terms)


def test_parts_of_a_mixture_have_no_labels(tmp_path):
    shapes = {"kind": "shapes", "label_maps": True}
    data = {"kind": "mixture", "size": [16, 16], "train_images": 4, "test_images": 4, "parts": [shapes, shapes]}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump({**RUN, "data": data}))
    with pytest.raises(ConfigError, match="'label_maps' must be left out in 'data.parts'. Received: label_maps=True"):
        load_run(tmp_path / "run.yaml")
