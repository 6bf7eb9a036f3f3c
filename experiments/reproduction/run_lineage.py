"""What a run has behind it: its own training, and those of the runs whose weights it began with."""

from __future__ import annotations

from dirv_tf.report.run_record import RunRecord


class Lineage:
    """The runs that others began with.

    Parameters
    ----------
    runs : list of RunRecord
        All that there are; a run is found by the name of its folder, which is that of its weights.
    """

    def __init__(self, runs: list[RunRecord]):
        self._by_name = {run.path.name: run for run in runs}

    def of(self, run: RunRecord) -> list[RunRecord]:
        """Return a run, then the run whose weights it began with, then that one's, and so on.

        Raises
        ------
        ValueError
            When a run began with weights whose record is not there.
        """
        found = [run]
        while start := found[-1].record.get("started_from"):
            if start["name"] not in self._by_name:
                raise ValueError(
                    f"Expected the record of the run that {found[-1].title} began with among "
                    f"{', '.join(sorted(self._by_name))}. Received: started_from={start['name']!r}"
                )
            found.append(self._by_name[start["name"]])
        return found

    def pairs_seen(self, run: RunRecord) -> int:
        """Return the number of pairs of a run's own training, all epochs together."""
        return pairs_per_epoch(run) * run.config["training"]["epochs"]


def pairs_per_epoch(run: RunRecord) -> int:
    """Return the number of pairs, or pairs of patches, of an epoch."""
    data = run.config["data"]
    patches = data.get("patches_per_image", 1) if data.get("patch_size") else 1
    # How many images a folder gives is known from its files alone.
    images = data.get("train_images") or len(run.record["files"]["train"])
    return images * patches


def training_text(run: RunRecord) -> str:
    """Say what a run was trained on: whole images or patches, how many and how often."""
    data, epochs = run.config["data"], run.config["training"]["epochs"]
    images = data.get("train_images") or len(run.record["files"]["train"])
    text = f"{images:,} images of {size_text(data['size'])}"
    if data.get("patch_size"):
        text += f", {data['patches_per_image']} patches of {size_text(data['patch_size'])} of each"
        text += ", cut from the deformed pair" if data.get("deform_first") else ""
    return f"{text}; {epochs} epoch{'s' * (epochs > 1)}"


def size_text(sides: list[int]) -> str:
    """Return image sides as text.

    Examples
    --------
    >>> size_text([64, 64]), size_text([32, 32, 32]), size_text([64, 32])
    ('64²', '32³', '64×32')
    """
    return f"{sides[0]}{'²' if len(sides) == 2 else '³'}" if len(set(sides)) == 1 else "×".join(map(str, sides))


def machine(run: RunRecord) -> str:
    """Return cores and processor of a run, or nothing where its record has none."""
    hardware = run.record.get("hardware")
    if not hardware:
        return ""
    return f"{hardware['cores']} core{'s' * (hardware['cores'] > 1)}, {hardware['processor'].split('(')[0].strip()}"


def hours_and_minutes(seconds: float) -> str:
    """Return a time as text.

    Examples
    --------
    >>> hours_and_minutes(5075.6)
    '1:24'
    """
    return f"{int(seconds) // 3600}:{int(seconds) % 3600 // 60:02d}"
