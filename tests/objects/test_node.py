from planaria_operator.objects.cluster import parse_node


def test_only_taints_that_keep_pods_away_count():
    """Autoscalers, people and Planaria mark nodes that are merely not the first choice."""
    taints = [
        {"key": "dedicated", "effect": "NoSchedule"},
        {"key": "old", "effect": "NoExecute"},
        {"key": "DeletionCandidateOfClusterAutoscaler", "effect": "PreferNoSchedule"},
    ]
    found = parse_node({"metadata": {"name": "a"}, "spec": {"taints": taints}, "status": {}})
    assert found.taints == ("dedicated", "old")
