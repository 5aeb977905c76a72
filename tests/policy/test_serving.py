"""The service: the same decisions as the network, over HTTP, with self-tests, take-up, rollback and clear refusals."""

import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
import torch

from planaria_contract import Action, Decision, Mask
from planaria_policy.errors import BadData
from planaria_policy.network.choosing import choose
from planaria_policy.network.export import exported
from planaria_policy.network.policy import PolicyNetwork
from planaria_policy.serving.brain import Brain
from planaria_policy.serving.file import SHIPPED, PolicyFile
from planaria_policy.serving.selftest import cases, check
from planaria_policy.simulator.environment import Environment
from planaria_policy.simulator.render import render
from planaria_policy.spaces.choices import CATEGORIES
from tests.policy.folder import put


@pytest.fixture(scope="module")
def shipped():
    return Brain(PolicyFile.load())


@pytest.fixture(scope="module")
def untrained():
    torch.manual_seed(1)
    return PolicyNetwork()


@pytest.fixture(scope="module")
def questions():
    environment = Environment(120, seed=21)
    return environment, [render(environment.world.pick(slice(at, at + 1))) for at in range(120)]


def test_the_served_file_decides_as_the_network_it_was_made_from(untrained, questions):
    for parameter in untrained.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    environment, asked = questions
    brain = Brain(exported(untrained, {}))
    sight = environment.observe()
    with torch.no_grad():
        rows, judged = choose(untrained, sight.facts, sight.nodes, sight.legal)
    told = brain.decide(asked)
    same = [CATEGORIES[row[0]] is each.category for row, each in zip(rows.tolist(), told, strict=True)]
    assert sum(same) >= 118  # an age loses its fraction of a second on the way
    assert np.allclose([each.value or 0.0 for each in told], judged.value, atol=0.05)


def test_one_question_and_many_at_once_are_answered_alike(shipped, questions):
    asked = questions[1][:40]
    alone = [shipped.decide([question])[0] for question in asked]
    assert [each.parameters for each in alone] == [each.parameters for each in shipped.decide(asked)]


def test_what_is_masked_has_no_probability_and_its_reason_is_told(shipped, questions):
    for question in questions[1]:
        masked = question.model_copy(
            update={"masks": (*question.masks, Mask(category=Action.RESTART, reason="RefusedWhenPlanned"))}
        )
        (decision,) = shipped.decide([masked])
        assert decision.category not in {mask.category for mask in masked.masks}
        assert sum(decision.probabilities.values()) == pytest.approx(1, abs=1e-4)
        told = {mask.category: mask.reason for mask in decision.masks}
        assert told[Action.RESTART] in {"RefusedWhenPlanned", *(mask.reason for mask in question.masks)}
        assert all(decision.probabilities[category] == 0 for category in told)
        assert Decision.from_json(decision.to_json()).parameters == decision.parameters


def test_a_counterfactual_names_another_action_for_another_fault(shipped):
    asked = next(case.asked for case in cases() if case.name == "memory-limit-too-low")
    (decision,) = shipped.decide([asked])
    assert decision.counterfactuals
    assert all(each.category is not decision.category for each in decision.counterfactuals)
    assert asked.state.fault not in {each.fault for each in decision.counterfactuals}


def test_the_shipped_policy_passes_its_self_test_and_an_untrained_one_does_not(shipped, untrained):
    check(shipped)
    with pytest.raises(BadData, match="fails its self-test"):
        check(Brain(exported(untrained, {})))


def test_the_self_test_is_what_the_code_says():
    done = subprocess.run(
        [sys.executable, "-m", "planaria_policy.simulator.selftest_cases", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def compressed_otherwise(body):
    """One byte of the zip's directory is another."""
    method = body.index(b"PK\x01\x02") + 10
    return body[:method] + b"\x63" + body[method + 1 :]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda body: b"", "not a policy file"),
        (lambda body: body[: len(body) // 2], "not a policy file"),
        (lambda body: b"\x80\x04cposix\nsystem\n", "not a policy file"),
        (compressed_otherwise, "compression method is not supported"),
    ],
)
def test_a_damaged_file_is_refused_in_words(tmp_path, damage, told):
    path = tmp_path / "p.zip"
    path.write_bytes(damage(SHIPPED.read_bytes()))
    with pytest.raises(BadData, match=told):
        PolicyFile.load(path)


def test_a_file_for_another_version_of_planaria_is_refused_with_what_differs(tmp_path):
    file = PolicyFile.load()
    odd = file.manifest.model_copy(update={"sights": (*file.manifest.sights[:-1], "something.else")})
    PolicyFile(odd, file.network).save(tmp_path / "p.zip")
    with pytest.raises(BadData, match=r"sights: differ from this version's in .*something\.else"):
        PolicyFile.load(tmp_path / "p.zip")
    PolicyFile(file.manifest, file.network[:-1] + b"x").save(tmp_path / "q.zip")
    with pytest.raises(BadData, match="not the one that the manifest names"):
        PolicyFile.load(tmp_path / "q.zip")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policies")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "planaria_cli",
            "policy",
            "serve",
            "--policies",
            str(folder),
            "--port",
            str(port),
        ]
    )
    base, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{base}/readyz", timeout=1).close()
            break
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    yield base, folder, process
    process.terminate()
    process.wait(10)


def post(base, body):
    request = urllib.request.Request(
        f"{base}/v1/decide", data=body, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


def test_it_answers_over_http_with_model_and_checksum(service, questions):
    status, told = post(
        service[0], ("[" + ",".join(each.to_json() for each in questions[1][:3]) + "]").encode()
    )
    assert status == 200
    assert len([Decision.model_validate(each) for each in told["decisions"]]) == 3
    assert told["checksum"] == PolicyFile.load().manifest.checksum
    assert told["model"]["name"] == "shipped"
    assert get(f"{service[0]}/healthz") == "ok\n"
    assert 'planaria_policy_decisions_total{action="' in get(f"{service[0]}/metrics")


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"{", 400, "NotJson"),
        (b"{}", 400, "NotAConsultation"),
        (b'[{"observation": 1}]', 400, "NotAConsultation"),
        (b"[" + b"1," * 5_000_000 + b"1]", 413, "TooLarge"),
    ],
)
def test_a_wrong_question_is_refused_with_its_field(service, body, status, told):
    code, answer = post(service[0], body)
    assert (code, answer["reason"]) == (status, told)
    if told == "NotAConsultation":
        assert "observation" in answer["message"]


def test_too_many_questions_at_once_are_refused(service, questions):
    body = ("[" + ",".join([questions[1][0].to_json()] * 65) + "]").encode()
    assert post(service[0], body)[1]["reason"] == "TooMany"


def test_a_new_policy_is_picked_up_without_a_restart(service):
    base, folder, process = service
    put(folder, "fresh", 9)
    deadline = time.monotonic() + 20
    while json.loads(get(f"{base}/v1/model"))["model"]["name"] != "fresh" and time.monotonic() < deadline:
        time.sleep(0.2)
    assert json.loads(get(f"{base}/v1/model"))["model"]["name"] == "fresh"
    assert process.poll() is None


def test_the_service_loads_no_torch_and_nothing_that_reports_home():
    code = "import planaria_policy.serving.cli, sys, os; print('torch' in sys.modules, os.environ['ORT_DISABLE_TELEMETRY'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "1"]


def test_ray_does_not_report_home():
    code = (
        "import planaria_policy.training.ray_source, ray._common.usage.usage_lib as u; "
        "print(u.usage_stats_enabled())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split()[-1:] == ["False"], done.stderr[-500:]


def test_help_has_an_example():
    for command in ("serve", "rollback", "train", "watch", "export"):
        done = subprocess.run(
            [sys.executable, "-m", "planaria_cli", "policy", command, "--help"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert re.search(rf"examples?:\n  planaria policy {command}", done.stdout)
