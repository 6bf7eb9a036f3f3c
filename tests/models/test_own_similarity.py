"""What a network was trained to compare: by its loss, by its card, or unknown."""

import pytest

from dirv_tf.losses import CombinedLoss, DisplacementLoss, IntensityLoss, UnsupervisedLoss
from dirv_tf.models import DIRVNet
from dirv_tf.models.own_similarity import own_similarity
from dirv_tf.models.pretrained import load_pretrained

CHESSBOARD = {"kind": "chessboard", "change_appearance": False}


def mixture(changes):
    parts = [CHESSBOARD, {"kind": "folder", "change_appearance": changes}]
    return {"training": {"loss": "displacement"}, "data": {"kind": "mixture", "parts": parts}}


def card(loss, kind="chessboard", **training):
    return {"training": {"loss": loss, **training}, "data": {"kind": kind}}


@pytest.mark.parametrize(
    ("kind", "loss", "stated", "expected"),
    [
        ("dirv_net", None, None, None),
        ("dirv_net", None, {}, None),
        ("dirv_net", None, {"training": None, "data": None}, None),
        ("dirv_net", None, card("displacement"), "mse"),
        ("dirv_net", None, card("displacement", "pairs"), None),
        ("dirv_net", None, {"training": {"loss": "displacement"}, "data": {**CHESSBOARD, "change_appearance": True}}, "mind"),
        ("dirv_net", None, mixture(False), "mse"),
        ("dirv_net", None, mixture(True), "mind"),
        ("dirv_net", None, card("intensity", "pairs"), "mse"),
        ("dirv_net", None, card("unsupervised", similarity="mind"), "mind"),
        ("dirv_net", None, card("unsupervised", similarity=None), "mse"),
        ("avsm", None, card("unsupervised", similarity=None), "mk_lncc"),
        ("dlir", None, card("unsupervised"), "ncc"),
        ("dirv_net", None, card("unsupervised", similarity="strange"), None),
        ("avsm", None, card("unsupervised", similarity="ncc", stages=[{"similarity": "mse"}, {"similarity": None}]), "ncc"),
        ("avsm", None, card("unsupervised", stages=[{"similarity": "mse"}, {"similarity": "lncc"}]), "lncc"),
        # The loss of a training that goes on goes before what the card says of an earlier one.
        ("dirv_net", UnsupervisedLoss("lncc"), card("displacement"), "lncc"),
        ("dirv_net", IntensityLoss(), card("unsupervised", similarity="mind"), "mse"),
        ("dirv_net", CombinedLoss(), None, "mse"),
        ("dirv_net", DisplacementLoss(), card("displacement"), None),
        ("dirv_net", lambda flow_field, outputs: 0.0, card("displacement"), None),
    ],
)
def test_it_follows_from_loss_and_card(kind, loss, stated, expected):
    assert own_similarity(kind, loss, stated) == expected


@pytest.mark.parametrize(("name", "expected"), [("A-6", "mse"), ("avsm-2d-quick", "mk_lncc")])
def test_shipped_networks_know_it(name, expected):
    assert load_pretrained(name).similarity == expected


def test_a_network_knows_it_once_it_is_compiled():
    network = DIRVNet(rank=2, levels=1, units=1, experts=2)
    assert network.similarity is None
    network.compile("adam", UnsupervisedLoss("ncc"))
    assert network.similarity == "ncc"
