"""What the pages point at exists: files, headings, make targets, commands, flags, values, fields."""

import re
import tomllib
from itertools import pairwise

import pytest
import yaml

from charts.generate.helm import CHART
from charts.generate.values import read_values
from planaria_cli.main import COMMANDS
from planaria_kubectl.arguments import parsers
from planaria_operator.watch.resources import parse_policy
from tests.docs.pages import PAGES, ROOT, anchors, blocks, commands, links, slug

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_link_leads_to_a_file():
    dead = [link for page in PAGES for link in links(page) if not (page.parent / link.target).exists()]
    assert not dead


def test_every_anchor_leads_to_a_heading():
    named = {
        link: link.page.parent / link.target if link.target else link.page
        for each in PAGES
        for link in links(each)
    }
    known = {place: anchors(place) for link, place in named.items() if link.anchor}
    assert not [link for link, place in named.items() if link.anchor and link.anchor not in known[place]]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("4. See that it answers", "4-see-that-it-answers"),
        ("HealingPolicy (`hpol`)", "healingpolicy-hpol"),
        ("HealingPolicy.spec.actions", "healingpolicyspecactions"),
        ("why KIND/NAME", "why-kindname"),
    ],
)
def test_an_anchor_is_made_as_repository_browsers_make_it(heading, expected):
    assert slug(heading) == expected


def test_every_make_target_exists():
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {words[0] for words in shown("make")} <= targets


def test_every_command_of_planaria_exists():
    assert {tuple(words[:2]) for words in shown("planaria")} <= {*COMMANDS, ("AREA", "COMMAND")}


def test_every_command_of_the_plugin_and_its_flags_exist():
    helped = {command: parser.format_help() for command, parser in parsers()[1].items()}
    for words in shown("kubectl planaria"):
        assert words[0] in helped
        flags = {word.split("=")[0] for word in words if re.fullmatch(r"--[a-z-]+(=.*)?", word)}
        assert all(flag in helped[words[0]] for flag in flags), words


def test_what_is_installed_is_this_checkout_and_an_extra_of_it():
    """Planaria is on no package index."""
    known = PROJECT["project"]["optional-dependencies"].keys()
    for words in shown("pip install"):
        place, _, extras = words[0].strip("'").rstrip("]").partition("[")
        assert place == "."
        assert set(extras.split(",")) <= known


def test_every_module_that_is_run_exists():
    rooms = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["dev-mode-dirs"]
    for module in {words[0] for python in ("python", ".venv/bin/python") for words in shown(f"{python} -m")}:
        path = module.replace(".", "/")
        found = [ROOT / room / f"{path}{end}" for room in rooms for end in (".py", "/__main__.py")]
        assert any(each.exists() for each in found), module


def test_every_value_that_is_set_is_one_of_the_chart():
    known = {value.name for value in read_values(CHART / "values.yaml")}
    settings = [word for words in shown("helm") for before, word in pairwise(words) if before == "--set"]
    assert {setting.strip("'").split("=")[0] for setting in settings} <= known
    assert settings


def test_every_policy_that_is_shown_is_one():
    found = [block for page in PAGES for block in blocks(page, "yaml") if "kind: HealingPolicy" in block]
    assert {parse_policy(yaml.safe_load(block)).name for block in found} >= {"web"}


def test_no_sample_asks_for_a_pause():
    """Applied anew, it would take away what others have asked for since: without server-side apply a list is replaced."""
    samples = [
        body
        for path in (ROOT / "docs/samples").glob("*.yaml")
        for body in yaml.safe_load_all(path.read_text())
    ]
    assert samples
    assert not [body["metadata"]["name"] for body in samples if "pauseRequests" in body["spec"]]


def shown(program):
    return [words for page in PAGES for words in commands(page, program)]
