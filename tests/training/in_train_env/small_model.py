"""One epoch on few templates, exported, calibrated and saved: usage: small_model.py FILE TEMPLATES"""

import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress

from planaria_contract import CLASSES, Fault
from planaria_policy.semantics import baselines
from planaria_policy.semantics.corpus import load
from planaria_policy.semantics.export import weights
from planaria_policy.semantics.kept import Kept
from planaria_policy.semantics.make import _raw, calibrated, version
from planaria_policy.semantics.recipe import Recipe
from planaria_policy.semantics.tokens import SPECIAL, vocabulary
from planaria_policy.semantics.train import train
from planaria_policy.semantics.windows import cases
from planaria_semantics.encoder.session import Session


def even(templates, count):
    """The shortest of each class."""
    seen: Counter[Fault] = Counter()
    for template in sorted(templates, key=lambda each: len(each.text)):
        if template.kind == "mixed":
            continue
        seen[template.fault] += 1
        if seen[template.fault] <= count // len(CLASSES):
            yield template


def agreement(trained, bundle):
    """How far the exported 8-bit network is from the one that was trained."""
    texts = ["no space left on device", "connection refused", "out of memory"]
    with torch.no_grad():
        rows = [trained.tokenizer.encode(text).ids for text in texts]
        exact = [trained.network(torch.tensor([row]), torch.ones(1, len(row)))[2][0].numpy() for row in rows]
    found = Session(bundle.network, bundle.tokenizer, 32)
    return [float(a @ found.read([text]).vectors[0]) for a, text in zip(exact, texts, strict=True)]


def gone_on(templates, recipe, bundle, runs):
    """How far each matrix moves when training goes on from a file: nowhere where it learns at no rate."""
    was = weights(bundle.network)

    def moved(rate):
        quiet = Progress(disable=True)
        trained = train(
            templates, replace(recipe, further_rate=rate), quiet, Kept(runs / f"{rate}", quiet), was
        )
        now = trained.network.state_dict()
        return max(float((now[name] - was[name]).abs().max()) for name in was)

    return {"kept": moved(0.0), "learned": moved(1e-3)}


def main():
    path, count = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)
    quiet = Progress(disable=True)
    recipe = Recipe(
        members=1, later=(), epochs=1, further_epochs=1, ngram_epochs=3, longest=32, batch_tokens=512
    )
    templates = list(even(load(), count))
    runs = path.with_name("runs")
    trained = train(templates, recipe, quiet, Kept(runs / "first", quiet))
    raw = _raw(trained, templates, recipe, version(templates, recipe))
    held = cases(templates, 1, quiet, each=1)
    bundle = calibrated(raw, held)
    bundle.save(path)
    guessed = baselines.rules(held)
    kept, rows = vocabulary()
    print(json.dumps({
        "templates": len(templates), "version": bundle.manifest.version, "blend": bundle.manifest.blend.model_dump(),
        "agreement": agreement(trained, bundle), "rules": [float(guessed.sum(axis=1).min()), guessed.shape[1]],
        "same": version(templates[::-1], recipe) == bundle.manifest.version,
        "other": version(templates[1:], recipe) == bundle.manifest.version,
        "begun": version(templates, recipe, bundle) == bundle.manifest.version,
        "moved": gone_on(templates, recipe, bundle, runs),
        "special": kept[:4] == list(SPECIAL), "words": len(set(kept)) == len(rows), "finite": bool(
            np.isfinite(bundle.ngrams.scale).all()),
    }))  # fmt: skip


main()
