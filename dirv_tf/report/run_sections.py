"""The sections of a report that show one run each."""

from __future__ import annotations

from dirv_tf.report.document import Section
from dirv_tf.report.pictures import run_pictures


def run_sections(runs, pictures=True, say=print):
    """Return a section per run: what it was, its learning curves, what its network does and has learned.

    Parameters
    ----------
    runs : list of RunRecord
    pictures : bool
        Whether to draw anything; without, a section is one sentence.
    say : callable
        Says a line of text.

    Returns
    -------
    list of Section
    """
    sections, titles = [], []
    for number, run in enumerate(runs, start=1):
        if pictures:
            say(f"{number} of {len(runs)}: pictures of {run.title}")
        titles.append(f"Run {run.title}")
        # Two runs of the same settings differ in their folders only.
        title = titles[-1] if titles.count(titles[-1]) == 1 else f"{titles[-1]}, {run.path.name}"
        sections.append(Section(title, [_description(run), *(run_pictures(run) if pictures else ())]))
    return sections


def _description(run):
    versions, hardware = run.record.get("versions", {}), run.record.get("hardware", {})
    facts = [
        run.config.get("description", ""),
        f"seeds {run.config['seeds']['training']} (training) and {run.config['seeds']['testing']} (test)",
        f"TensorFlow {versions.get('tensorflow', 'unknown')}",
        f"{hardware.get('cores', '?')} core{'s' * (hardware.get('cores') != 1)} of "
        f"{hardware.get('processor', 'unknown')}, "
        f"{', '.join(hardware.get('gpus', ())) or 'no GPU'}",
    ]
    return "; ".join(filter(None, facts)) + "."
