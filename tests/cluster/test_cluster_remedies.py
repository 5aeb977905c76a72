"""What a part of the cluster said last is told with what to do about it, where that is known."""

from planaria_cluster.bare.bring_up import with_remedy

USED_UP = '"Failed to start cAdvisor" err="inotify_init: too many open files"'


def test_a_machine_without_inotify_instances_is_told_how_to_get_more():
    assert with_remedy(USED_UP).startswith(USED_UP)
    assert "sysctl fs.inotify.max_user_instances=" in with_remedy(USED_UP)


def test_what_is_not_known_stays_as_it_was_said():
    assert with_remedy("it wrote nothing") == "it wrote nothing"
