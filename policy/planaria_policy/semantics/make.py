"""Corpus -> shipped file: train, export, calibrate on the exported model, save."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.progress import Progress

from planaria_contract import CLASSES
from planaria_policy.semantics.calibrate import (
    EVERYDAY,
    fit_blend,
    fit_leaning,
    fit_novelty,
    fit_prototypes,
    fit_unsure,
)
from planaria_policy.semantics.corpus import Template, load
from planaria_policy.semantics.export import exported, weights
from planaria_policy.semantics.kept import Kept
from planaria_policy.semantics.recipe import Recipe
from planaria_policy.semantics.split import FILE as SPLITS
from planaria_policy.semantics.split import split
from planaria_policy.semantics.train import Trained, train
from planaria_policy.semantics.windows import Case, cases
from planaria_semantics.encoder import EncoderReader
from planaria_semantics.encoder.bundle import Blend, Bundle, Manifest
from planaria_semantics.encoder.ngrams import Floats
from planaria_semantics.encoder.pool import softmax, window_logits
from planaria_semantics.encoder.session import Session
from planaria_semantics.encoder.text import normalise

ID = "planaria-encoder-minilm-l6"
UNFITTED = Blend(encoder=0.5, ngrams=0.5, joint=0.7, temperature=1.0)


def make(path: Path, recipe: Recipe, progress: Progress, runs: Path, begun: Bundle | None = None) -> Bundle:
    """The same corpus, recipe and model that was `begun` give the same model, to the last bits that threads leave open.

    Finished networks are kept under `runs` until the model is written, and a later call goes on after them.
    """
    templates = load()
    parts = split(templates)
    digest = version(templates, recipe, begun)
    kept = Kept(runs / digest, progress)
    trained = train(parts.train, recipe, progress, kept, weights(begun.network) if begun else None)
    raw = _raw(trained, parts.train, recipe, digest)
    bundle = calibrated(raw, cases(parts.calibration, recipe.seed, progress))
    bundle.save(path)
    kept.forget()
    return bundle


def version(templates: Sequence[Template], recipe: Recipe, begun: Bundle | None = None) -> str:
    """Of corpus, splits, recipe and the version begun from, not of bits."""
    lines, choices = sorted(map(repr, templates)), sorted(asdict(recipe).items())
    told = repr((lines, choices, SPLITS.read_text(encoding="utf-8"), begun and begun.manifest.version))
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _raw(trained: Trained, templates: Sequence[Template], recipe: Recipe, digest: str) -> Bundle:
    network, tokenizer = exported(trained.network), trained.tokenizer.to_str()
    session = Session(network, tokenizer, recipe.longest)
    vectors = session.read([normalise(template.text) for template in templates]).vectors
    manifest = Manifest(
        id=ID,
        version=digest,
        classes=tuple(fault.value for fault in CLASSES),
        blend=UNFITTED,
        novelty=(0.0, 2.0),
        unknown_novelty=EVERYDAY,
        unknown_probability=0.0,
        longest=recipe.longest,
    )
    return Bundle(manifest, network, tokenizer, trained.ngrams, fit_prototypes(vectors, recipe.seed))


def calibrated(bundle: Bundle, held: Sequence[Case]) -> Bundle:
    """With blend, temperature and novelty fitted to windows of systems that training did not see."""
    reader = EncoderReader(bundle)
    read = [reader.perceive(case.window.entries) for case in held]
    blend = fit_leaning(read, held, fit_blend(read, held))
    probabilities: Floats = np.stack([softmax(window_logits(blend, each)) for each in read])
    manifest = bundle.manifest.model_copy(
        update={
            "blend": blend,
            "novelty": fit_novelty(read),
            "unknown_probability": fit_unsure(probabilities),
        }
    )
    return Bundle(manifest, bundle.network, bundle.tokenizer, bundle.ngrams, bundle.prototypes)
