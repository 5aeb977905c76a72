"""What is in the images, and what must not be."""

import json
import re

import pytest
from cyclonedx.validation.json import JsonStrictValidator

from planaria_cluster import images, sbom
from planaria_cluster.products import Release, project_version

pytestmark = pytest.mark.images
WHOLE = {"operator": 250, "policy": 450}
OURS = {"operator": 170, "policy": 175}
"""MB, 10^6 bytes: with the base that is made here, and without any."""


def name(image):
    return image.path.stem


def distributions(image):
    found = (re.search(r"/([^/]+)-[^/-]+\.dist-info/METADATA$", path) for path in image.entries)
    return {match[1].lower().replace("_", "-") for match in found if match}


def test_it_starts_as_nobody_with_one_program(image):
    config = image.configuration["config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == {"operator": ["planaria-operator"], "policy": ["planaria"]}[name(image)]
    program = image.entries[f"opt/planaria/bin/{config['Entrypoint'][0]}"]
    assert program.mode & 0o111


def test_it_says_what_it_is(image):
    labels = image.configuration["config"]["Labels"]
    prefix = "org.opencontainers.image."
    assert labels[f"{prefix}title"] == f"planaria-{name(image)}"
    assert labels[f"{prefix}version"] == project_version()
    assert re.fullmatch(r"[0-9a-f]{40}(-modified)?|unknown", labels[f"{prefix}revision"])


def test_it_has_no_trainer_and_no_installer(image):
    forbidden = {
        "torch",
        "ray",
        "transformers",
        "pip",
        "setuptools",
        "huggingface-hub",
        "pytest",
        "matplotlib",
    }
    assert "planaria" in distributions(image)
    assert not distributions(image) & forbidden


def test_the_operator_has_no_database_and_the_policy_no_kubernetes(archives):
    assert "kubernetes" in distributions(archives["operator"])
    assert not distributions(archives["operator"]) & {"sqlalchemy", "psycopg", "starlette"}
    assert not distributions(archives["policy"]) & {"kubernetes", "kopf", "openai"}


def test_what_was_trained_is_in_it(archives):
    assert any(
        path.endswith("planaria_semantics/encoder/model/encoder.zip") for path in archives["operator"].entries
    )
    assert any("/planaria_policy/serving/model/" in path for path in archives["policy"].entries)


def test_each_start_finds_byte_code(image):
    ours = re.compile(r"/planaria_operator/app\.py$|/planaria_policy/serving/app\.py$|/pydantic/main\.py$")
    sources = [path for path in image.entries if ours.search(path)]
    assert len(sources) == 2
    level = ".opt-2" if "PYTHONOPTIMIZE=2" in image.configuration["config"]["Env"] else ""
    for path in sources:
        folder, _, base = path.rpartition("/")
        compiled = re.compile(
            rf"{re.escape(folder)}/__pycache__/{base[:-3]}\.cpython-3\d+{re.escape(level)}\.pyc$"
        )
        assert any(compiled.match(other) for other in image.entries)


def test_what_we_put_on_the_base_is_small(image):
    *_, libraries, own = image.sizes()
    assert (libraries + own) / 1e6 < OURS[name(image)]
    assert own / 1e6 < 30, "a change of ours should be a small layer"


def test_the_whole_is_small(image):
    if images.builder() != "buildah":
        pytest.skip("on the registry's base, whose size is not ours")
    assert sum(image.sizes()) / 1e6 < WHOLE[name(image)]


def test_it_has_no_room_that_it_does_not_enter(archives):
    def rooms(target):
        found = (re.search(r"/site-packages/(planaria_\w+)/", path) for path in archives[target].entries)
        return {match[1] for match in found if match}

    assert rooms("operator") >= {"planaria_operator", "planaria_semantics", "planaria_contract"}
    assert "planaria_policy" not in rooms("operator")
    assert not rooms("policy") & {"planaria_operator", "planaria_kubectl"}
    assert not [path for path in archives["policy"].entries if "/planaria_policy/semantics/" in path]


def test_nothing_of_the_build_stays(image):
    leftover = re.compile(r"^(run/secrets|src|wheels|files|root/\.cache|opt/build)(/|$)|(^|/)pip\.conf$")
    assert not [path for path in image.entries if leftover.search(path)]
    history = json.dumps(image.configuration)
    assert "docker-archive" not in history
    assert "/run/secrets" not in history


def test_the_bill_of_materials_is_valid_and_complete(image):
    text = image.path.with_suffix(".cdx.json").read_text()
    assert JsonStrictValidator(sbom.SCHEMA).validate_str(text) is None
    listed = {part["purl"].partition("@")[0] for part in json.loads(text)["components"]}
    assert {f"pkg:pypi/{each}" for each in distributions(image)} <= listed
    assert any(each.endswith("/libc6") for each in listed)


def test_the_same_image_has_the_same_bill(image, tmp_path):
    sbom.write_sbom(image.path, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == image.path.with_suffix(".cdx.json").read_text()


def test_tags_are_those_of_the_release():
    assert Release().tag("operator") == f"planaria.local/operator:{project_version()}"
    assert Release("registry.example/p", "9").tag("policy") == "registry.example/p/policy:9"
