"""`dirv-tf tissue`: prepares images of tissue sections, ANHIR's or others, to train with."""

from __future__ import annotations

import sys
from pathlib import Path

from dirv_tf.cli.command_line import add_command

_EPILOG = """\
examples:
  dirv-tf tissue data/sections -o tissue_set
  dirv-tf tissue anhir/images -o anhir_set --only '*/scale-50pc/*' --test-tissues COAD_01 kidney_1
  dirv-tf train E-4 --set data.folder=anhir_set/train --set data.test_folder=anhir_set/test

SOURCE holds one folder per tissue, with images of 8 or 16 bit in it or in folders below: TIFF, PNG, JPEG, BMP or WebP.
Tissues are for training or for testing, never for both: a share of them is chosen by --split-seed, or --test-tissues
names them.
From the middle of each image (2000 x 2000 pixels), turned into gray, patches of 256 x 256 pixels are cut at random
places; those with hardly any contrast are rejected, the others stretched to black and white, each by itself, and stored
as PNG in FOLDER/train and FOLDER/test. FOLDER/manifest.json and manifest.csv tell where each comes from, with SHA-256.

Of a TIFF no more is decoded than the tiles or strips needed, so slides of any size will do; the others must be
decoded whole and may have 179 million pixels. The same command again goes on with an interrupted set: patches that are
there are verified, not made again. Images that cannot be used are named at the end and left out, and the exit status
is then 1; with --strict the first of them ends the command.
"""


def add_parser(commands):
    """Add the subcommand to `dirv-tf`."""
    parser = add_command(
        commands,
        "tissue",
        "cut images of tissue sections, such as ANHIR's, into patches to train with",
        "Cuts images of tissue sections into patches to train and to test with, split by tissue (thesis Section 6.2).",
        _EPILOG,
        run,
    )
    parser.add_argument("source", metavar="SOURCE", help="folder with one folder of images per tissue")
    parser.add_argument("-o", "--output", metavar="FOLDER", required=True, help="folder of the patches")
    split = parser.add_argument_group("which images")
    split.add_argument("--only", metavar="PATTERN", default="*", help="take images whose path ends like this alone")
    split.add_argument("--test-tissues", metavar="TISSUE", nargs="+", default=[], help="tissues to test with")
    split.add_argument("--test-share", type=float, default=0.2, help="without names: their share (%(default)s)")
    split.add_argument("--split-seed", type=int, default=0, help="another number, another choice (%(default)s)")
    split.add_argument("--strict", action="store_true", help="refuse images that cannot be used instead of naming them")
    cut = parser.add_argument_group("which patches")
    cut.add_argument("--size", type=int, default=256, help="side of a patch, pixels (%(default)s)")
    cut.add_argument("--crop", type=int, default=2000, help="side of the middle they are cut from (%(default)s)")
    cut.add_argument("--train-patches", type=int, default=20, help="places per training image (%(default)s)")
    cut.add_argument("--test-patches", type=int, default=3, help="places per test image (%(default)s)")
    cut.add_argument(
        "--least-deviation", type=float, default=10.0, help="least standard deviation of a patch, of 255 (%(default)s)"
    )
    cut.add_argument("--bits", type=int, choices=(8, 16), default=8, help="of the stored patches (%(default)s)")
    cut.add_argument("--seed", type=int, default=42, help="of the places (%(default)s)")


def run(options):
    """Make or complete the set and say what it holds.

    Returns
    -------
    int
        Exit status: 0 done, 1 images were left out.
    """
    from dirv_tf.cli.progress_line import ProgressLine
    from dirv_tf.datasets.tissue_patches import PatchSettings
    from dirv_tf.datasets.tissue_set import make_tissue_set
    from dirv_tf.datasets.tissue_sources import tissue_sources

    source, output = Path(options.source).resolve(), Path(options.output).resolve()
    if source in (output, *output.parents):
        raise ValueError(
            "Expected a folder outside of the images', or its patches would be cut again as if they were sections. "
            f"Received: SOURCE={options.source}, FOLDER={options.output}"
        )
    names = ("size", "crop", "train_patches", "test_patches", "least_deviation", "bits", "seed")
    settings = PatchSettings(**{name: getattr(options, name) for name in names})
    choice = options.only, options.test_tissues, options.test_share, options.split_seed
    sources, empty = tissue_sources(options.source, *choice)
    left_out = [f"{name}: a folder without images" for name in empty]
    if left_out and options.strict:
        raise ValueError(f"Expected images in every folder. Received: {'; '.join(left_out)}")
    progress = ProgressLine()
    try:
        manifest = make_tissue_set(sources, options.output, settings, options.strict, progress)
    finally:
        progress.end()
    print("\n".join(_summary(manifest)))
    print(f"Everything is in {Path(options.output)}")
    left_out += [f"{entry['file']}: {entry['reason']}" for entry in manifest["left_out"]]
    if left_out:
        print("\n  ".join([f"Left out, {len(left_out)}:", *left_out]), file=sys.stderr)
    return 1 if left_out else 0


def _summary(manifest):
    for part in ("train", "test"):
        entries = [entry for entry in manifest["sources"] if entry["part"] == part]
        patches = sum(len(entry["patches"]) for entry in entries)
        rejected = sum(entry["drawn"] for entry in entries) - patches
        tissues = sorted({entry["tissue"] for entry in entries})
        yield (
            f"{part:5} {patches:5} patches of {len(entries)} images, {rejected} without contrast "
            f"rejected, {len(tissues)} tissues: {', '.join(tissues)}"
        )
