"""The corpus that ships."""

import re
from collections import Counter

import pytest

from planaria_contract import CLASSES
from planaria_operator.evidence.patterns import SECRETS
from planaria_policy.semantics.corpus import KINDS, SOURCES, load
from planaria_policy.semantics.fill import MAKERS, fill
from planaria_policy.semantics.recipe import GATHERED

LEAST = 100
MEANT_AS_PLACEHOLDERS = re.compile(
    r"<(?:ip_?addr(?:ess)?|ipv4|addr|pods?|pod_?name|namespace|nodes?|node_?name|hosts?|hostname|ports?|num(?:ber)?|int(?:eger)?s?|n"
    r"|percent|timestamp|datetime|duration|seconds|millis|guid|id|hash|sha|filename|filepath|dir|service|container|device"
    r"|database|tables?|username|usr|mem|memory|word|str|string|domain|uri|version|interface|nic|gpu|cpu|reason|digest)>"
)
PLACEHOLDER = re.compile(r"<(\w+)>")
PRINTED = {
    "<ipv4>": "sed patterns that a message quotes",
    "<filename>": "usage texts",
    "<hostname>": "usage texts",
    "<string>": "Python's name of code that was not in a file",
}
"""What looks like a placeholder and is what the system prints."""

LOOK_ALIKES = {
    "-----BEGIN SSH HOST KEY FINGERPRINTS-----": "cloud-init prints fingerprints, which are public",
    "pulling x.azurecr.io/x:v3": "an address ends in authorization, and a colon follows",
    "30ad4fe6b2a6aeed": "the public key token of Newtonsoft.Json",
}
"""What the redactor would blacken, and is no secret."""
ISSUED = range(next(at for at, each in enumerate(SECRETS) if "eyj" in each.hints), len(SECRETS))
"""Patterns that only match what is a secret by its own form: JSON Web Tokens, issuers' tokens, key blocks."""


@pytest.fixture(scope="module")
def templates():
    return load()


def test_every_file_says_where_it_is_from_and_its_licence():
    for path in SOURCES.glob("*.txt"):
        head = path.read_text(encoding="utf-8").split("\n[", 1)[0]
        for key in ("source", "family", "kind", "provenance", "licence"):
            assert re.search(rf"^# {key}: \S", head, re.MULTILINE), f"{path.name}: # {key}:"


def test_every_file_has_templates_and_a_source_of_its_own(templates):
    files = [path.stem for path in SOURCES.glob("*.txt")]
    assert len({template.source for template in templates}) == len(files)
    assert {template.kind for template in templates} <= set(KINDS)


def test_what_some_networks_do_not_read_exists(templates):
    assert set(GATHERED) <= {template.source for template in templates}


@pytest.mark.parametrize("fault", CLASSES)
def test_without_it_enough_of_every_class_is_left(templates, fault):
    of = [template for template in templates if template.fault is fault]
    assert sum(template.source not in GATHERED for template in of) > len(of) / 3


@pytest.mark.parametrize("fault", CLASSES)
def test_every_class_has_enough(templates, fault):
    count = Counter(template.fault for template in templates)[fault]
    assert count >= LEAST, f"{fault.value}: {count} templates"


@pytest.mark.parametrize("fault", CLASSES)
def test_every_class_is_said_by_several_systems(templates, fault):
    assert len({template.source for template in templates if template.fault is fault}) >= 5


def test_nothing_healthy_has_a_severity(templates):
    wrong = [t.text for t in templates if (t.severity == 0) != (t.fault.value == "healthy")]
    assert not wrong, wrong[:5]


def test_no_class_is_second_to_itself(templates):
    assert not [t.text for t in templates if t.second is t.fault]


def test_nothing_looks_like_a_placeholder_that_is_none(templates):
    found = {
        f"{template.source}: {match[0]}"
        for template in templates
        for text in (template.text, *template.prefixes)
        for match in MEANT_AS_PLACEHOLDERS.finditer(text)
        if match[0] not in PRINTED and match[0][1:-1] not in MAKERS
    }
    assert not found


def test_filling_leaves_no_placeholder(templates):
    import random

    draw = random.Random(1)
    for template in draw.sample(templates, 2000):
        left = [name for name in PLACEHOLDER.findall(fill(template.text, draw)) if name in MAKERS]
        assert not left, template.text


def secrets(text):
    for at, secret in enumerate(SECRETS):
        for match in secret.expression.finditer(text):
            value = match[0][len(match[1]) :] if secret.expression.groups else match[0]
            if at in ISSUED or (
                len(value) >= 16 and re.search(r"\d", value) and re.search("[a-zA-Z]", value)
            ):
                yield value


def test_no_secret_is_among_them(templates):
    """The redactor also blackens words ("using password: YES"); a value is one that only a generator would make."""
    found = {
        f"{template.source}: {value}"
        for template in templates
        for line in re.sub(r"<\w+>", "x", template.text).split("\n")
        for value in secrets(line)
        if value not in LOOK_ALIKES
    }
    assert not found


def test_a_secret_would_be_found():
    assert list(secrets("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdef"))
    assert list(secrets("password=hunter2hunter2hunter2"))
