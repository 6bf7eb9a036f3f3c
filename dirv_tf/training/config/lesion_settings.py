"""The settings of lesions that are pasted into one image of each pair."""

from __future__ import annotations

import dataclasses

from dirv_tf.lesion_range import LesionRange


@dataclasses.dataclass(frozen=True)
class LesionSettings(LesionRange):
    """Regions without counterpart: what is pasted into one `image` of a share `chance` of the pairs.

    An uneven blob of a share `area` of the image shows one of `fills`: the smallest or largest intensity (background,
    as a torn part does), any one intensity (constant), noise, or another part of the image (texture); see
    `dirv_tf.synthesis.paste_lesions`. Tests have them too. Of real pairs, only the fixed image gets them.
    """
