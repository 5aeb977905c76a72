import pytest
import torch

from planaria_contract import Action, Fault
from planaria_policy.errors import BadData
from planaria_policy.network.choosing import choose
from planaria_policy.network.policy import PolicyNetwork
from planaria_policy.simulator import players
from planaria_policy.simulator.causes import read_causes, shipped
from planaria_policy.simulator.environment import Environment
from planaria_policy.simulator.generate import Sizes
from planaria_policy.simulator.masks import AT
from planaria_policy.simulator.noise import Noise, blind, perfect, read_noise
from planaria_policy.simulator.scene import Scene
from planaria_policy.simulator.times import read_times
from planaria_policy.spaces.choices import CATEGORIES, COLUMN, MOST_WAITS, SCOPES, SIZES
from planaria_policy.spaces.prices import ACTION_MINUTES, HARM_MINUTES, PERSON_MINUTES
from planaria_policy.spaces.sights import FAULTS
from planaria_policy.training.play import play


def action(category, **heads):
    row = torch.zeros(1, 9, dtype=torch.long)
    row[0, 0] = AT[category]
    for head, choice in heads.items():
        row[0, COLUMN[head]] = choice
    return row


def scene(cause, pods=3, **world):
    environment = Scene(cause=cause, seed=5, pods=pods, world=world).environment(perfect())
    environment.world.allowed[:] = True
    return environment


def test_every_class_has_a_cause_that_it_is_drawn_for():
    drawn = Environment(6000, seed=1).world.cause[:, 0].bincount(minlength=len(shipped().names))
    assert (drawn > 0).all()
    assert all(shipped().families().values())


def test_the_same_seed_gives_the_same_course_and_another_seed_another():
    def course(seed):
        environment = Environment(64, seed)
        rewards = [
            environment.step(players.rules(environment, environment.observe())).reward for _ in range(8)
        ]
        return torch.stack(rewards)

    assert torch.equal(course(4), course(4))
    assert not torch.equal(course(4), course(5))


def test_a_course_goes_on_after_a_restart_as_it_would_have():
    one = Environment(64, 4)
    for _ in range(3):
        one.step(players.rules(one, one.observe()))
    other = Environment(64, 99)
    kept = {name: value.clone() if hasattr(value, "clone") else value for name, value in one.state().items()}
    kept |= {name: {key: each.clone() for key, each in kept[name].items()} for name in ("world", "pool")}
    rest = [one.step(players.rules(one, one.observe())).reward for _ in range(5)]
    other.restore(kept)
    again = [other.step(players.rules(other, other.observe())).reward for _ in range(5)]
    assert torch.equal(torch.stack(rest), torch.stack(again))


def test_held_out_causes_are_never_drawn():
    table = shipped()
    gone = {table.at("lost-node"), table.at("leak-in-one-replica")}
    environment = Environment(3000, 2, sizes=Sizes(compound=0.5).without(gone, table))
    assert not set(environment.world.cause.flatten().tolist()) & gone


def test_a_leak_in_one_replica_is_cured_by_replacing_it_and_not_by_going_back():
    cured = scene("leak-in-one-replica", previous=True, movable=True)
    step = cured.step(action(Action.RESTART, scope=SCOPES.index("pod")))
    assert step.recovered.all()
    assert step.terminated.all()
    worse = scene("leak-in-one-replica", previous=True)
    step = worse.step(action(Action.ROLLBACK))
    assert not step.recovered.any()
    assert float(step.seconds[0]) >= worse.times.verify


def test_a_limit_is_only_cured_by_raising_it_far_enough():
    enough = scene("memory-limit-too-low")
    enough.world.need[:] = 1.8
    assert enough.step(action(Action.RESIZE, size=SIZES.index(("memory", 2.0)))).recovered.all()
    little = scene("memory-limit-too-low")
    little.world.need[:] = 1.8
    assert not little.step(action(Action.RESIZE, size=SIZES.index(("memory", 1.5)))).recovered.any()
    wrong = scene("memory-limit-too-low")
    wrong.world.need[:] = 1.2
    assert not wrong.step(action(Action.RESIZE, size=SIZES.index(("cpu", 3.0)))).recovered.any()


def test_a_relief_is_no_cure_and_the_fault_comes_back():
    environment = scene("memory-limit-too-low")
    step = environment.step(action(Action.RESTART, scope=SCOPES.index("workload")))
    assert not step.recovered.any()
    assert not step.terminated.any()


def test_a_rollout_where_new_pods_do_not_start_is_harm_and_is_charged():
    environment = scene("registry-away", pods=4)
    environment.world.heals_at[:] = float("inf")
    step = environment.step(action(Action.RESTART, scope=SCOPES.index("workload")))
    assert step.harmed.all()
    assert float(step.reward[0]) < -HARM_MINUTES


def test_escalating_ends_it_and_costs_a_persons_time():
    step = scene("expired-certificate").step(action(Action.ESCALATE))
    assert step.terminated.all()
    assert not step.recovered.any()
    assert float(step.reward[0]) < -PERSON_MINUTES


def test_a_false_alarm_passes_while_nothing_is_done():
    environment = scene("deleted-pod")
    environment.world.heals_at[:] = 20.0
    step = environment.step(action(Action.NONE))
    assert step.recovered.all()
    assert float(step.reward[0]) > -1.0


def test_failure_spreads_to_those_who_depend_on_the_target():
    environment = scene("deadlock-in-all")
    from planaria_policy.simulator.health import loss_now
    from planaria_policy.simulator.world import TARGET

    environment.world.coupling[0, TARGET + 1, TARGET] = 0.8
    environment.world.clock += 300
    loss = loss_now(environment.world, environment.table)[0]
    assert loss[TARGET] > 0.5
    assert loss[TARGET + 1] == pytest.approx(float(loss[TARGET]) * 0.8, rel=0.3)


def test_a_cut_off_incident_is_truncated_and_not_terminated():
    environment = scene("expired-certificate")
    for _ in range(24):
        step = environment.step(action(Action.NONE, wait=2))
        if step.truncated.any():
            break
    assert step.truncated.all()
    assert not step.terminated.any()
    assert step.cut.tolist() == [0]
    assert step.cut_sight.facts.shape[0] == 1


def test_when_attempts_are_used_up_only_a_person_is_left():
    environment = scene("expired-certificate")
    environment.world.attempts_left[:] = 0
    legal = environment.observe().legal["category"][0]
    assert [category for category, may in zip(CATEGORIES, legal.tolist(), strict=True) if may] == [
        Action.ESCALATE
    ]


def test_the_oracle_beats_the_rules_and_the_rules_beat_those_who_do_not_think():
    def mean(player):
        return float(play(Environment(3000, 7, autoreset=False), player).returns.mean())

    assert (
        mean(players.oracle) > mean(players.rules) > mean(players.restart_always) > mean(players.do_nothing)
    )


def test_nothing_an_action_does_beats_the_oracle_by_much_in_any_family():
    """Exhaustive over categories: the oracle's first action is within a minute of the best constant first action."""
    table = shipped()
    for cause in (
        "leak-in-one-replica",
        "load-tripled",
        "dependency-scaled-to-zero",
        "lost-node",
        "slow-start",
    ):
        causes = torch.tensor([[table.at(cause), -1]]).expand(1600, -1).contiguous()

        def after(first, causes=causes):
            environment = Environment(1600, 3, autoreset=False)
            environment.set(environment.generator.draw(1600, causes))
            sight = environment.observe()
            rows = players.oracle(environment, sight)
            if first is not None:
                rows = torch.where(sight.legal["category"][:, AT[first], None], rows.clone(), rows)
                rows[:, 0] = torch.where(sight.legal["category"][:, AT[first]], AT[first], rows[:, 0])
            done = environment.step(rows)
            rest = play(environment, players.oracle)
            ended = done.terminated | done.truncated
            return float((done.reward + torch.where(ended, 0.0, rest.returns)).mean())

        best = after(None)
        for first in (Action.NONE, Action.RESTART, Action.MIGRATE, Action.ROLLBACK, Action.ESCALATE):
            assert after(first) < best + 1.0, (cause, first)


def test_the_extractor_errs_as_often_as_it_was_measured_to():
    noise = read_noise()
    truth = torch.full((40_000,), 2)
    read = noise.draw(truth, torch.Generator().manual_seed(1))
    known = read.fault != len(FAULTS) - 1
    share = float((read.fault[known] == 2).float().mean())
    assert share == pytest.approx(float(noise.reads[2, 2]), abs=0.01)
    assert float((~known).float().mean()) == pytest.approx(noise.unknown, abs=0.005)
    wrong = known & (read.fault != 2)
    assert read.confidence[read.fault == 2].mean() > read.confidence[wrong].mean()


def test_without_semantics_nothing_of_the_truth_is_left():
    one, other = (blind().draw(torch.full((9000,), cls), torch.Generator().manual_seed(2)) for cls in (0, 12))
    assert torch.equal(one.secondary, other.secondary)
    assert FAULTS[int(one.fault.unique())] is Fault.UNKNOWN
    assert isinstance(blind(), Noise)


def test_a_wrong_file_of_causes_is_refused_with_the_field(tmp_path):
    path = tmp_path / "causes.yaml"
    path.write_text(
        "- {name: x, fault: overload, reach: some, impact: [0.9, 0.1], grows: 1, symptoms: {}, cures: {}}"
    )
    with pytest.raises(BadData, match=r"impact: \[0.9, 0.1\] falls"):
        read_causes(path)


def test_a_scene_names_what_cannot_be_set():
    with pytest.raises(BadData, match="'nonsense' is not something that can be set"):
        Scene(cause="slow-start", world={"nonsense": 1}).environment()
    with pytest.raises(BadData, match="'no-such' is unknown; one of"):
        Scene(cause="no-such").environment()


def test_a_decision_is_never_outside_its_mask():
    """100,000 observations, an untrained network that would choose anything."""
    torch.manual_seed(0)
    environment, network = Environment(10_000, seed=6), PolicyNetwork()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=1.0)
    draws = torch.Generator().manual_seed(1)
    from planaria_policy.training.collect import refused

    for number in range(10):
        sight = environment.observe()
        with torch.no_grad():
            rows, judged = choose(
                network, sight.facts, sight.nodes, sight.legal, draws=draws if number % 2 else None
            )
        assert torch.equal(rows, refused(rows, sight.legal))
        assert torch.isfinite(judged.log_probability).all()
        environment.step(rows)


def test_every_action_has_a_price():
    assert set(ACTION_MINUTES) == set(Action)


def test_replacing_a_pod_that_is_starting_makes_it_start_anew():
    def ready_at(category, **heads):
        environment = scene("slow-start", movable=True, clock=30.0)
        world = environment.world
        world.node_open[:] = world.node_exists
        world.onset[0, 0], world.heals_at[0, 0] = -10.0, 50.0
        environment.step(action(category, **heads))
        return float(world.heals_at[0, 0])

    assert ready_at(Action.NONE) == 50
    works = read_times()
    assert ready_at(Action.RESTART) == pytest.approx(30 + works.of(Action.RESTART) + 60)
    assert ready_at(Action.MIGRATE) == pytest.approx(30 + works.of(Action.MIGRATE) + 60)


def test_a_minute_in_which_the_target_is_down_costs_a_minute():
    environment = scene("deadlock-in-all", traffic_phase=6 * 3600.0)
    world = environment.world
    world.impact[0, 0], world.onset[0, 0] = 1.0, -1000.0
    world.weight[:, 3:] = 0
    world.weight[:, :2] = 0
    step = environment.step(action(Action.NONE, wait=1))
    assert step.seconds.item() == pytest.approx(60)
    assert step.reward.item() == pytest.approx(-1 - ACTION_MINUTES[Action.NONE], abs=0.02)


def test_waiting_ends():
    environment = scene("deadlock-in-all")
    environment.world.clock[:] = 0
    for _ in range(MOST_WAITS):
        assert environment.observe().legal["category"][0, AT[Action.NONE]]
        environment.step(action(Action.NONE))
    assert not environment.observe().legal["category"][0, AT[Action.NONE]]
