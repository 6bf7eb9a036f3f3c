"""Carries out the notebooks of this folder and stores their outputs in them: python docs/notebooks/execute.py"""

from __future__ import annotations

import base64
import io
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

from dirv_tf.io.atomic_write import write_text

FOLDER = Path(__file__).resolve().parent
CHECKOUT = FOLDER.parents[1]


def execute(path):
    """Carry out one notebook from the checkout; a cell that fails raises, and the file stays as it was.

    Parameters
    ----------
    path : Path
        The `.ipynb` file, which is replaced.
    """
    notebook = nbformat.read(path, as_version=4)
    # Times of execution would make every file new every time.
    NotebookClient(
        notebook,
        timeout=1800,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": CHECKOUT}},
    ).execute()
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            # TensorFlow tells about the machine on standard error; a true error has raised before.
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = smaller_picture(output.data["image/png"])
    write_text(path, nbformat.writes(notebook) + "\n")


def smaller_picture(encoded):
    """Return a PNG in base64 with a palette, which takes a third of the space."""
    picture = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")
    smaller = io.BytesIO()
    picture.quantize(192, method=Image.Quantize.MAXCOVERAGE, kmeans=1).save(smaller, "png", optimize=True)
    return base64.b64encode(smaller.getvalue()).decode()


if __name__ == "__main__":
    # The kernels inherit it.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for path in [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.ipynb")):
        execute(path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
