"""What the operator does where its surroundings are wrong: one clear line, a probe that tells the truth, and it waits."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from planaria_scenarios.subprocesses import free_port
from tests.e2e.operator_process import OperatorProcess, operator
from tests.e2e.proxy import ApiProxy, wait_until
from tests.kubectl import Kubectl

pytestmark = pytest.mark.apiserver

NAMESPACE = "planaria-surroundings"


@pytest.fixture(scope="module", autouse=True)
def namespace(kubeconfig: Path) -> Iterator[None]:
    kubectl = Kubectl.of(kubeconfig)
    kubectl("create", "namespace", NAMESPACE)
    yield
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture
async def proxy(kubeconfig: Path) -> AsyncIterator[ApiProxy]:
    between = ApiProxy(kubeconfig)
    await between.start()
    yield between
    await between.stop()


def says(process: OperatorProcess, *words: str) -> "object":
    async def said() -> bool:
        return process.said(*words)

    return said


async def test_an_api_server_that_is_away_is_named_and_waited_for(proxy: ApiProxy, tmp_path: Path) -> None:
    config = proxy.kubeconfig(tmp_path)
    await proxy.stop()
    async with operator(config, tmp_path, free_port(), "--namespace", NAMESPACE) as process:
        await wait_until(says(process, "waiting", f"127.0.0.1:{proxy.port}"))
        status, body = await process.probe("/readyz")
        assert (status, "api" in body.lower()) == (503, True)
        await proxy.start()
        await wait_until(process.ready, 60)
        assert "Traceback" not in process.text()


async def test_an_api_server_that_goes_away_later_makes_it_unready_until_it_is_back(
    proxy: ApiProxy, tmp_path: Path
) -> None:
    async with operator(
        proxy.kubeconfig(tmp_path), tmp_path, free_port(), "--namespace", NAMESPACE
    ) as process:
        await wait_until(process.ready, 60)
        await proxy.stop()

        async def unready() -> bool:
            return (await process.probe("/readyz"))[0] == 503

        await wait_until(unready, 60)
        assert (await process.probe("/healthz"))[0] == 200, "being cut off is no reason to be restarted"
        await proxy.start()
        await wait_until(process.ready, 90)
        assert process.running
        assert "Traceback" not in process.text()


async def test_missing_custom_resources_are_named_with_the_command_and_waited_for(
    proxy: ApiProxy, tmp_path: Path
) -> None:
    proxy.hide_group = True
    async with operator(
        proxy.kubeconfig(tmp_path), tmp_path, free_port(), "--namespace", NAMESPACE
    ) as process:
        await wait_until(says(process, "waiting", "kubectl apply -f crds/"))
        assert (await process.probe("/readyz"))[0] == 503
        proxy.hide_group = False
        await wait_until(process.ready, 60)
        assert "Traceback" not in process.text()


async def test_a_verb_that_the_role_lacks_is_named_with_its_resource(
    kubeconfig: Path, tmp_path: Path
) -> None:
    kubectl = Kubectl.of(kubeconfig)
    kubectl("create", "serviceaccount", "powerless", "-n", NAMESPACE)
    token = kubectl("create", "token", "powerless", "-n", NAMESPACE).strip()
    config = kubectl.with_token(token, tmp_path)
    async with operator(config, tmp_path, free_port(), "--namespace", NAMESPACE) as process:
        await wait_until(says(process, "waiting", "not allowed to list", "nodes"))
        assert (await process.probe("/readyz"))[0] == 503
        assert process.running
        assert "Traceback" not in process.text()
        assert token not in process.text()


async def test_a_kubeconfig_that_is_missing_ends_it_with_one_line(tmp_path: Path) -> None:
    async with operator(tmp_path / "nowhere", tmp_path, free_port()) as process:

        async def ended() -> bool:
            return not process.running

        await wait_until(ended)
        (line,) = [line for line in process.lines() if line["level"] == "error"]
        assert "nowhere" in line["error"]
        assert "no such file" in line["error"]
