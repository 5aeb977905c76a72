"""The model file: what is damaged, of another version or too large is refused with the remedy."""

import dataclasses
import io
import resource
import zipfile

import numpy as np
import pytest

from planaria_contract import CLASSES
from planaria_semantics.encoder import EncoderReader
from planaria_semantics.encoder import bundle as module
from planaria_semantics.encoder.bundle import Blend, Bundle, BundleError, Manifest
from planaria_semantics.encoder.ngrams import BUCKETS, NgramModel


@pytest.fixture(scope="module")
def small():
    """A bundle whose network nobody runs."""
    manifest = Manifest(
        id="test", version="1", classes=tuple(fault.value for fault in CLASSES), novelty=(0.0, 1.0),
        blend=Blend(encoder=0.5, ngrams=0.5, joint=0.5, temperature=1.5),
        unknown_novelty=0.98, unknown_probability=0.4, longest=64,
    )  # fmt: skip
    draw = np.random.default_rng(1)
    weights = np.zeros((BUCKETS, 16), np.int8)
    weights[:64] = draw.integers(-127, 128, (64, 16))
    ngrams = NgramModel(weights, draw.random(16, np.float32), draw.random(16, np.float32))
    prototypes = draw.random((4, 384), np.float32).astype(np.float16).astype(np.float32)
    return Bundle(manifest, draw.bytes(4000), '{"words": "é"}', ngrams, prototypes)


@pytest.fixture
def saved(small, tmp_path):
    small.save(tmp_path / "folder" / "encoder.zip")
    return tmp_path / "folder" / "encoder.zip"


def refused(path):
    with pytest.raises(BundleError) as caught:
        Bundle.load(path)
    assert str(path) in str(caught.value)
    assert "make semantics" in str(caught.value)
    return str(caught.value)


def changed(path, name, content):
    """Replaces one member, or leaves it out."""
    with zipfile.ZipFile(path) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    members[name] = content
    with zipfile.ZipFile(path, "w") as archive:
        for each, data in members.items():
            if data is not None:
                archive.writestr(each, data)


def test_what_is_saved_is_loaded_again(small, saved):
    found = Bundle.load(saved)
    assert (found.manifest, found.network, found.tokenizer) == (
        small.manifest,
        small.network,
        small.tokenizer,
    )
    for name in ("weights", "scale", "bias"):
        np.testing.assert_array_equal(getattr(found.ngrams, name), getattr(small.ngrams, name))
    np.testing.assert_array_equal(found.prototypes, small.prototypes)


def test_the_same_bundle_gives_the_same_bytes(small, saved, tmp_path):
    Bundle.load(saved).save(tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == saved.read_bytes()
    assert [path.name for path in saved.parent.iterdir()] == ["encoder.zip"]


def test_a_missing_file_is_named(tmp_path):
    assert "FileNotFoundError" in refused(tmp_path / "encoder.zip")


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x05\x06"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "encoder.zip").write_bytes(content)
    refused(tmp_path / "encoder.zip")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(saved, share):
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(len(whole) * share)])
    refused(saved)


def test_no_damage_raises_anything_else(small, saved):
    whole = saved.read_bytes()
    draw = np.random.default_rng(2)
    refusals = 0
    for _ in range(150):
        damaged = bytearray(whole)
        for at in draw.integers(0, len(whole), 8):
            damaged[at] ^= int(draw.integers(1, 256))
        saved.write_bytes(bytes(damaged))
        try:
            assert Bundle.load(saved).network == small.network
        except BundleError:
            refusals += 1
    assert refusals > 100


@pytest.mark.parametrize("name", ["manifest.json", "arrays.npz", "network.onnx", "tokenizer.json"])
def test_a_lacking_part_is_named(saved, name):
    changed(saved, name, None)
    assert name in refused(saved)


def test_a_manifest_of_another_version_is_refused(saved):
    changed(saved, "manifest.json", b'{"id": "x"}')
    assert "classes" in refused(saved)


def test_a_model_of_other_classes_is_refused(small, tmp_path):
    manifest = small.manifest.model_copy(update={"classes": (*small.manifest.classes[:-1], "gremlins")})
    dataclasses.replace(small, manifest=manifest).save(tmp_path / "other.zip")
    assert "other classes" in refused(tmp_path / "other.zip")


def test_a_leaning_for_another_number_of_classes_is_refused(small, tmp_path):
    blend = small.manifest.blend.model_copy(update={"leaning": (0.5, -0.5)})
    manifest = small.manifest.model_copy(update={"blend": blend})
    dataclasses.replace(small, manifest=manifest).save(tmp_path / "other.zip")
    assert "2 numbers for 16 classes" in refused(tmp_path / "other.zip")


def test_an_ngram_model_of_another_size_is_refused(small, tmp_path):
    ngrams = dataclasses.replace(small.ngrams, weights=small.ngrams.weights[:100])
    dataclasses.replace(small, ngrams=ngrams).save(tmp_path / "other.zip")
    assert "another size" in refused(tmp_path / "other.zip")


def test_no_object_is_unpickled(saved):
    arrays = io.BytesIO()
    np.savez(arrays, weights=np.asarray([{"a": 1}], dtype=object))
    changed(saved, "arrays.npz", arrays.getvalue())
    refused(saved)


def test_what_is_too_large_is_not_written_and_leaves_the_old_file(small, saved, monkeypatch):
    before = saved.read_bytes()
    monkeypatch.setattr(module, "LARGEST", 1000)
    with pytest.raises(BundleError, match=r"more than the 1000 .* keep fewer words"):
        small.save(saved)
    assert saved.read_bytes() == before


@pytest.fixture
def small_disk():
    """No file may grow beyond a few hundred bytes: the same calls fail as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_a_full_disk_cuts_short_leaves_the_old_file_and_nothing_beside_it(small, saved, small_disk):
    before = saved.read_bytes()
    with pytest.raises(BundleError, match=r"cannot be written \(File too large\); .* make room there"):
        small.save(saved)
    assert (saved.read_bytes(), list(saved.parent.iterdir())) == (before, [saved])


def test_a_network_that_cannot_be_run_is_refused(saved):
    with pytest.raises(BundleError, match="reinstall planaria"):
        EncoderReader.load(saved)


def test_the_shipped_file_is_within_the_bound():
    assert module.SHIPPED.stat().st_size <= module.LARGEST
