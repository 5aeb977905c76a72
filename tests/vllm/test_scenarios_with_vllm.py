"""The faults of the catalogue, on the real cluster, read by a real vLLM in place of the encoder."""

import asyncio

import pytest

from planaria_cluster import open_cluster
from planaria_cluster.progress import Progress
from planaria_scenarios import show
from planaria_scenarios.catalogue import load_all
from planaria_scenarios.environment import prepare
from planaria_scenarios.session import Session, play
from tests.vllm.real_server import KEY, MODEL

pytestmark = [pytest.mark.vllm, pytest.mark.vllm_scenarios, pytest.mark.cluster]

ENTRIES = [entry for entry in load_all() if not entry.scenario.is_control and not entry.scenario.exclusive]


@pytest.fixture(scope="module")
def results(kubeconfig, server, tmp_path_factory):
    prepare(open_cluster(), Progress())
    folder = tmp_path_factory.mktemp("with-vllm")
    (folder / "key").write_text(KEY)
    progress = Progress()
    session = Session(
        kubeconfig=kubeconfig,
        cluster=open_cluster(progress=progress),
        options=(
            *("--extractor", "vllm", "--vllm-url", server.url, "--vllm-model", MODEL),
            *("--vllm-api-key-file", str(folder / "key"), "--vllm-deadline", "10", "--vllm-examples", "0"),
        ),
        log=folder / "operator.log",
        at_once=4,
        listener=lambda event: progress.say(show.line(event)),
    )
    return {result.name: result for result in asyncio.run(play(ENTRIES, session))}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_fault_is_healed_with_what_the_model_says(entry, results):
    result = results[entry.name]
    assert entry.scenario.expected is not None
    assert result.complaints == [], result.deeds
    assert result.recovered
    assert set(result.faults) <= {fault.value for fault in entry.scenario.expected.faults}


def test_the_model_itself_was_asked(results):
    """A model on two busy cores may miss its deadline now and then; the encoder reads then, which is its purpose."""
    readers = [reader for result in results.values() for reader in result.read_by]
    assert readers.count("vllm") > len(readers) / 2, readers
