"""What to compare a run's result with."""

from __future__ import annotations

import dataclasses

from dirv_tf.validation import mapping_of, number, one_of, setting, text


@dataclasses.dataclass(frozen=True)
class ReferenceSettings:
    """What somebody else found for the same run, to stand beside its own result; changes nothing in the run.

    `source` says who and where. The names of `metrics` are those of the test metrics, such as `l_dis` or
    `dl_int_finest`; others are kept, but not shown. `split` says on which pairs they were measured.
    """

    source: str = setting(text())
    metrics: dict[str, float] = setting(mapping_of(number()))
    split: str = setting(one_of("test", "train"), default="test")
