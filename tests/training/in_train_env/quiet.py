"""Loads the sentence encoder, exports it, and fits too short: prints what other warnings still come through."""

import json
import logging
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression

from planaria_policy.semantics.export import exported
from planaria_policy.semantics.network import Network
from planaria_policy.semantics.quiet import bounded_fits, plain_graph

draw = np.random.default_rng(1)
rows, labels = draw.random((60, 8)), draw.integers(0, 3, 60)
size = len(exported(Network(list(range(1000)))))
with bounded_fits():
    LogisticRegression(C=1e6, max_iter=1).fit(rows, labels)
with warnings.catch_warnings(record=True) as heard, bounded_fits():
    warnings.simplefilter("always", UserWarning)
    warnings.warn("something else", UserWarning, stacklevel=1)
with plain_graph():
    logging.warning("something of another kind")  # noqa: LOG015  as onnxruntime does it
print(json.dumps({"size": size, "heard": [str(each.message) for each in heard]}))
