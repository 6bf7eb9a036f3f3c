"""Pages of the documentation whose numbers are written from records: prose around blocks between two marks each."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Callable

from dirv_tf.training.execution.environment import hardware_line
from experiments.folders import CHECKOUT


def measured_on(record: dict, parts: Iterable[dict] = ()) -> str:
    """Return what a record was measured on, in a few words with a full stop.

    Parameters
    ----------
    record : dict
        With its `hardware` and `versions`.
    parts : iterable of dict
        With a `hardware` each, where parts of it may be older than others: every machine is named once.
    """
    return f"{machines(tuple(parts) or (record,))}, TensorFlow {record['versions']['tensorflow']}."


def machines(parts: Iterable[dict]) -> str:
    """Return the machines of several parts of a record, each with its `hardware`; every one is named once."""
    return "; ".join(dict.fromkeys(hardware_line(part["hardware"]) for part in parts))


def days(parts: Iterable[dict]) -> str:
    """Return the day, or the first and the last one, of several parts of a record, each with its `date`."""
    found = sorted({part["date"][:10] for part in parts})
    return " to ".join(dict.fromkeys((found[0], found[-1])))


@dataclasses.dataclass(frozen=True)
class WrittenPage:
    """A page, and where its blocks come from.

    Attributes
    ----------
    path : Path
        The Markdown file.
    module : str
        That writes it; its name stands in the marks.
    blocks : callable
        Returns Markdown by the name of the block.
    """

    path: Path
    module: str
    blocks: Callable[[], dict[str, str]]

    def marks(self, name: str) -> tuple[str, str]:
        """Return the lines that a block lies between."""
        return f"<!-- {name}: begin, written by {self.module} -->", f"<!-- {name}: end -->"

    def written(self, text: str, blocks: dict[str, str]) -> str:
        """Return the text of the page with other blocks between its marks.

        Raises
        ------
        ValueError
            Where the text lacks a mark.
        """
        for name, block in blocks.items():
            begin, end = self.marks(name)
            before, found, rest = text.partition(begin)
            _, closed, after = rest.partition(end)
            if not found or not closed:
                raise ValueError(f"Expected a page with the marks {begin} and {end}. Received: {len(text)} characters")
            text = f"{before}{begin}\n\n{block}\n{end}{after}"
        return text

    def main(self, arguments: list[str] | None = None) -> int:
        """Write the blocks, or say with --check whether the page is up to date; return the exit status."""
        parser = argparse.ArgumentParser(
            prog=f"python -m {self.module}", description=f"Writes {self.path.name} from the committed records."
        )
        parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 where the page is stale")
        options = parser.parse_args(arguments)
        text = self.path.read_text(encoding="utf-8")
        renewed = self.written(text, self.blocks())
        if options.check:
            print(f"{self.path.relative_to(CHECKOUT)}: {'up to date' if renewed == text else 'stale'}")
            return int(renewed != text)
        self.path.write_text(renewed, encoding="utf-8")
        print(f"Written: {self.path.relative_to(CHECKOUT)}")
        return 0
