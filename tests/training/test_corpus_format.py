"""A source file that cannot be read is refused with file, line, value and fix."""

import pytest

from planaria_contract import CLASSES, Fault
from planaria_policy.semantics.corpus import CorpusError, load, read

HEAD = "# source: s\n# family: f\n# kind: container_log\n# provenance: p\n# licence: Apache-2.0\n# prefix: <ts>\n"


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "s.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def refused(path):
    with pytest.raises(CorpusError) as caught:
        list(read(path))
    return str(caught.value)


def test_a_template_has_what_head_and_header_say(file):
    (found,) = read(file(f"{HEAD}\n[storage_fault+node_fault 3 kernel]\nEXT4 <dev>:\\n\\terror\n"))
    assert (found.source, found.family, found.kind, found.prefixes) == ("s", "f", "kernel", ("<ts>",))
    assert (found.fault, found.second, found.severity) == (Fault.STORAGE_FAULT, Fault.NODE_FAULT, 3)
    assert found.text == "EXT4 <dev>:\n\terror"


def test_what_a_header_leaves_out_is_usual(file):
    bad, calm = read(file(f"{HEAD}[overload]\nqueue full\n[healthy]\n# of workers: 4\n"))
    assert (bad.severity, bad.kind, bad.second) == (2, "container_log", None)
    assert (calm.severity, calm.text) == (0, "# of workers: 4")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{HEAD}queue full\n", ["s.txt:7", "'queue full'", "[class severity]"]),
        (f"{HEAD}[gremlins 2]\nx\n", ["s.txt:7", "'gremlins'", *(fault.value for fault in CLASSES)]),
        (f"{HEAD}[overload+gremlins 2]\nx\n", ["s.txt:7", "'gremlins'", "overload"]),
        (f"{HEAD}[overload 2 poem]\nx\n", ["s.txt:7", "'poem'", "k8s_event"]),
        (f"{HEAD}[overload 2]\nx\n[overload 7]\ny\n", ["s.txt:9", "'7'", "0 to 3"]),
        (f"{HEAD}[overload 2]\nx\n[Overload 2]\ny\n", ["s.txt:9", "'[Overload 2]'", "[class 0-3]"]),
        (f"{HEAD}[overload 2]\nx\n[overload, 2]\ny\n", ["s.txt:9", "'[overload, 2]'"]),
        (HEAD.replace("# licence: Apache-2.0\n", "") + "[overload]\nx\n", ["s.txt:7", "# licence:"]),
        (HEAD.replace("container_log", "poem") + "[overload]\nx\n", ["s.txt:8", "'poem'", "container_log"]),
        (HEAD.encode() + b"[overload]\nna\xefve\n", ["s.txt", "UTF-8"]),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_the_fix(file, text, told):
    message = refused(file(text))
    assert all(part in message for part in told), message


def test_a_line_in_brackets_that_names_no_class_is_a_template(file):
    texts = ["[cuda(id=0), cuda(id=1)]", "[ERROR] x", "[17] killed"]
    found = list(read(file(f"{HEAD}[overload]\n" + "\n".join(texts))))
    assert [template.text for template in found] == texts


def test_a_folder_without_sources_is_named(tmp_path):
    with pytest.raises(CorpusError, match="no source files"):
        load(tmp_path)
