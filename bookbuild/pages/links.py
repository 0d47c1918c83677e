"""Turns a link as an author writes it into the page it leads to."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote, urlsplit


def resolve(href: str, uri: str) -> tuple[str, str] | None:
    """Where a relative link to a source file leads.

    Args:
        href: the link; uri: the page it stands on.
    Returns:
        the URI of the page and the anchor with its #, or None for links that
        lead elsewhere.
    """
    parts = urlsplit(href)
    if parts.scheme or parts.netloc or not parts.path.endswith((".md", ".py")):
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(uri), unquote(parts.path)))
    return path, f"#{parts.fragment}" if parts.fragment else ""
