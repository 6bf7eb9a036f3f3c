"""Settings of the documentation. Build it with: python -m sphinx -W --keep-going -b html docs docs/_build/html"""

import inspect
import os
import re

from sphinx.ext import autosummary

# TensorFlow reports at every start what no reader of the build's output needs.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import dirv_tf

project = "dirv_tf"
author = "dirv_tf authors"
project_copyright = author
version = release = dirv_tf.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
# Pages link to each other's headings, by the names that GitHub gives them.
myst_heading_anchors = 3

# The notebooks are committed with their outputs; docs/notebooks/execute.py renews them.
nb_execution_mode = "off"

# A part's pages follow its `__all__`, so that a new public name needs no change here.
autosummary_generate = True
autosummary_ignore_module_all = False
autosummary_imported_members = True
# Keras's own docstrings are Markdown and describe what a layer does not change.
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
default_role = "py:obj"

# A summary is a docstring's whole first paragraph: looking for its first full stop would cut at "eq. 22" and "0 ... n".
autosummary.periods_re = re.compile("(?!)")

html_theme = "furo"
html_title = f"dirv_tf {release}"


def show_constructor(app, what, name, documented, options, signature, return_annotation):
    """Keras's base classes hide the arguments of a class behind ``(*args, **kwargs)``; give its own instead."""
    if what != "class" or signature != "(*args, **kwargs)":
        return None
    arguments = list(inspect.signature(documented.__init__).parameters.values())[1:]
    return str(inspect.Signature([each.replace(annotation=each.empty) for each in arguments])), None


def keep_colon(app, what, name, documented, options, lines):
    """Begin with an empty line: without, napoleon takes what stands before a property's first colon for its type."""
    if what == "property":
        lines.insert(0, "")


def setup(app):
    app.connect("autodoc-process-signature", show_constructor)
    app.connect("autodoc-process-docstring", keep_colon, priority=400)
