"""python -m charts.generate             write what is made from values.yaml, crds/ and the chart's templates
python -m charts.generate --check     exit 1 and show the difference where a file has drifted
"""

import argparse
import sys
from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path

from charts.generate.helm import CHART, ROOT, HelmError
from charts.generate.manifest import plain_rbac
from charts.generate.readme import readme, values_page
from charts.generate.schema import schema_text
from charts.generate.values import read_values

MANIFEST = ROOT / "operator" / "manifests" / "rbac.yaml"


def files(*, render: bool = True) -> dict[Path, str]:
    """Every generated file and what it has to hold. Without `render`, those that need no helm."""
    values = read_values(CHART / "values.yaml")
    made = {
        CHART / "values.schema.json": schema_text(values),
        CHART / "README.md": readme(values),
        ROOT / "docs" / "reference" / "values.md": values_page(values),
        **{CHART / "files" / "crds" / crd.name: crd.read_text() for crd in sorted((ROOT / "crds").glob("*"))},
    }
    return made | ({MANIFEST: plain_rbac()} if render else {})


def drift(path: Path, text: str) -> str:
    """A unified diff; empty where the file holds `text`."""
    there = path.read_text() if path.exists() else ""
    lines = unified_diff(
        there.splitlines(keepends=True), text.splitlines(keepends=True), str(path), "generated"
    )
    return "".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="charts.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file has drifted")
    check = parser.parse_args(arguments).check
    try:
        # The schema comes first: helm refuses to render with one that does not fit values.yaml.
        differing = [each for render in (False, True) for each in _settle(files(render=render), check=check)]
    except HelmError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    if check and differing:
        sys.stdout.write("Generated files have drifted; run python -m charts.generate.\n")
    return int(check and bool(differing))


def _settle(made: dict[Path, str], *, check: bool) -> list[Path]:
    differing = [path for path, text in made.items() if drift(path, text)]
    for path in differing:
        if check:
            sys.stdout.write(drift(path, made[path]))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path])
            sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return differing


if __name__ == "__main__":
    sys.exit(main())
