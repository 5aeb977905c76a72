"""A command that takes the custom resources away names each of them: what is left out stays in the cluster for ever."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("docs/quickstart.md", "docs/how-to/uninstall.md", "charts/planaria/templates/NOTES.txt")
NAMES = {
    f"{path.stem.removeprefix('planaria.dev_')}.planaria.dev"
    for path in (ROOT / "crds").glob("planaria.dev_*.yaml")
}


@pytest.mark.parametrize("page", PAGES)
def test_every_custom_resource_is_named(page: str) -> None:
    (line,) = [line for line in (ROOT / page).read_text().splitlines() if "kubectl delete crd" in line]
    assert {word.strip("`|") for word in line.split() if ".planaria.dev" in word} == NAMES
