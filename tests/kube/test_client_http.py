"""The client against raw HTTP: what goes out, and what every way of not answering becomes."""

import pytest

from planaria_operator.kube.client import KubeClient
from planaria_operator.kube.errors import NotFound, Unauthorized, Unavailable
from planaria_operator.kube.interface import PatchType
from planaria_operator.telemetry.metrics import REGISTRY
from tests.kube.raw_server import Misbehaviour, RawServer, client_of


def failures(kind: str) -> float:
    return REGISTRY.get_sample_value("planaria_api_errors_total", {"kind": kind}) or 0.0


@pytest.mark.parametrize("patch_type", list(PatchType))
async def test_a_patch_always_names_its_content_type(kube: KubeClient, raw: RawServer, patch_type: PatchType):
    raw.answer(200, {"kind": "Deployment"})
    body = [{"op": "test"}] if patch_type is PatchType.JSON else {"spec": {"replicas": 2}}
    await kube.patch(
        "Deployment",
        "shop",
        "web",
        body,
        patch_type=patch_type,
        field_manager="planaria-x",
        force=True,
        dry_run=True,
    )
    (asked,) = raw.asked
    assert asked.method == "PATCH"
    assert asked.headers["Content-Type"] == patch_type.value
    assert asked.query == {"fieldManager": "planaria-x", "force": "true", "dryRun": "All"}
    assert asked.body == body


async def test_an_eviction_carries_the_uid_as_precondition(kube: KubeClient, raw: RawServer):
    raw.answer(201, {"kind": "Status"})
    await kube.evict("shop", "web-1", uid="u1", dry_run=True)
    (asked,) = raw.asked
    assert asked.path == "/api/v1/namespaces/shop/pods/web-1/eviction?dryRun=All"
    assert asked.body["apiVersion"] == "policy/v1"
    assert asked.body["deleteOptions"] == {"preconditions": {"uid": "u1"}}


async def test_a_deletion_carries_the_uid_as_precondition(kube: KubeClient, raw: RawServer):
    raw.answer(200, {"kind": "Status"})
    await kube.delete("Remediation", "shop", "r1", uid="u1")
    (asked,) = raw.asked
    assert asked.method == "DELETE"
    assert asked.body["preconditions"] == {"uid": "u1"}


async def test_a_list_goes_on_until_the_last_page_and_names_each_item(kube: KubeClient, raw: RawServer):
    raw.answer(200, {"metadata": {"continue": "next+/="}, "items": [{"metadata": {"name": "a"}}]})
    raw.answer(200, {"metadata": {}, "items": [{"metadata": {"name": "b"}}]})
    pods = await kube.list("Pod", labels="app=web", fields="spec.nodeName=n1")
    assert [(pod["apiVersion"], pod["kind"], pod["metadata"]["name"]) for pod in pods] == [
        ("v1", "Pod", "a"),
        ("v1", "Pod", "b"),
    ]
    selectors = {"labelSelector": "app=web", "fieldSelector": "spec.nodeName=n1", "limit": "200"}
    assert [asked.query for asked in raw.asked] == [selectors, {**selectors, "continue": "next+/="}]


async def test_a_limited_list_asks_for_no_more_than_that(kube: KubeClient, raw: RawServer):
    raw.answer(200, {"metadata": {"continue": "more"}, "items": [{}, {}, {}]})
    assert len(await kube.list("Pod", limit=2)) == 2
    assert [asked.query for asked in raw.asked] == [{"limit": "2"}]


async def test_a_list_whose_pages_expired_is_read_again_in_one_piece(kube: KubeClient, raw: RawServer):
    raw.answer(200, {"metadata": {"continue": "old"}, "items": [{"metadata": {"name": "a"}}]})
    raw.refuse(410, "Expired", "The provided continue parameter is too old")
    raw.answer(200, {"items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]})
    assert [pod["metadata"]["name"] for pod in await kube.list("Pod")] == ["a", "b"]
    assert raw.asked[-1].query == {}


async def test_pages_are_handed_out_one_by_one(kube: KubeClient, raw: RawServer):
    raw.answer(200, {"metadata": {"continue": "more"}, "items": [{"metadata": {"name": "a"}}]})
    raw.answer(200, {"items": [{"metadata": {"name": "b"}}]})
    seen = [
        ([pod["metadata"]["name"] for pod in page.bodies], page.begins, len(raw.asked))
        async for page in kube.pages("Pod", "shop")
    ]
    assert seen == [(["a"], True, 1), (["b"], False, 2)]


async def test_pages_that_expired_begin_again_in_one_piece(kube: KubeClient, raw: RawServer):
    raw.answer(200, {"metadata": {"continue": "old"}, "items": [{"metadata": {"name": "gone"}}]})
    raw.refuse(410, "Expired", "The provided continue parameter is too old")
    raw.answer(200, {"items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]})
    seen = [
        ([pod["metadata"]["name"] for pod in page.bodies], page.begins) async for page in kube.pages("Pod")
    ]
    assert seen == [(["gone"], True), (["a", "b"], True)]
    assert raw.asked[-1].query == {}


async def test_calls_are_counted_by_verb_whatever_became_of_them(kube: KubeClient, raw: RawServer):
    def counted(verb: str) -> float:
        return REGISTRY.get_sample_value("planaria_api_calls_total", {"verb": verb}) or 0.0

    before = counted("get"), counted("delete")
    raw.refuse(404, "NotFound", "no such pod")
    raw.answer(200, {"kind": "Pod"})
    with pytest.raises(NotFound):
        await kube.get("Pod", "shop", "web")
    await kube.get("Pod", "shop", "web")
    await kube.delete("Pod", "shop", "web")
    assert (counted("get"), counted("delete")) == (before[0] + 2, before[1] + 1)


async def test_logs_that_would_lose_their_newest_lines_are_asked_for_again_in_fewer_lines(
    kube: KubeClient, raw: RawServer
):
    raw.answer(200, b"x" * 100)
    raw.answer(200, b"2026 last \xff line\n")
    text = await kube.logs("shop", "web-1", "app", previous=True, tail_lines=40, limit_bytes=100)
    assert text == "2026 last \N{REPLACEMENT CHARACTER} line\n"
    assert [asked.query["tailLines"] for asked in raw.asked] == ["40", "10"]
    assert raw.asked[0].query == {
        "container": "app",
        "timestamps": "true",
        "tailLines": "40",
        "limitBytes": "100",
        "previous": "true",
    }


async def test_one_line_that_is_too_long_is_taken_as_it_is(kube: KubeClient, raw: RawServer):
    raw.answer(200, b"x" * 100)
    assert len(await kube.logs("shop", "web-1", "app", tail_lines=1, limit_bytes=100)) == 100
    assert len(raw.asked) == 1


async def test_a_silent_server_is_unavailable_after_the_deadline(raw: RawServer):
    raw.answers.append(Misbehaviour.SILENT)
    client = client_of(raw, seconds=0.2)
    with pytest.raises(
        Unavailable, match=r"get Pod shop/web: no answer from http://127.0.0.1:\d+ within 0.2 s"
    ):
        await client.get("Pod", "shop", "web")
    await client.close()


async def test_a_refused_connection_is_unavailable_and_names_the_host(unused_tcp_port: int):
    client = client_of(RawServer(url=f"http://127.0.0.1:{unused_tcp_port}"))
    with pytest.raises(Unavailable, match=f"no answer from http://127.0.0.1:{unused_tcp_port}"):
        await client.get("Pod", "shop", "web")
    await client.close()


async def test_a_cut_connection_is_unavailable(kube: KubeClient, raw: RawServer):
    raw.answers.append(Misbehaviour.CUT)
    with pytest.raises(Unavailable):
        await kube.create("Event", "shop", {"metadata": {"name": "e"}})


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"[1, 2]"])
async def test_an_answer_that_is_not_an_object_is_unavailable(kube: KubeClient, raw: RawServer, body: bytes):
    raw.answer(200, body)
    with pytest.raises(Unavailable, match="did not answer with"):
        await kube.get("Pod", "shop", "web")


async def test_a_closed_client_says_so(kube: KubeClient, raw: RawServer):
    await kube.close()
    with pytest.raises(Unavailable, match="the client is closed"):
        await kube.get("Pod", "shop", "web")


async def test_the_token_goes_out_and_never_into_an_error(raw: RawServer):
    raw.refuse(401, "Unauthorized", "Unauthorized")
    client = client_of(raw, token="s3cr3t-t0k3n")
    with pytest.raises(Unauthorized) as caught:
        await client.get("Pod", "shop", "web")
    assert raw.asked[0].headers["Authorization"] == "Bearer s3cr3t-t0k3n"
    assert "s3cr3t" not in str(caught.value)
    await client.close()


async def test_credentials_that_cannot_be_refreshed_are_unauthorized(kube: KubeClient, raw: RawServer):
    def unreadable(_: object) -> None:
        raise FileNotFoundError("token")

    kube.configuration.api_key["BearerToken"] = "Bearer old"
    kube.configuration.refresh_api_key_hook = unreadable  # type: ignore[assignment]
    with pytest.raises(Unauthorized, match="credentials cannot be read again"):
        await kube.get("Pod", "shop", "web")
    assert raw.asked == []


async def test_failures_are_counted_by_kind_and_successes_leave_a_time(kube: KubeClient, raw: RawServer):
    raw.refuse(404, "NotFound", 'pods "web" not found')
    raw.answer(200, {"kind": "Pod"})
    before = failures("NotFound")
    with pytest.raises(NotFound):
        await kube.get("Pod", "shop", "web")
    assert failures("NotFound") == before + 1
    assert kube.last_success is None
    await kube.get("Pod", "shop", "web")
    assert kube.last_success is not None


async def test_node_text_is_what_the_kubelet_says(kube: KubeClient, raw: RawServer):
    raw.answer(200, b"# HELP x\nx 1\n")
    assert await kube.node_text("n1", "metrics/resource") == "# HELP x\nx 1\n"
    assert raw.asked[0].path == "/api/v1/nodes/n1/proxy/metrics/resource"
