"""Equations 5 to 8 by hand, and a training run that goes on after a kill exactly as it would have."""

import errno
import math
import os
import resource
import signal
import subprocess
import sys
import time

import pytest
import torch

from planaria_policy.errors import BadData
from planaria_policy.network.choosing import Judged, choose, judge
from planaria_policy.network.cli import export
from planaria_policy.network.policy import Latent, PolicyNetwork
from planaria_policy.simulator import players
from planaria_policy.simulator.environment import Environment
from planaria_policy.spaces.choices import CATEGORIES, COLUMN, HEADS, USED_BY
from planaria_policy.training.cli import train
from planaria_policy.training.collect import collect
from planaria_policy.training.config import Config
from planaria_policy.training.losses import advantages, ppo
from planaria_policy.training.play import by_network, play
from planaria_policy.training.run import CONFIG, LATEST, NETWORK, Run, load_network, save_network
from planaria_policy.training.trainer import Trainer

SMALL = Config(steps=64 * 8 * 4, incidents=64, horizon=8, batch=256, seed=3)


def judged(log_probability, latent=None):
    size = len(log_probability)
    latent = latent or Latent(torch.zeros(size, 2), torch.zeros(size, 2))
    return Judged(torch.tensor(log_probability), torch.zeros(size), torch.zeros(size), latent)


def test_the_ratio_is_clipped_on_the_side_that_would_gain():
    """ratio 2 and advantage 1: 1.2 counts; ratio 2 and advantage -1: the whole 2 counts (equation 6)."""
    terms = ppo(
        judged([math.log(2.0), math.log(2.0)]),
        torch.zeros(2),
        torch.tensor([1.0, -1.0]),
        torch.zeros(2),
        Config(),
    )
    assert float(terms.policy) == pytest.approx(-(1.2 - 2.0) / 2)
    assert float(terms.clipped) == 1.0


def test_the_bottleneck_is_the_divergence_from_a_standard_normal():
    """KL(N(1, 1) || N(0, 1)) = 1/2 for each dimension (equation 8)."""
    latent = Latent(torch.ones(3, 2), torch.zeros(3, 2))
    terms = ppo(judged([0.0] * 3, latent), torch.zeros(3), torch.zeros(3), torch.zeros(3), Config())
    assert float(terms.bottleneck) == pytest.approx(1.0)
    wide = Latent(torch.zeros(1, 1), torch.full((1, 1), math.log(2.0)))
    assert float(wide.divergence()) == pytest.approx(0.5 * (4 - 1 - 2 * math.log(2)))


def test_an_advantage_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match="outer product"):
        ppo(judged([0.0, 0.0]), torch.zeros(2), torch.zeros(2, 1), torch.zeros(2), Config())


def test_an_end_has_no_future_and_a_cut_has_the_one_that_is_estimated():
    """discount 0.9, trace 0: the advantage is reward + 0.9 * next value - value, without the future of an end."""
    trainer = Trainer(SMALL)
    rollout = trainer.source.collect(trainer.network, trainer.draws)
    config = Config(discount=0.9, trace=0.0)
    advantage, target = advantages(rollout, config)
    future = torch.where(rollout.terminated, 0.0, rollout.next_value)
    assert torch.allclose(advantage, rollout.reward + 0.9 * future - rollout.value, atol=1e-4)
    assert torch.allclose(target, advantage + rollout.value, atol=1e-4)
    assert not rollout.terminated[rollout.done & ~rollout.terminated].any()


def test_what_was_chosen_is_judged_with_the_same_probability(draws):
    environment, network = Environment(500, 2), PolicyNetwork()
    sight = environment.observe()
    noise = torch.randn(500, network.shape.latent, generator=draws)
    rows, then = choose(network, sight.facts, sight.nodes, sight.legal, noise=noise, draws=draws)
    now = judge(network, sight.facts, sight.nodes, sight.legal, rows, noise)
    assert torch.allclose(then.log_probability, now.log_probability, atol=1e-5)
    assert torch.allclose(then.entropy, now.entropy, atol=1e-5)


def test_a_head_that_is_not_used_holds_nothing_and_counts_nothing(draws):
    environment, network = Environment(500, 2), PolicyNetwork()
    sight = environment.observe()
    rows, first = choose(network, sight.facts, sight.nodes, sight.legal, draws=draws)
    for row in rows[:100].tolist():
        for head in set(HEADS) - set(USED_BY[CATEGORIES[row[0]]]):
            assert row[COLUMN[head]] == 0
    closed = {head: torch.zeros_like(mask) if head == "size" else mask for head, mask in sight.legal.items()}
    other = judge(network, sight.facts, sight.nodes, closed, rows)
    unused = rows[:, 0] != CATEGORIES.index("resize")
    assert torch.allclose(first.log_probability[unused], other.log_probability[unused])
    assert torch.isfinite(other.log_probability).all()


def test_a_network_takes_any_number_of_nodes():
    network = PolicyNetwork()
    for nodes in (1, 4, 40):
        category, _, *heads = network(torch.zeros(2, network.shape.facts), torch.zeros(2, nodes, 7))
        assert category.shape == (2, 9)
        assert heads[HEADS.index("place")].shape == (2, 9, nodes + 1)
        assert heads[HEADS.index("node")].shape == (2, 9, nodes)


def test_the_order_of_the_nodes_does_not_matter(draws):
    network = PolicyNetwork()
    facts, nodes = torch.rand(3, network.shape.facts), torch.rand(3, 5, 7)
    order = torch.tensor([3, 1, 4, 0, 2])
    one, other = network(facts, nodes), network(facts, nodes[:, order])
    assert torch.allclose(one[0], other[0], atol=1e-5)
    at = 2 + HEADS.index("node")
    assert torch.allclose(one[at][..., order], other[at], atol=1e-5)


def test_training_gets_better_than_the_rules():
    """A third of a million decisions on written causes; the shipped policy learns from many times as many."""
    trainer = Trainer(Config(steps=400_000, incidents=512, batch=2048, seed=1, invented=0.0))
    rounds = list(trainer.run())
    assert set(rounds[0].figures) >= {
        "loss/policy",
        "loss/value",
        "loss/entropy",
        "loss/bottleneck",
        "play/harmed",
    }

    def mean(player):
        return float(play(Environment(2000, 77, autoreset=False), player).returns.mean())

    assert mean(by_network(trainer.network)) > mean(players.rules) + 0.3


def test_a_run_that_was_ended_goes_on_exactly_as_it_would_have(tmp_path):
    whole = Trainer(SMALL)
    list(whole.run())
    half = Trainer(SMALL)
    steps = half.run()
    next(steps), next(steps)
    run = Run(tmp_path / "run")
    run.begin(SMALL)
    run.save(half)
    rest = Trainer(SMALL.model_copy(update={"seed": 3}))
    run.restore(rest)
    list(rest.run())
    for name, weight in whole.network.state_dict().items():
        assert torch.equal(weight, rest.network.state_dict()[name]), name


def test_a_killed_command_goes_on(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text(f"{{incidents: 64, horizon: 8, batch: 512, steps: {64 * 8 * 12}}}")
    command = [sys.executable, "-m", "planaria_cli", "policy", "train", "--output", str(tmp_path / "run")]
    first = subprocess.Popen([*command, "--config", str(file)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 200
    while not (tmp_path / "run" / LATEST).exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    done = subprocess.run([*command], capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr
    assert "going on after round" in done.stderr
    assert load_network(tmp_path / "run" / "network.safetensors").shape == PolicyNetwork().shape


def test_another_configuration_in_the_same_folder_is_refused(tmp_path):
    run = Run(tmp_path)
    run.begin(SMALL)
    with pytest.raises(BadData, match="holds a run with another configuration"):
        run.begin(Config())


def test_a_damaged_checkpoint_is_told_and_never_unpickled(tmp_path):
    run = Run(tmp_path)
    run.begin(SMALL)
    (tmp_path / LATEST).write_bytes(b"cos\nsystem\n(S'touch hacked'\ntR.")
    with pytest.raises(BadData, match="cannot be read"):
        run.restore(Trainer(SMALL))
    (tmp_path / "network.safetensors").write_bytes(b"nonsense")
    with pytest.raises(BadData, match="not a network of this version"):
        load_network(tmp_path / "network.safetensors")


def test_a_configuration_names_the_field_that_is_wrong(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("clip: 2\n")
    with pytest.raises(BadData, match="clip"):
        Config.read(path)


def test_a_configuration_that_is_no_text_is_told(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes(b"PK\x03\x04\xcc\x00")
    with pytest.raises(BadData, match=r"c\.yaml"):
        Config.read(path)


def test_a_full_disk_leaves_the_configuration_of_a_run_as_it_was(tmp_path, monkeypatch):
    run = Run(tmp_path)
    run.begin(SMALL)

    def no_space(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(BadData, match="No space"):
        run.begin(SMALL)
    assert Config.read(tmp_path / CONFIG) == SMALL
    assert [each.name for each in tmp_path.iterdir()] == [CONFIG]


@pytest.fixture
def small_disk():
    """No file may grow beyond what a configuration needs: the same calls fail as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_at_a_checkpoint_is_one_line_and_leaves_nothing_half_written(
    tmp_path, small_disk, capsys
):
    run = tmp_path / "run"
    (tmp_path / "c.yaml").write_text(SMALL.as_yaml())
    assert train(["--output", str(run), "--config", str(tmp_path / "c.yaml")]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert lines == [
        f"error: {run / LATEST}: cannot be written (File too large); mend that, or name another place with --output"
    ]
    assert {each.name for each in run.iterdir()} == {CONFIG, "logs"}


def test_a_full_disk_at_the_export_leaves_the_policy_that_is_served(tmp_path, capsys, monkeypatch):
    run, served = tmp_path / "run", tmp_path / "served.zip"
    served.write_bytes(b"what is served")
    save_network(PolicyNetwork(), run / NETWORK, {})
    monkeypatch.setattr("planaria_policy.network.cli.check", lambda _: None)  # an untrained one would fail it

    def no_space(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    assert export(["--run", str(run), "--output", str(served)]) == 2
    assert capsys.readouterr().err.startswith(f"error: {served}: cannot be written (No space left on device)")
    assert (served.read_bytes(), [each.name for each in tmp_path.glob(".*")]) == (b"what is served", [])


def test_a_run_whose_folder_cannot_be_made_is_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert train(["--output", str(tmp_path / "file" / "run")]) == 2
    assert "file/run: cannot be written (Not a directory)" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--steps", "0"], ["--steps", "-5"], ["--workers", "0"]])
def test_a_number_that_makes_no_run_is_one_line_and_nothing_is_begun(tmp_path, wrong, capsys):
    with pytest.raises(SystemExit) as ended:
        train(["--output", str(tmp_path / "run"), *wrong])
    assert ended.value.code == 2
    assert "must be at least 1" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_without_masks_what_is_illegal_comes_to_a_short_wait(draws):
    environment, network = Environment(200, 9), PolicyNetwork()
    rollout = collect(environment, network, 3, draws, masked=False)
    assert rollout.legal["category"].all()
    assert torch.isfinite(rollout.reward).all()
