"""What is drawn on the images of a run: whether its terms have what they need, its loss, and its metrics."""

from __future__ import annotations

from dirv_tf import losses, metrics
from dirv_tf.training.config.loss_terms import check_counterpart
from dirv_tf.validation import ConfigError

_SOURCES = {
    "labels": "tables with the columns fixed_labels and moving_labels, or shapes with label_maps: true",
    "landmarks": "tables with the columns fixed_landmarks and moving_landmarks",
    "mask": "tables with the column fixed_mask",
    "lesion": "images of any kind with the section data.lesions",
}


def check_annotations(config, pairs, testing):
    """Raise a ConfigError unless the pairs have what the terms of the loss need, and one set of labels.

    Parameters
    ----------
    config : RunConfig
    pairs, testing : dirv_tf.datasets.PairBatches
        To train and to test on; the loss is measured in tests too.
    """
    check_counterpart(config.training.terms, config.model)
    for term in config.training.terms or ():
        for part, given in (("train", pairs), ("test", testing)):
            if term.needs is not None and term.needs not in given.annotations:
                raise ConfigError(
                    f"'training.terms' with the kind {term.kind} needs {term.needs} of the pairs to train and to test "
                    f"with: {_SOURCES[term.needs]}. Received: pairs to {part} with, 'data' of kind "
                    f"{config.data.kind}, that have {', '.join(given.annotations) or 'none'}"
                )
    if "labels" in _common(pairs, testing) and pairs.label_values != testing.label_values:
        raise ConfigError(
            "'data.labels' must say which labels count where those to train and those to test with differ. "
            f"Received: {list(pairs.label_values)} to train with, {list(testing.label_values)} to test with"
        )


def annotation_metrics(pairs, testing):
    """Return the metrics of what is drawn on the images of both parts.

    Parameters
    ----------
    pairs, testing : dirv_tf.datasets.PairBatches

    Returns
    -------
    list of tf.keras.metrics.Metric
    """
    common = _common(pairs, testing)
    labels = [metrics.LabelScores(pairs.label_values)] if "labels" in common else []
    return labels + ([metrics.LandmarkScores()] if "landmarks" in common else [])


def loss_of_terms(terms, own):
    """Return the weighted sum of the terms of a run.

    Parameters
    ----------
    terms : sequence of settings, see `TERM_KINDS`
    own : tf.keras.losses.Loss or None
        What `training.loss` says; None where no term is it.

    Returns
    -------
    losses.WeightedLosses
    """
    makers = {
        "own": lambda term: own,
        "labels": lambda term: losses.LabelLoss(term.measure),
        "boxes": lambda term: losses.LabelLoss(term.measure, boxes=True),
        "landmarks": lambda term: losses.LandmarkLoss(),
        "masked": lambda term: losses.MaskedLoss(term.similarity),
        "counterpart": lambda term: losses.CounterpartLoss(
            term.similarity, term.volume, term.perimeter, term.supervision
        ),
        "smoothness": lambda term: losses.SmoothnessLoss(term.regularizer),
    }
    # The network is judged by the first loss that compares images: its own, wherever that stands.
    terms = sorted(terms, key=lambda term: term.kind != "own")
    return losses.WeightedLosses([makers[term.kind](term) for term in terms], [term.weight for term in terms])


def _common(pairs, testing):
    return set(pairs.annotations) & set(testing.annotations)
