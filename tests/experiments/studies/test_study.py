"""Every study loads, its members' settings are legal, and members of one name are one run."""

import pytest

from dirv_tf.validation import ConfigError
from experiments.studies.deviations import DEVIATIONS
from experiments.studies.study import SCALES, known_studies, read_study

STUDIES = [read_study(name) for name in known_studies()]
GROUPS = {"chance", "deviations", "levels", "rate", "loss", "swap", "desensitize", "centered", "step_size", "transfer"}


def test_every_group_is_there():
    assert GROUPS <= set(known_studies())


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_a_study_has_legal_members_and_one_difference_to_its_reference_at_least(study):
    reference = study.member(study.reference)
    for scale in (name for name, settings in study.members[0].scales.items() if settings is not None):
        configs = {}
        for member in study.members:
            mapping = member.config(scale).as_mapping()
            assert mapping["name"] == member.name
            assert set(member.deviations) <= set(DEVIATIONS)
            kept = {key: mapping[key] for key in ("model", "data", "training", "seeds")}
            configs[member.name] = (kept, member.deviations, member.weights_of)
        for member in study.members:
            if member is not reference and scale == "quick":
                assert configs[member.name] != configs[reference.name], member.name


@pytest.mark.parametrize("scale", SCALES)
def test_members_of_one_name_are_one_run(scale):
    found = {}
    for study in STUDIES:
        for member in (each for each in study.members if each.scales[scale] is not None):
            config = member.config(scale).as_mapping()
            config.pop("description")
            assert found.setdefault(member.name, (config, member.deviations, member.weights_of)) == (
                config,
                member.deviations,
                member.weights_of,
            )


def test_the_full_scale_is_the_thesis_s_training():
    training = read_study("deviations").member("as-derived").config("full").training
    assert (training.epochs, training.batch_size, training.learning_rate) == (40, 100, 2e-4)


GOOD = "title: T\nquestion: Q\nrun: A-6\nreference: a\nmembers: {a: {what: W}}\n"


@pytest.mark.parametrize(
    "change, message",
    [
        (("what: W", "wath: W"), "members.a: must be a mapping with what.*Received: wath"),
        (("reference: a", "reference: b"), "`reference` must be one of a. Received: reference='b'"),
        (("what: W", "what: W, weights_of: c"), "`weights_of` must be one of a. Received: weights_of='c'"),
        (("title: T\n", ""), "must be a mapping with members, question.*Received"),
        (("title: T", "title: ["), "not readable YAML"),
        (("title: T", "title: T\npage: results"), "`page` must be one of ablations, networks. Received: page='results'"),
        (("what: W", "what: W, starts_from: c"), "`starts_from` must be one of a. Received: starts_from='c'"),
        (("title: T", "title: T\nseeds: [42, 42]"), "`seeds` must be a list of at least two, all different"),
        (("title: T", "title: T\nseeds: 42"), "`seeds` must be a list of at least two.*Received: seeds=42"),
        (("what: W", "what: W, against: c"), "`against` must be one of a. Received: against='c'"),
        (("title: T", "title: T\nscales: {medium: {}}"), "scales: must be a mapping.*full, quick.*Received: medium"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(change, message, tmp_path):
    assert GOOD.replace(*change) != GOOD
    (tmp_path / "mine.yaml").write_text(GOOD.replace(*change), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_study("mine", tmp_path)


def test_a_study_may_say_what_its_scales_are(tmp_path):
    text = GOOD.replace("title: T\n", "title: T\npage: networks\nscales: {quick: {training.epochs: 7}}\n")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    study = read_study("mine", tmp_path)
    training = study.member("a").config("quick").training
    assert (study.page, training.epochs) == ("networks", 7)
    # What the scale does not say is the run's own.
    assert training.batch_size == study.member("a").config("full").training.batch_size


def test_a_study_may_lack_a_scale(tmp_path):
    text = GOOD.replace("title: T\n", "title: T\nscales: {full: null}\n")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    member = read_study("mine", tmp_path).member("a")
    assert member.config("quick").training.epochs == 4
    with pytest.raises(ConfigError, match="a scale that the study of 'a' has: quick. Received: scale=full"):
        member.config("full")


def test_seeds_make_every_member_several_trainings(tmp_path):
    members = "members:\n  a: {what: W}\n  b: {what: V, starts_from: a, against: a, settings: {training.epochs: 2}}\n"
    text = GOOD.replace("members: {a: {what: W}}\n", members) + "seeds: [42, 43]\n"
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    study = read_study("mine", tmp_path)
    found = [(each.name, each.of, each.starts_from, each.against) for each in study.members]
    assert found == [("a", None, None, None), ("a-43", "a", None, "a-43"), ("b", None, "a", "a"), ("b-43", "b", "a-43", "a-43")]
    assert [each.config("quick").seeds.training for each in study.members] == [42, 43, 42, 43]
    assert [each.config("quick").training.epochs for each in study.members] == [4, 4, 2, 2]


def test_an_unknown_study_lists_the_known_ones():
    with pytest.raises(ConfigError, match="deviations.*Received: 'deviation'"):
        read_study("deviation")
