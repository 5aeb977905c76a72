"""Lines of real programs and the fault they speak of; and lines that speak of none."""

import pytest

from planaria_contract import Fault
from planaria_semantics.signs.signatures import recognise, recognise_event
from tests.semantics.samples import SPEAKING

SILENT = [
    "GET /work status=200 duration=5ms",
    "stats requests=401 done=403 shed=0 waiting=0",
    "listening on :8080 workers=4 queue=64",
    '2026-11-23T18:00:00Z INFO  [shop] feedback received text="FATAL OOMKilled CrashLoopBackOff: out of memory"',
    '{"level":"info","msg":"retrying after connection refused"}',
    'level=debug msg="panic: recovered"',
    "I1123 18:00:00 controller.go:1] disk full check passed",
    "slow upstream response, served from cache age=3s",
    "",
]


@pytest.mark.parametrize(("line", "fault"), SPEAKING)
def test_a_line_speaks_of_its_fault(line, fault):
    assert recognise(line) is fault


@pytest.mark.parametrize("line", SILENT)
def test_ordinary_lines_and_what_a_program_calls_information_speak_of_none(line):
    assert recognise(line) is None


@pytest.mark.parametrize(
    ("reason", "message", "fault"),
    [
        ("Unhealthy", "Readiness probe failed: context deadline exceeded", Fault.HANG_OR_PROBE_FAILURE),
        ("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500", Fault.HANG_OR_PROBE_FAILURE),
        ("FailedMount", 'MountVolume.SetUp failed for volume "c" : configmap "shop" not found', Fault.BAD_CONFIGURATION),
        ("FailedMount", "Unable to attach or mount volumes: timed out", Fault.STORAGE_FAULT),
        ("FailedAttachVolume", "Multi-Attach error", Fault.STORAGE_FAULT),
        ("Evicted", "The node was low on resource: ephemeral-storage.", Fault.STORAGE_FAULT),
        ("Evicted", "The node was low on resource: memory.", Fault.MEMORY_EXHAUSTION),
        ("FailedCreatePodSandBox", "failed to setup network for sandbox", Fault.NETWORK_FAULT),
        ("FailedScheduling", "0/2 nodes are available: 2 Insufficient memory.", Fault.SCHEDULING_BLOCKED),
        ("FailedCreate", 'pods "x" is forbidden: exceeded quota: small', Fault.SCHEDULING_BLOCKED),
        ("Failed", "Failed to pull image: not found", Fault.IMAGE_PULL),
        ("UnexpectedAdmissionError", "Allocate failed due to no healthy devices for nvidia.com/gpu", Fault.ACCELERATOR_FAULT),
    ],
)  # fmt: skip
def test_an_event_names_its_fault(reason, message, fault):
    entry = recognise_event(reason, message)
    assert entry is not None
    assert entry.fault is fault


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
        ("BackOff", "Back-off restarting"),
    ],
)
def test_an_event_that_only_repeats_the_symptom_names_none(reason, message):
    assert recognise_event(reason, message) is None
