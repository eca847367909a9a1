"""Detectors in NumPy and faiss, for detectors_bench.ts.

Reads one JSON request a line, and answers each with one line. Needs numpy, and
faiss-cpu for k-NN (tests/data/make_venv.sh makes an environment with both).
"""
import json
import sys

import numpy as np

arrays = {}
prepared = {}


def rows_max(logits):
    return -logits.max(1)


def energy(logits):
    top = logits.max(1, keepdims=True)
    return -(top[:, 0] + np.log(np.exp(logits - top).sum(1)))


def msp(logits):
    p = np.exp(logits - logits.max(1, keepdims=True))
    return 1 - p.max(1) / p.sum(1)


def entropy(logits):
    below = logits - logits.max(1, keepdims=True)
    p = np.exp(below)
    total = p.sum(1)
    return np.log(total) - (p * below).sum(1) / total


def mahalanobis(features, labels):
    x = features.astype(np.float64)
    order = np.argsort(labels, kind="stable")
    counts = np.bincount(labels)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    means = np.add.reduceat(x[order], starts, axis=0) / counts[:, None]
    x -= means[labels]
    inverse = np.linalg.pinv(x.T @ x / len(x), hermitian=True)
    return np.array([np.trace(inverse)])


def vim(features, logits):
    z = features.astype(np.float64)
    z -= z.mean(0)
    values, vectors = np.linalg.eigh(z.T @ z / len(z))
    share = np.cumsum(values[::-1]) / values.sum()
    left = len(values) - (np.searchsorted(share, 0.99) + 1)
    norms = np.linalg.norm(z @ vectors[:, :left], axis=1)
    return np.array([logits.max(1).sum(dtype=np.float64) / norms.sum()])


def deep_knn(bank, queries):
    import faiss

    faiss.omp_set_num_threads(2)
    known, asked = bank.copy(), queries.copy()
    faiss.normalize_L2(known)
    faiss.normalize_L2(asked)
    index = faiss.IndexFlatL2(known.shape[1])
    index.add(known)
    return np.sqrt(index.search(asked, 50)[0][:, -1])


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def softmax(logits):
    p = np.exp(logits - logits.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def once(name, compute):
    """What stays as it is from one sample to the next."""
    if name not in prepared:
        prepared[name] = compute()
    return prepared[name]


def deep_knn_one(bank, queries):
    known = once("bank", lambda: unit(bank))
    scores = []
    for query in queries:
        products = known @ (query / np.linalg.norm(query))
        nearest = -np.partition(-products, 49)[49]
        scores.append(np.sqrt(2 - 2 * nearest))
    return np.array(scores)


def nn_guide_one(bank, logits, queries, query_logits):
    known = once("guides", lambda: unit(bank) * -energy(logits)[:, None])
    scores = []
    for query, own in zip(queries, query_logits):
        products = known @ (query / np.linalg.norm(query))
        largest = -np.partition(-products, 9)[:10]
        scores.append(energy(own[None])[0] * largest.mean())
    return np.array(scores)


def relation_one(bank, logits, queries, query_logits):
    known = once("bank", lambda: unit(bank))
    p_known = once("p", lambda: softmax(logits))
    scores = []
    for query, own in zip(queries, query_logits):
        cosines = known @ (query / np.linalg.norm(query))
        r = np.maximum(cosines, 0) * (p_known @ softmax(own[None])[0])
        scores.append(-r[r > 0.03].sum())
    return np.array(scores)


WORK = {
    "maxLogit": lambda a: rows_max(a["logits"]),
    "energy": lambda a: energy(a["logits"]),
    "msp": lambda a: msp(a["logits"]),
    "entropy": lambda a: entropy(a["logits"]),
    "mahalanobis": lambda a: mahalanobis(a["features"], a["labels"]),
    "vim": lambda a: vim(a["features"], a["logits"]),
    "deepKnnOne": lambda a: deep_knn_one(a["features"], a["queries"]),
    "nnGuideOne": lambda a: nn_guide_one(
        a["features"], a["logits"], a["queries"], a["query_logits"]
    ),
    "relationOne": lambda a: relation_one(
        a["features"], a["logits"], a["queries"], a["query_logits"]
    ),
    "deepKnn": lambda a: deep_knn(a["features"], a["queries"]),
}

for line in sys.stdin:
    request = json.loads(line)
    if "load" in request:
        arrays = {
            name: np.fromfile(path, dtype).reshape(shape)
            for name, (path, dtype, shape) in request["load"].items()
        }
        prepared.clear()
        answer = {}
    else:
        answer = {"scores": WORK[request["run"]](arrays)[:100].tolist()}
    print(json.dumps(answer), flush=True)
