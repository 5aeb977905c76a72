"""The declared command in a real container: through the API server, its kubelet, and back."""

from typing import Any

import pytest

from planaria_contract import Reload
from planaria_operator.act.actor import Actor
from planaria_operator.act.running import RELOADED_BY, CommandFailed
from planaria_operator.api.plan import Plan
from planaria_operator.kube.errors import Forbidden, MayHaveRun, NotFound, NotStarted, Unavailable
from planaria_operator.kube.interface import RESOURCES, ExecResult, JsonBody, Resource
from tests.act.live import Live, eventually

pytestmark = pytest.mark.cluster
TOKEN = "app-12345678/1"
OTHERS = "SubjectAccessReview"


async def run(
    live: Live, *command: str, seconds: float = 20, limit: int = 4096, container: str = "app"
) -> ExecResult:
    (pod,) = await live.running(1)
    name = pod["metadata"]["name"]
    return await live.kube.exec(live.namespace, name, container, command, timeout=seconds, limit_bytes=limit)


@pytest.fixture
async def app(live: Live) -> Live:
    await live.create("Deployment")
    await live.running(1)
    return live


async def test_a_command_ends_with_its_exit_code_and_what_it_printed_on_both_channels(app: Live):
    assert await run(app, "echo", "all good") == ExecResult(0, "all good\n")
    found = await run(app, "sh", "-c", "echo told; echo complained >&2; exit 3")
    assert (found.exit_code, sorted(found.output.split())) == (3, ["complained", "told"])


async def test_words_are_passed_as_they_stand_and_no_shell_looks_at_them(app: Live):
    odd = "$(touch /tmp/oops); `id` && 'x' \"y\" *"
    assert (await run(app, "echo", odd)).output == f"{odd}\n"
    assert (await run(app, "test", "-e", "/tmp/oops")).exit_code == 1


async def test_what_is_not_there_certainly_did_not_run(app: Live):
    with pytest.raises(NotStarted, match="no-such-program"):
        await run(app, "no-such-program")
    with pytest.raises(NotStarted):
        await run(app, "true", container="no-such-container")
    with pytest.raises(NotFound):
        await app.kube.exec(app.namespace, "nobody", "app", ("true",), timeout=5, limit_bytes=10)


async def test_long_output_is_cut_and_the_command_still_ends(app: Live):
    found = await run(app, "sh", "-c", "yes 0123456789 | head -c 3000000; exit 4", limit=1000)
    assert (found.exit_code, len(found.output)) == (4, 1000)


async def test_bytes_that_are_no_text_are_replaced(app: Live):
    assert (await run(app, "printf", r"\377ok")).output == "\N{REPLACEMENT CHARACTER}ok"


async def test_a_command_that_does_not_end_may_have_run(app: Live):
    with pytest.raises(MayHaveRun, match=r"no end within 1 s; it may have run"):
        await run(app, "sh", "-c", "echo begun >/tmp/begun; sleep 60", seconds=1)
    assert (await run(app, "cat", "/tmp/begun")).output == "begun\n"


async def planned(live: Live, *command: str, **entry: Any) -> Plan:
    actions = [{"type": "reload", "command": list(command), **entry}]
    plan = await live.plan("Deployment", Reload(), actions=actions)
    assert isinstance(plan, Plan), plan
    return plan


COUNTED = ("sh", "-c", "echo x >>/tmp/runs")


async def runs(live: Live) -> int:
    return len((await run(live, "sh", "-c", "cat /tmp/runs 2>/dev/null || true")).output.split())


async def test_a_reload_marks_the_pod_first_and_is_sent_once(app: Live):
    plan = await planned(app, *COUNTED)
    await app.actor.dry_run(plan.operations)
    assert await runs(app) == 0

    (said,) = await app.actor.apply(plan.operations, TOKEN)
    assert said.endswith("exit code 0, it printed nothing")
    (pod,) = await app.running(1)
    assert pod["metadata"]["annotations"][RELOADED_BY] == TOKEN

    (again,) = await app.actor.apply(plan.operations, TOKEN)
    assert again.endswith("the declared command may have run, and is not run again")
    assert await runs(app) == 1


async def test_another_attempt_runs_it_once_more(app: Live):
    plan = await planned(app, *COUNTED)
    await app.actor.apply(plan.operations, TOKEN)
    await app.actor.apply(plan.operations, "app-12345678/2")
    assert await runs(app) == 2


async def test_a_crash_between_mark_and_command_means_that_it_is_not_run(app: Live):
    plan = await planned(app, *COUNTED)
    with pytest.raises(Unavailable):
        await Actor(DiesBeforeExec(app.kube)).apply(plan.operations, TOKEN)
    (said,) = await app.actor.apply(plan.operations, TOKEN)
    assert "may have run, and is not run again" in said
    assert await runs(app) == 0


class DiesBeforeExec:
    """The operator is killed after the mark is written."""

    def __init__(self, kube: Any) -> None:
        self._kube = kube

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kube, name)

    async def exec(self, *_: Any, **__: Any) -> ExecResult:
        raise Unavailable("killed")


async def test_a_failing_command_says_how_it_failed(app: Live):
    plan = await planned(app, "sh", "-c", "echo bad line 7 in nginx.conf >&2; exit 1")
    with pytest.raises(CommandFailed, match=r"exit code 1, it printed: bad line 7 in nginx.conf"):
        await app.actor.apply(plan.operations, TOKEN)


async def test_a_pod_that_is_gone_is_no_reason_to_stop(app: Live):
    plan = await planned(app, "true")
    (pod,) = await app.running(1)
    await app.kube.delete("Pod", app.namespace, pod["metadata"]["name"])
    name = pod["metadata"]["name"]

    async def there() -> bool:
        try:
            await app.get("Pod", name)
        except NotFound:
            return False
        return True

    await eventually(there, lambda found: not found)
    assert await app.actor.apply(plan.operations, TOKEN) == [f"Pod/{name} was gone already"]


async def test_a_role_without_the_right_is_told_before_anything_is_marked(
    app: Live, monkeypatch: pytest.MonkeyPatch
):
    others = Resource("authorization.k8s.io/v1", "subjectaccessreviews", namespaced=False)
    monkeypatch.setitem(RESOURCES, OTHERS, others)
    plan = await planned(app, *COUNTED)
    kube = Denied(app.kube)
    with pytest.raises(Forbidden, match="not allowed to get pods/exec in namespace"):
        await Actor(kube).dry_run(plan.operations)
    (pod,) = await app.running(1)
    assert RELOADED_BY not in (pod["metadata"].get("annotations") or {})


class Denied:
    """A client whose rights are those of a service account without any role."""

    def __init__(self, kube: Any) -> None:
        self._kube = kube

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kube, name)

    async def create(self, kind: str, namespace: str, body: JsonBody, *, dry_run: bool = False) -> JsonBody:
        """The API server itself is asked, for that account instead of for us."""
        assert (kind, namespace, dry_run) == ("SelfSubjectAccessReview", "", True)
        where = body["spec"]["resourceAttributes"]["namespace"]
        account = {"user": f"system:serviceaccount:{where}:default"}
        asked: JsonBody = await self._kube.create(
            OTHERS, "", {"spec": {**body["spec"], **account}}, dry_run=True
        )
        return asked
