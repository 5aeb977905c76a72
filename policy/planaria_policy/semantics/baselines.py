"""What the encoder has to beat: TF-IDF with a linear model, the untouched sentence encoder with one linear layer, the rules."""

import random
from collections.abc import Sequence

import numpy as np
from rich.progress import Progress
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from planaria_contract import CLASSES, Fault
from planaria_policy.semantics.corpus import Template
from planaria_policy.semantics.export import exported
from planaria_policy.semantics.network import Network
from planaria_policy.semantics.quiet import bounded_fits
from planaria_policy.semantics.samples import Mixer
from planaria_policy.semantics.scores import Floats
from planaria_policy.semantics.tokens import tokenizer, vocabulary
from planaria_policy.semantics.windows import Case
from planaria_semantics.encoder.session import Session
from planaria_semantics.encoder.text import normalise
from planaria_semantics.rules import understand

SEED = 11


def tfidf(templates: Sequence[Template], cases: Sequence[Case], progress: Progress) -> Floats:
    """Character n-grams of the whole window."""
    texts, labels = _samples(templates)
    task = progress.add_task("TF-IDF + linear", total=1)
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, max_features=120_000)
    rows = vectors.fit_transform(texts)
    with bounded_fits():
        model = LogisticRegression(C=20, solver="saga", max_iter=25, tol=1e-3).fit(rows, labels)
    progress.update(task, advance=1)
    return _aligned(
        model, model.predict_proba(vectors.transform([normalise(case.sample.text) for case in cases]))
    )


def frozen_encoder(templates: Sequence[Template], cases: Sequence[Case], progress: Progress) -> Floats:
    """all-MiniLM-L6-v2 as it comes, and one linear layer on its vectors."""
    texts, labels = _samples(templates)
    kept, rows = vocabulary()
    session = Session(exported(Network(rows)), tokenizer(kept).to_str(), longest=144)
    task = progress.add_task("MiniLM + linear", total=1)
    vectors = session.read(texts).vectors
    with bounded_fits():
        model = LogisticRegression(C=30, max_iter=200).fit(vectors, labels)
    progress.update(task, advance=1)
    return _aligned(
        model, model.predict_proba(session.read([normalise(case.sample.text) for case in cases]).vectors)
    )


def rules(cases: Sequence[Case]) -> Floats:
    """Where the rules find nothing, text without a cluster is taken to be healthy: their best guess."""
    rows = np.full((len(cases), len(CLASSES)), 1e-3)
    for at, case in enumerate(cases):
        state = understand(case.observation)
        said = Fault.HEALTHY if state.fault is Fault.UNKNOWN else state.fault
        rows[at, CLASSES.index(said)] += state.confidence
        if state.secondary in CLASSES:
            rows[at, CLASSES.index(state.secondary)] += (1 - state.confidence) / 2
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


def _samples(templates: Sequence[Template]) -> tuple[list[str], list[int]]:
    samples = list(Mixer(templates, random.Random(SEED)).epoch(1))
    return [normalise(sample.text) for sample in samples], [CLASSES.index(sample.fault) for sample in samples]


def _aligned(model: LogisticRegression, found: Floats) -> Floats:
    """In the order of `CLASSES`, also where training lacked one."""
    full = np.full((len(found), len(CLASSES)), 1e-9)
    full[:, model.classes_] = found
    return full
