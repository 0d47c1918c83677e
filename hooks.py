"""MkDocs looks for its callbacks here; they live in bookbuild/site.py."""

from bookbuild.site import *  # noqa: F403
