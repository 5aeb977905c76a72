"""The pages as text: links, headings, and the commands and files that they show. Pure."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted(
    [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "charts").rglob("README.md")]
)
FENCE: Final = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
CODE: Final = re.compile(r"`[^`\n]+`")
LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING: Final = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


class Link(NamedTuple):
    page: Path
    target: str
    """Without the anchor; empty where it is in the page itself."""
    anchor: str


def prose(text: str) -> str:
    """Without fenced blocks, where brackets are no links and # begins no heading."""
    return FENCE.sub("", text)


def links(page: Path) -> Iterator[Link]:
    for target in LINK.findall(CODE.sub("", prose(page.read_text()))):
        if "://" not in target:
            place, _, anchor = target.partition("#")
            yield Link(page, place, anchor)


def anchors(page: Path) -> set[str]:
    """As repository browsers and the site make them."""
    return {slug(heading) for heading in HEADING.findall(prose(page.read_text()))}


def slug(heading: str) -> str:
    words = LINK.sub(lambda link: link[0][1 : link[0].index("]")], heading).replace("`", "").lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def commands(page: Path, program: str) -> Iterator[list[str]]:
    """The words after `program` in every shell line and code span of the page that begin with it."""
    text = page.read_text()
    shell = [line for _, kind, body in FENCE.findall(text) if kind in {"sh", ""} for line in joined(body)]
    for line in [*shell, *(span.strip("`") for span in CODE.findall(prose(text)))]:
        plain = line.strip().removeprefix("$ ").split(" #")[0]
        if plain.startswith(f"{program} "):
            yield plain.removeprefix(program).split()


def joined(body: str) -> list[str]:
    return body.replace("\\\n", " ").splitlines()


def blocks(page: Path, kind: str) -> list[str]:
    return [body for _, found, body in FENCE.findall(page.read_text()) if found == kind]
