"""Names of scalars."""

import pytest

from dirv_tf.training.monitoring.scalars import scalar_name, split_logs


@pytest.mark.parametrize(
    "key, name",
    [
        ("l_dis", "3 displacement loss (px)/average of the levels"),
        ("dl_int_finest", "4 intensity reduction (%)/finest level"),
        ("dl_dis_level11", "2 displacement reduction (%)/level 11"),
        ("loss", "1 overview/loss"),
        ("dice_before_label2", "1 overview/Dice coefficient of labels before, label 2"),
        ("tre", "1 overview/target registration error of landmarks (px)"),
        ("l_dis_other", "1 overview/l_dis_other"),
    ],
)
def test_names(key, name):
    assert scalar_name(key) == name


def test_validation_values_lose_their_prefix_and_the_learning_rate_is_left_out():
    training, validation = split_logs({"loss": 1, "val_loss": 2, "lr": 3, "learning_rate": 3})
    assert training == {"1 overview/loss": 1.0}
    assert validation == {"1 overview/loss": 2.0}
