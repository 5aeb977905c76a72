"""A training that is stopped before its third network and begun again, then with a damaged file: usage: stopped.py FOLDER"""

import json
import sys
from pathlib import Path

import torch
from rich.progress import Progress

from planaria_policy.semantics import train as training
from planaria_policy.semantics.corpus import load
from planaria_policy.semantics.kept import Kept
from planaria_policy.semantics.recipe import Recipe

RECIPE = Recipe(later=(), ngram_epochs=1, longest=32)


def main():
    folder, quiet = Path(sys.argv[1]), Progress(disable=True)
    templates = load()[:32]
    tuned: list[str] = []

    def fine_tune(network, words, templates, recipe, progress, name):
        if name == stop_at:
            raise KeyboardInterrupt
        tuned.append(name)
        weights = network.state_dict()
        return {
            key: value + len(name) * recipe.seed if key == "fault.bias" else value
            for key, value in weights.items()
        }

    vars(training)["fine_tune"] = fine_tune

    def train(kept):
        tuned.clear()
        trained = training.train(templates, RECIPE, quiet, Kept(kept, quiet))
        return list(tuned), trained.network.state_dict()["fault.bias"]

    stop_at = None
    whole, wanted = train(folder / "other")
    stop_at = "network 3 of 4"
    try:
        train(folder / "here")
    except KeyboardInterrupt:
        stop_at = None
    left = sorted(path.name for path in (folder / "here").iterdir())
    rest, found = train(folder / "here")
    again, _ = train(folder / "here")
    (folder / "here" / "network-2-of-4.safetensors").write_bytes(b"half of i")
    mended, _ = train(folder / "here")
    Kept(folder / "here", quiet).forget()
    (folder / "file").write_text("no folder")
    unkept, alike = train(folder / "file")
    print(json.dumps({
        "whole": whole, "left": left, "rest": rest, "again": again, "mended": mended, "unkept": unkept,
        "same": torch.equal(wanted, found) and torch.equal(wanted, alike), "forgotten": not (folder / "here").exists(),
    }))  # fmt: skip


main()
