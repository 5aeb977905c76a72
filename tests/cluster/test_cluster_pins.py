"""The versions in pins.py and those that the Go module builds are the same."""

import re

from planaria_cluster import build, pins
from planaria_cluster.paths import KUBERNETES_SOURCE


def go_mod() -> str:
    return (KUBERNETES_SOURCE / "go.mod").read_text()


def test_go_mod_requires_what_is_pinned():
    assert re.search(rf"\tk8s\.io/kubernetes {re.escape(pins.KUBERNETES)}\n", go_mod())
    assert re.search(rf"\tgo\.etcd\.io/etcd/server/v3 {re.escape(pins.ETCD)}\n", go_mod())


def test_every_library_of_kubernetes_comes_from_the_same_release():
    replaced = re.findall(r"(k8s\.io/\S+) => (k8s\.io/\S+) (\S+)", go_mod())
    assert len(replaced) == 31
    assert all(old == new and version == pins.STAGING for old, new, version in replaced)
    assert pins.STAGING.removeprefix("v0.") == pins.KUBERNETES.removeprefix("v1.")


def test_go_sum_is_there_for_the_pinned_version():
    assert f"k8s.io/kubernetes {pins.KUBERNETES} h1:" in (KUBERNETES_SOURCE / "go.sum").read_text()


def test_each_recipe_has_its_own_folder_in_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("PLANARIA_CACHE", str(tmp_path))
    recipes = (build.kubernetes, build.coredns, build.kwok, build.kind, build.helm, build.prometheus)
    folders = {recipe().folder for recipe in recipes}
    assert len(folders) == 6
    assert all(folder.is_relative_to(tmp_path) for folder in folders)


def test_the_server_is_told_its_version():
    assert f"k8s.io/component-base/version.gitVersion={pins.KUBERNETES}" in build.version_flags()
