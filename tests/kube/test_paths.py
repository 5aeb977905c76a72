import pytest

from planaria_operator.kube.paths import collection_path, node_proxy_path, object_path


def test_core_and_named_groups_stand_under_their_own_roots():
    assert collection_path("Pod", "") == "/api/v1/pods"
    assert collection_path("Pod", "shop") == "/api/v1/namespaces/shop/pods"
    assert object_path("Deployment", "shop", "web", "scale") == (
        "/apis/apps/v1/namespaces/shop/deployments/web/scale"
    )
    assert object_path("HealingPolicy", "shop", "web") == (
        "/apis/planaria.dev/v1alpha1/namespaces/shop/healingpolicies/web"
    )


def test_a_namespace_is_ignored_for_what_has_none():
    assert object_path("Node", "shop", "a") == "/api/v1/nodes/a"


def test_a_name_cannot_leave_its_place_in_the_path():
    assert object_path("Pod", "shop", "../secrets/x") == "/api/v1/namespaces/shop/pods/..%2Fsecrets%2Fx"


def test_a_path_behind_a_node_keeps_its_slashes():
    assert node_proxy_path("a", "/metrics/resource") == "/api/v1/nodes/a/proxy/metrics/resource"


def test_an_object_without_a_name_or_a_namespace_is_refused():
    with pytest.raises(ValueError, match="needs a name"):
        object_path("Pod", "shop", "")
    with pytest.raises(ValueError, match="needs a namespace"):
        object_path("Pod", "", "web")
    with pytest.raises(ValueError, match="expected one of"):
        object_path("Gadget", "shop", "web")
