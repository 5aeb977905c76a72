from planaria_operator.objects.cluster import AVOID_TAINT, Taint, parse_node


def test_only_taints_that_keep_pods_away_count():
    """Autoscalers, people and Planaria mark nodes that are merely not the first choice."""
    taints = [
        {"key": "dedicated", "value": "gpu", "effect": "NoSchedule"},
        {"key": "old", "effect": "NoExecute"},
        {"key": "DeletionCandidateOfClusterAutoscaler", "effect": "PreferNoSchedule"},
    ]
    found = parse_node({"metadata": {"name": "a"}, "spec": {"taints": taints}, "status": {}})
    assert found.taints == (Taint("dedicated", "gpu", "NoSchedule"), Taint("old", "", "NoExecute"))


def test_thousands_of_nodes_keep_the_same_taint_once():
    body = {"spec": {"taints": [{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]}, "status": {}}
    one, other = (parse_node({"metadata": {"name": name}, **body}) for name in "ab")
    assert one.taints[0] is other.taints[0]


def test_only_the_soft_taint_of_a_migration_says_which_attempt_avoids_the_node():
    """A person's of the same key is nobody's to take off; it was asked for in every pass, and hid Planaria's own."""
    theirs = {"key": AVOID_TAINT, "value": "team-a", "effect": "NoSchedule"}
    ours = {"key": AVOID_TAINT, "value": "1.0badcafe", "effect": "PreferNoSchedule"}
    older = {"key": AVOID_TAINT, "effect": "PreferNoSchedule"}
    for taints, attempt in (([theirs], None), ([theirs, ours], "1.0badcafe"), ([older], "")):
        found = parse_node({"metadata": {"name": "a"}, "spec": {"taints": taints}, "status": {}})
        assert found.avoided_by == attempt
