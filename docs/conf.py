"""The site's settings. ``make site`` lays the sources out and builds them (tools/make_site.py)."""

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ["QMIX_COURSE_PROGRESS"] = "0"

from qmix_course import __version__  # noqa: E402
from tools import site_text  # noqa: E402
from tools.notebooks import repository  # noqa: E402

project = "QMIX, one piece at a time"
author = "The QMIX course authors"
project_copyright = f"{author}, MIT licence"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "sphinx.ext.mathjax"]
templates_path = ["_templates"]

# Notebooks are shown with the outputs that they hold; `make test` holds those against a fresh run.
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4

# Docstrings: in the order of the source, shapes and types as they are written there.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries_show_parents = "hide"

# MathJax comes with the pages, from a package that holds its files; see copy_mathjax.
mathjax_path = "mathjax/tex-chtml.js"
MATHJAX = Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_copy_source = True
html_sourcelink_suffix = ""
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto",
                "edit_page_url_template": "{{ edit_address or file_name }}",
                "edit_page_provider_name": "GitHub"}
html_theme_options = {
    "repository_url": repository(),
    "repository_branch": "main",
    "use_repository_button": True,
    "launch_buttons": {"colab_url": "https://colab.research.google.com"},
    "home_page_in_toc": True,
    "show_toc_level": 2,
    "show_navbar_depth": 1,
    "max_navbar_depth": 3,
    "navbar_persistent": [],
    "article_footer_items": ["ask.html"],
    "footer_content_items": ["copyright.html"],
    "pygments_light_style": "a11y-light",
    "pygments_dark_style": "a11y-dark",
}


def copy_mathjax(app, exception):
    """The part of MathJax that typesets TeX, with its fonts and what its menu offers."""
    if exception is None and app.builder.format == "html":
        from sphinx.util.fileutil import copy_asset

        target = Path(app.outdir) / "_static" / "mathjax"
        target.mkdir(parents=True, exist_ok=True)
        for name in ("tex-chtml.js", "a11y", "input/tex/extensions", "output/chtml", "sre", "ui"):
            place = target / name if (MATHJAX / name).is_dir() else target
            copy_asset(MATHJAX / name, place)


def setup(app):
    # What is done to the texts is a setting too: when it changes, every page is read again.
    app.add_config_value("course_texts", site_text.digest(), "env")
    site_text.connect(app)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
