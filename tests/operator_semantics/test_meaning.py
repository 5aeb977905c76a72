"""The extractor that is configured, its metrics and its condition."""

import subprocess
import sys

import pytest

from planaria_contract import Fault, Source
from planaria_operator.api.policy_status import HealingPolicyStatus
from planaria_operator.api.reasons import Reason
from planaria_operator.meaning import Counted, Meaning
from planaria_operator.reconcile.policy_status import SEMANTICS_EMBEDDED, summarised
from planaria_operator.telemetry import metrics
from planaria_semantics import availability, factory
from planaria_semantics.cascade import Cascade
from planaria_semantics.circuit import FAILURES
from planaria_semantics.encoder import EncoderReader
from planaria_semantics.errors import NotReached
from planaria_semantics.settings import SemanticsSettings
from tests.builders import NOW, deployment, observation, policy, store
from tests.window.making import saying

SETTINGS = SemanticsSettings("vllm", "http://127.0.0.1:9", "m", deadline_seconds=0.5)


def value(name, **labels):
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


def condition(known):
    found = summarised(
        store(deployment()), policy(), HealingPolicyStatus(), now=NOW, unhealthy=0, protected=False, overlapping={},
        known={"SemanticsAvailable": known},
    )  # fmt: skip
    (made,) = (each for each in found.conditions if each.type == "SemanticsAvailable")
    return made.status.value, made.reason, made.message


async def test_without_a_usable_model_file_the_rules_read_alone_and_say_so(monkeypatch, tmp_path):
    monkeypatch.setattr(factory, "_encoder", lambda: EncoderReader.load(tmp_path / "encoder.zip"))
    made = await Meaning.assembled(SemanticsSettings())
    status, reason, message = condition(made.known)
    assert (status, reason) == ("False", "RulesAlone")
    assert str(tmp_path) in message
    assert "make semantics" in message
    assert (await made.extractor.extract(observation())).source is Source.RULES
    assert value("planaria_semantics_available") == 0


async def test_a_damaged_model_file_does_not_stop_the_operator(monkeypatch, tmp_path):
    (tmp_path / "encoder.zip").write_bytes(b"PK damaged")
    monkeypatch.setattr(factory, "_encoder", lambda: EncoderReader.load(tmp_path / "encoder.zip"))
    assert (await Meaning.assembled(SemanticsSettings())).known.reason is Reason.RULES_ALONE


async def test_rules_that_are_configured_are_available():
    made = await Meaning.assembled(SemanticsSettings("rules"))
    assert condition(made.known)[:2] == ("True", "RulesAlone")
    assert value("planaria_semantics_available") == 1


async def test_the_encoder_is_embedded_and_reads():
    made = await Meaning.assembled(SemanticsSettings())
    assert condition(made.known)[:2] == ("True", "Embedded")
    before = value("planaria_semantics_asked_total", reader="encoder", outcome="ok")
    state = await made.extractor.extract(saying(["write /data: no space left on device"] * 3))
    assert (state.fault, state.source) == (Fault.STORAGE_FAULT, Source.ENCODER)
    assert value("planaria_semantics_asked_total", reader="encoder", outcome="ok") == before + 1


class Reads:
    async def read(self, window):
        raise NotReached("no encoder in this test")

    async def idle(self):
        pass


async def test_what_is_known_of_vllm_becomes_the_condition(monkeypatch):
    monkeypatch.setattr(factory, "_encoder", Reads)
    made = await Meaning.assembled(SETTINGS)
    try:
        assert condition(made.known)[:2] == ("False", "NotAskedYet")
        made.extractor.availability.failed(NotReached("http://127.0.0.1:9 refuses"))
        assert condition(made.known) == ("False", "NotReached", "http://127.0.0.1:9 refuses")
        assert value("planaria_semantics_available") == 0
        made.extractor.availability.answered()
        assert condition(made.known)[:2] == ("True", "ModelAnswers")
        assert value("planaria_semantics_available") == 1
    finally:
        await made.extractor.aclose()


async def test_an_encoder_that_is_left_alone_does_not_read_and_the_condition_says_so(monkeypatch):
    monkeypatch.setattr(factory, "_encoder", Reads)
    made = await Meaning.assembled(SemanticsSettings())
    for _ in range(FAILURES):
        assert condition(made.known)[:2] == ("True", "Embedded")
        await made.extractor.extract(observation())
    status, reason, message = condition(made.known)
    assert (status, reason) == ("False", "RulesAlone")
    assert message == "encoder is left alone for a while: no encoder in this test"
    assert value("planaria_semantics_available") == 0


async def test_an_encoder_that_is_left_alone_is_told_only_while_vllm_does_not_answer(monkeypatch):
    monkeypatch.setattr(factory, "_encoder", Reads)
    made = await Meaning.assembled(SETTINGS)
    try:
        for _ in range(FAILURES):
            await made.extractor.extract(observation())
        assert condition(made.known)[:2] == ("False", "RulesAlone")
        made.extractor.availability.answered()
        assert condition(made.known)[:2] == ("True", "ModelAnswers")
    finally:
        await made.extractor.aclose()


@pytest.mark.parametrize("reason", availability.Reason)
def test_every_reason_of_availability_becomes_one_of_the_operators(reason):
    cascade = Cascade(availability=availability.Availability())
    if reason is not availability.Reason.NOT_CONFIGURED:
        cascade.availability.status = availability.Status(False, reason, "why")
    expected = "Embedded" if reason is availability.Reason.NOT_CONFIGURED else reason.value
    assert condition(Meaning(SETTINGS, cascade).known)[1] == expected


def test_what_is_counted_moves_the_metrics():
    names = {
        "planaria_semantics_asked_total": {"reader": "t", "outcome": "ok"},
        "planaria_semantics_calls_total": {"reader": "t", "outcome": "TooSlow"},
        "planaria_semantics_cache_total": {"reader": "t", "how": "joined"},
        "planaria_semantics_seconds_count": {"reader": "t"},
        "planaria_semantics_seconds_sum": {"reader": "t"},
    }
    before = {name: value(name, **labels) for name, labels in names.items()}
    counted = Counted()
    counted.asked("t", "ok", 0.5)
    counted.called("t", "TooSlow")
    counted.cached("t", "joined")
    moved = [value(name, **labels) - before[name] for name, labels in names.items()]
    assert moved == pytest.approx([1, 1, 1, 1, 0.5])


def test_the_condition_of_an_embedded_encoder_is_written_once():
    first = summarised(
        store(deployment()), policy(), HealingPolicyStatus(), now=NOW, unhealthy=0, protected=False, overlapping={},
        known={"SemanticsAvailable": SEMANTICS_EMBEDDED},
    )  # fmt: skip
    assert condition(SEMANTICS_EMBEDDED)[0] == "True"
    assert first.conditions[-1].reason == "Embedded"


def test_the_operator_loads_no_torch_and_no_policy():
    code = (
        "import sys, planaria_operator.app, planaria_semantics.encoder, planaria_semantics.vllm\n"
        "print(sorted({'torch', 'transformers', 'sklearn', 'planaria_policy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_not_configured_is_not_loaded():
    """The clients of vLLM and of Prometheus take more memory than five thousand pods do."""
    code = (
        "import sys, planaria_operator.app\nfrom planaria_semantics.factory import assemble\n"
        "from planaria_semantics.settings import SemanticsSettings\n"
        "assemble(SemanticsSettings('encoder'))\n"
        "print(sorted({'openai', 'httpx2', 'prometheus_api_client'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_rules_alone_load_no_network():
    code = (
        "import sys\nfrom planaria_semantics.factory import assemble\n"
        "from planaria_semantics.settings import SemanticsSettings\n"
        "assemble(SemanticsSettings('rules'))\nprint('onnxruntime' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
