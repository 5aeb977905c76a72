"""What mkdocs cannot do by itself: a folder in the navigation, and links to files of the repository that are no page."""

import posixpath
import re
from pathlib import Path
from typing import Any, Final

LINK: Final = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(?:#[^)\s]*)?\)")


def on_config(config: Any) -> Any:
    """`Runbooks: runbooks/*` stands for every page of that folder, so that a new one needs no line here."""
    config["nav"] = _filled(config["nav"], Path(config["docs_dir"]))
    return config


def _filled(entry: Any, docs: Path) -> Any:
    if isinstance(entry, list):
        return [_filled(each, docs) for each in entry]
    if isinstance(entry, dict):
        return {title: _filled(inside, docs) for title, inside in entry.items()}
    if not entry.endswith("/*"):
        return entry
    pages = sorted((docs / entry).parent.glob("*.md"), key=lambda page: (page.name != "README.md", page.name))
    return [page.relative_to(docs).as_posix() for page in pages]


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """A link out of docs/ works where the repository is browsed; on the site it becomes the file's path, to look up there."""
    folder = posixpath.dirname(page.file.src_uri)
    return LINK.sub(lambda link: plain(link[0], link[1], link[2], folder), markdown)


def plain(link: str, text: str, target: str, folder: str) -> str:
    """The link as it is, or, where its target lies outside docs/, its text with the path."""
    place = posixpath.normpath(posixpath.join("docs", folder, target))
    if "://" in target or place.startswith("docs/"):
        return link
    return text if text.strip("`") == place else f"{text} (`{place}`)"
