"""`dirv-tf register --pairs`: a table of pairs in; a folder per pair, one table and one page out."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median

EPILOG = """\
many pairs:
  dirv-tf register --pairs pairs.csv -o results
  dirv-tf register --pairs pairs.csv -o results --processes 4 --effort fast
  dirv-tf register --pairs pairs.csv -o results --resume
  dirv-tf register --pairs pairs.csv -o results --shard 3/10     one of ten jobs, which may run at the same time

The table is a CSV file with the columns fixed and moving, and as needed name, fixed_landmarks and moving_landmarks,
exclude (names of landmarks that do not count), fixed_labels and moving_labels, fixed_mask and moving_mask; paths are
relative to its folder. All options hold for all pairs. Every pair gets a folder of its name, and a row in pairs.csv, as
soon as it is finished; index.html shows all pairs, the worst first. A pair that fails does not stop the others, but the
exit status is 1 then.
"""


# What --uncertainty means alone; as in `dirv_tf.registration.results.uncertainty`, whose module takes TensorFlow along.
UNCERTAINTY_MODEL = "uncertainty-2d"


def add_arguments(parser):
    """Add the arguments of many pairs to those of one."""
    group = parser.add_argument_group("many pairs")
    group.add_argument("--pairs", type=Path, metavar="TABLE", help="CSV table of pairs, in place of FIXED and MOVING")
    group.add_argument("--resume", action="store_true", help="skip the pairs that are done, try failed ones again")
    group.add_argument(
        "--processes",
        type=int,
        metavar="N",
        help="how many pairs at a time, each in a process of its own (default: 1, in this process)",
    )
    group.add_argument("--shard", metavar="K/N", help="every N-th pair from the K-th on: one job of an array of N")


def wrong_choice(options):
    """Return what is wrong with the choice between one pair and many, or None."""
    if options.pairs is not None:
        if options.fixed is not None:
            received = f"{options.fixed} and --pairs {options.pairs}"
            return f"expected FIXED and MOVING, or --pairs, not both. Received: {received}"
        if options.landmarks is not None:
            return f"expected --landmarks with FIXED and MOVING, not with --pairs. Received: --pairs {options.pairs}"
        if options.uncertainty is not None:
            return f"expected --uncertainty with FIXED and MOVING, not with --pairs. Received: --pairs {options.pairs}"
        return None
    if options.moving is None:
        received = f"{options.fixed or 'neither'}{_taken_by_uncertainty(options.uncertainty)}"
        return f"expected two images, FIXED and MOVING, or --pairs with a table. Received: {received}"
    given = {"--resume": options.resume or None, "--processes": options.processes, "--shard": options.shard}
    alone = [name for name, value in given.items() if value is not None]
    return f"expected --pairs with {alone[0]}, which is for many pairs. Received: FIXED and MOVING" if alone else None


def _taken_by_uncertainty(model):
    """Say that an option whose value may be left out has taken what stands behind it, perhaps an image."""
    if model in (None, UNCERTAINTY_MODEL):
        return ""
    return (
        f", and --uncertainty {model}, which takes what stands behind it as its network: write --uncertainty behind "
        f"the images, or --uncertainty {UNCERTAINTY_MODEL}"
    )


def run(options, register_options):
    """Register all pairs, say how each one went, and sum up.

    Parameters
    ----------
    options : argparse.Namespace
    register_options : dict
        Keyword arguments of `dirv_tf.register`.

    Returns
    -------
    int
        Exit status: 1 if a pair failed, else 0.
    """
    # What takes TensorFlow along comes after the process is prepared.
    from dirv_tf.cli.progress_line import ProgressLine
    from dirv_tf.registration import register_pairs

    progress = _Progress(ProgressLine())
    try:
        rows = register_pairs(
            options.pairs,
            options.output,
            resume=options.resume,
            overwrite=options.overwrite,
            shard=options.shard,
            processes=1 if options.processes is None else options.processes,
            field_format=options.field_format,
            progress=progress,
            **register_options,
        )
    except KeyboardInterrupt:
        progress.end()
        print(f"{progress.finished} of {progress.total} pairs are finished; --resume goes on.", file=sys.stderr)
        raise
    progress.end()
    print("\n".join(_summary(rows, progress, options.output)))
    return 1 if any(not row.is_done for row in rows) else 0


class _Progress:
    """A moving line on a terminal, a line per pair elsewhere."""

    def __init__(self, line):
        self.finished = self.total = self.registered = self.failed = 0
        self._line = line

    def __call__(self, finished, total, row):
        self.finished, self.total = finished, total
        if row is not None:
            self._say(row)
        if finished < total:
            self._line(finished, total, f"{self.failed} failed")

    def _say(self, row):
        self.registered += 1
        place = f"[{self.finished}/{self.total}] {row.name}"
        if not row.is_done:
            self.failed += 1
            self._line.end()
            print(f"{place}: FAILED: {row.reason}", file=sys.stderr, flush=True)
        elif not sys.stderr.isatty():
            alike = f"alike {row.similarity_before:.2f} -> {row.similarity_after:.2f}"
            warned = "".join(f"; WARNING: {warning}" for warning in row.warnings)
            print(f"{place}: {alike}, {row.seconds:.1f} s{warned}", flush=True)

    def end(self):
        """Take the moving line away."""
        self._line.end()


def _summary(rows, progress, output):
    from dirv_tf.training.execution.progress import duration

    failed, doubtful = ([row for row in rows if wrong(row)] for wrong in (_is_failed, _is_doubtful))
    before, elsewhere = len(rows) - progress.registered, progress.total - progress.registered
    yield (
        f"{len(rows)} pairs: {len(rows) - len(failed)} done, {len(failed)} failed"
        + (f" ({before} were done before)" if before else "")
        + (f"; {elsewhere} more are left to another process that is at work on them" if elsewhere else "")
    )
    yield from (f"FAILED   {row.name}: {row.reason}" for row in failed)
    yield from (f"WARNING  {row.name}: {warning}" for row in doubtful for warning in row.warnings)
    for name, label in (("similarity", "alike (structure)"), ("rtre_median", "median rTRE"), ("dice", "mean Dice")):
        pairs = [(getattr(row, f"{name}_before"), getattr(row, f"{name}_after")) for row in rows]
        known = [pair for pair in pairs if None not in pair]
        if known:
            values = " -> ".join(f"{median(each):.4f}" for each in zip(*known))
            yield f"{label:<18} {values}  (median of {len(known)} pairs)"
    seconds = [row.seconds for row in rows if row.is_done]
    if seconds:
        yield f"time per pair      {duration(median(seconds))} (median)"
    yield f"Written to {output}: pairs.csv, index.html (open it in a browser), and a folder per pair"


def _is_failed(row):
    return not row.is_done


def _is_doubtful(row):
    return row.is_done and bool(row.warnings)
