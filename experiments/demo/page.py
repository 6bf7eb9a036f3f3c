"""The demo's page, `index.html`, with its pictures beside it."""

from __future__ import annotations

from dirv_tf.figures import figure_to_rgb
from dirv_tf.io.atomic_write import atomic_path, write_text
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.report.document import Document, Picture, picture
from dirv_tf.report.html_text import html_text

PAGE_NAME = "index.html"


class DemoPage:
    """Pictures, each written as soon as it is drawn, and at last the page that shows them.

    Parameters
    ----------
    folder : path
        Gets `index.html` and `pictures/`.

    Raises
    ------
    OSError
        Where nothing can be written there.
    """

    def __init__(self, folder):
        self.folder = check_output_folder(folder)
        self._names: dict[int, str] = {}
        self._kept: list[Picture] = []

    def add(self, name, title, caption, figure):
        """Write a picture.

        Parameters
        ----------
        name : str
            Of its file, without suffix.
        title, caption : str
            Below it on the page.
        figure : matplotlib.figure.Figure

        Returns
        -------
        Picture
            To be shown by a section of the page.
        """
        drawn = picture(title, caption, figure_to_rgb(figure))
        with atomic_path(self.folder / "pictures" / f"{name}.png") as temporary:
            temporary.write_bytes(drawn.content)
        # The page knows pictures by their identity: they must live until it is written.
        self._kept.append(drawn)
        self._names[id(drawn)] = f"{name}.png"
        return drawn

    def write(self, introduction, sections):
        """Write the page.

        Parameters
        ----------
        introduction : str
        sections : list of Section

        Returns
        -------
        Path
        """
        path = self.folder / PAGE_NAME
        write_text(path, html_text(Document("dirv_tf: registered pairs", introduction, sections), self._names))
        return path
