"""The tables of kills, clusters and long life in the documentation: `python -m experiments.reliability.faults_page`.

The page holds prose around blocks between two marks each; the blocks alone are written. A test compares them with the
records.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from experiments.folders import CHECKOUT, RECORDS
from experiments.written_page import WrittenPage, measured_on

_KINDS = {"training": "training", "register": "one registration", "cohort": "many pairs"}


def blocks(results: Path = RECORDS) -> dict[str, str]:
    """Return what lies between the marks of the page.

    Parameters
    ----------
    results : path
        The folder of the records.

    Returns
    -------
    dict of str
        Markdown by the name of the block.
    """
    folder = results / "reliability"
    kills, dask, life = (
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in ("kills", "dask", "long_life")
    )
    return {"kills": kills_table(kills), "cluster": cluster_table(dask), "long life": life_table(life)}


def kills_table(record: dict) -> str:
    """Return the table of a campaign of kills in Markdown, with a line break at the end."""
    lines = [
        "| killed | kills | of them inside a write | begun anew | faults | seconds |",
        "|---|---|---|---|---|---|",
        *(
            f"| {_KINDS[row['kind']]} | {row['kills']} | {row['in_a_write']} | {row['works']} | {len(row['faults'])} | "
            f"{row['seconds']:.0f} |"
            for row in record["kinds"]
        ),
    ]
    sentence = f"{record['kills']} kills, {record['faults']} faults. {measured_on(record)}"
    return "\n".join([sentence, "", *lines]) + "\n"


def cluster_table(record: dict) -> str:
    """Return the table of the pairs on a cluster in Markdown, with a line break at the end."""
    size = " × ".join(map(str, record["size"]))
    cells = [
        f"{record['pairs']} of {size} pixels",
        record["workers"],
        f"{record['killed']}, after {record['killed_after']} pairs",
        record["done"],
        f"{record['largest_difference']:g} px",
        len(record["faults"]),
        f"{record['seconds_one_process']:.0f}",
        f"{record['seconds_cluster']:.0f}",
    ]
    lines = [
        "| pairs | workers | killed | done | largest difference of two fields | faults | seconds in one process | "
        "on the cluster |",
        "|---|---|---|---|---|---|---|---|",
        f"| {' | '.join(map(str, cells))} |",
    ]
    sentence = f"Dask (distributed {record['distributed']}) on one machine. {measured_on(record)}"
    return "\n".join([sentence, "", *lines]) + "\n"


def life_table(record: dict) -> str:
    """Return the table of long lives in Markdown, with a line break at the end."""
    lines = [
        "| model | registrations | sizes | memory after the first twentieth, at the end | grown after the first 100 | "
        "graphs | warnings |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {row['model']} | {row['registrations']:,} | {row['sizes']} | {row['memory_mb'][0][1]:.0f} MB, "
            f"{row['memory_mb'][-1][1]:.0f} MB | {row['grown_mb']:.1f} MB | {row['graphs']['graphs']} | "
            f"{len(row['warnings'])} |"
            for row in record["models"]
        ),
    ]
    return "\n".join([f"All models one after the other in one process. {measured_on(record)}", "", *lines]) + "\n"


PAGE = WrittenPage(CHECKOUT / "docs" / "reliability_faults.md", "experiments.reliability.faults_page", blocks)


if __name__ == "__main__":
    sys.exit(PAGE.main())
