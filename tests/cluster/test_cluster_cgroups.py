"""Both versions of the cgroup tree, on folders that look like them."""

from planaria_cluster.bare import cgroups


def version_1(root):
    for name in ("cpuset", "memory", "unified"):
        (root / name).mkdir()
    (root / "cpu").symlink_to("cpuset")
    (root / "cpuset" / "cpuset.cpus").write_text("0-1\n")
    (root / "cpuset" / "cpuset.mems").write_text("0\n")
    return root


def version_2(root):
    (root / "cgroup.controllers").write_text("cpuset cpu memory pids misc\n")
    (root / "cgroup.subtree_control").touch()
    return root


def test_version_1_makes_the_folder_in_every_tree_once(tmp_path):
    root = version_1(tmp_path)
    cgroups.create("planaria-x/node-1", root)
    assert all((root / tree / "planaria-x/node-1").is_dir() for tree in ("cpuset", "memory", "unified"))
    assert len(cgroups.procs_files("planaria-x/node-1", root)) == 3
    cgroups.create("planaria-x/node-1", root)


def test_version_1_hands_the_cpuset_down(tmp_path):
    root = version_1(tmp_path)
    at = root / "cpuset" / "planaria-x"
    at.mkdir()
    for name in ("cpuset.cpus", "cpuset.mems"):
        (at / name).write_text("\n")  # as the kernel makes them: empty, and so unusable
    cgroups.create("planaria-x", root)
    assert (at / "cpuset.cpus").read_text() == "0-1"
    assert (at / "cpuset.mems").read_text() == "0"


def test_version_2_hands_down_what_the_kernel_has_and_no_more(tmp_path, monkeypatch):
    root = version_2(tmp_path)
    (root / "planaria-x").mkdir()
    (root / "planaria-x" / "cgroup.controllers").write_text("cpu memory\n")
    written = []
    monkeypatch.setattr(type(root), "write_text", lambda path, text: written.append((path.parent.name, text)))
    cgroups.create("planaria-x/node-1", root)
    top = [text for folder, text in written if folder == root.name]
    assert top == ["+cpuset", "+cpu", "+memory", "+pids"]
    assert [text for folder, text in written if folder == "planaria-x"] == ["+cpu", "+memory"]
    assert cgroups.procs_files("planaria-x/node-1", root) == [root / "planaria-x/node-1/cgroup.procs"]


def test_a_cluster_comes_before_what_else_runs_on_a_busy_machine(tmp_path):
    for make, at, usual, wanted in (
        (version_1, "1/cpuset/planaria-x/cpu.shares", "1024", "4096"),
        (version_2, "2/planaria-x/cpu.weight", "100", "400"),
    ):
        (tmp_path / at[0]).mkdir()
        root = make(tmp_path / at[0])
        (tmp_path / at).parent.mkdir(parents=True)
        (tmp_path / at).write_text(usual)  # as the kernel makes it, in the tree of the processor's time only
        cgroups.favour("planaria-x", root)
        assert (tmp_path / at).read_text() == wanted
        assert [each for each in root.rglob("cpu.*") if each.is_file()] == [tmp_path / at]


def test_removing_goes_through_all_levels_and_trees(tmp_path):
    root = version_1(tmp_path)
    cgroups.create("planaria-x/node-1/kubepods/pod1", root)
    assert cgroups.remove("planaria-x", root) == []
    assert not list(root.rglob("planaria-x"))
    assert cgroups.remove("planaria-x", root) == []


def test_what_cannot_be_removed_is_named(tmp_path):
    root = version_1(tmp_path)
    cgroups.create("planaria-x/node-1", root)
    (root / "memory/planaria-x/node-1/busy").touch()
    assert cgroups.remove("planaria-x", root, patience=0) == [root / "memory/planaria-x"]
