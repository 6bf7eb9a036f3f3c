"""How large lesions are that are pasted into images, and what they show: here, since run files need no TensorFlow."""

from __future__ import annotations

import dataclasses

from dirv_tf.validation import fraction, increasing_pair, list_of, number, one_of, setting

FILLS = ("background", "constant", "noise", "texture")
SIDES = ("fixed", "moving", "either", "both")


@dataclasses.dataclass(frozen=True)
class LesionRange:
    """The limits of pasted lesions, see `dirv_tf.synthesis.paste_lesions`.

    Parameters
    ----------
    chance : float
        Share of the pairs that get a lesion, from 0 to 1.
    area : pair of float
        Least and largest share of the pixels of the image, before what lies beyond its border is cut off.
    fills : sequence of str
        What a lesion shows, one of them by chance. "background": the smallest or the largest intensity of the image,
        as a torn part does; "constant": any intensity; "noise": white noise about one; "texture": another part of the
        same image, mirrored.
    image : {"fixed", "moving", "either", "both"}
        Which image of a pair gets it; "either": one of them by chance. "both": each, where it is seen. Then every pixel
        has a counterpart; an even region, say, where nothing tells how it moved.

    Raises
    ------
    ValueError
        If a value is out of its range.

    Examples
    --------
    >>> from dirv_tf.synthesis import LesionRange
    >>> LesionRange(area=(0.05, 0.1)).chance
    0.75
    """

    chance: float = setting(number(low=0, high=1), default=0.75)
    area: tuple[float, float] = setting(increasing_pair(fraction()), default=(0.01, 0.1))
    fills: tuple[str, ...] = setting(list_of(one_of(*FILLS)), default=FILLS)
    image: str = setting(one_of(*SIDES), default="fixed")

    def __post_init__(self):
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, field.metadata["check"](field.name, getattr(self, field.name)))
