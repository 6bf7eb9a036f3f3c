"""What the benchmark measures, and how long."""

from __future__ import annotations

from typing import NamedTuple

from experiments.benchmark.rows import CHECKPOINTED, MIXED, OURS, TEXTBOOK


class Plan(NamedTuple):
    """Sizes and durations of a benchmark.

    Attributes
    ----------
    name : str
    run : str
        Run of the thesis whose 2D network is measured.
    units, experts : int
        Of the 2D network.
    training_side, training_batch : int
        Pixels per side and pairs of a training step.
    inference_sides : tuple of int
        Pixels per side of the single pairs that are registered.
    demons_sides : tuple of int
        Those of them that demons register too, with errors.
    error_pairs : int
        Pairs that the errors are averaged over.
    memory_of : tuple of str
        Candidates whose memory is measured, each in a process of its own; dirv_tf among them.
    memory_batch : int
        Pairs of the training step whose memory is measured.
    seconds : float
        How long each comparison is repeated.
    first_answers : tuple of (int, int)
        Rank and pixels per side of the first pair of a process, registered with the default model.
    first_answer_turns : int
        How many processes of each kind are started.
    new_sizes : int
        How many sizes the process that registers many of them meets after its first.
    xla_sides : tuple of int
        Those of the inference sides that are also measured with the whole network under XLA.
    parts : bool
        Whether to measure the parts of a unit one by one.
    volume_run : str or None
        Run whose 3D network is measured.
    volume_units, volume_side, volume_batch : int
        Its units, and pixels per side and pairs of its training step.
    scaled_units, scaled_experts : tuple of int
        Networks whose training steps tell how time grows.
    shared_devices : tuple of int
        Numbers of virtual devices that share a training step, the first one 1.
    """

    name: str = "full"
    run: str = "A-6"
    units: int = 7
    experts: int = 24
    training_side: int = 64
    training_batch: int = 20
    inference_sides: tuple[int, ...] = (64, 256, 512, 1024)
    demons_sides: tuple[int, ...] = (64, 256)
    error_pairs: int = 4
    memory_of: tuple[str, ...] = (OURS, MIXED, CHECKPOINTED, TEXTBOOK)
    memory_batch: int = 100
    seconds: float = 15.0
    first_answers: tuple[tuple[int, int], ...] = ((2, 512), (3, 64))
    first_answer_turns: int = 5
    new_sizes: int = 4
    xla_sides: tuple[int, ...] = (64, 256)
    parts: bool = True
    volume_run: str | None = "F-1"
    volume_units: int = 5
    volume_side: int = 32
    volume_batch: int = 4
    scaled_units: tuple[int, ...] = (1, 4, 7, 10)
    scaled_experts: tuple[int, ...] = (8, 16, 24, 32)
    shared_devices: tuple[int, ...] = (1, 2, 4)


FULL = Plan()
QUICK = Plan(
    name="quick",
    inference_sides=(64, 256),
    demons_sides=(64,),
    error_pairs=2,
    memory_of=(OURS, TEXTBOOK),
    memory_batch=20,
    seconds=4.0,
    first_answers=((2, 512),),
    first_answer_turns=1,
    xla_sides=(),
    parts=False,
    volume_run=None,
    scaled_units=(),
    scaled_experts=(),
    shared_devices=(),
)
