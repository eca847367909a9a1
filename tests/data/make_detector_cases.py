"""Makes tests/data/detector_features and detector_cases: what detectors score.

    sh tests/data/make_detector_cases.sh

makes the environments and runs

    deno run -A tests/support/export_digits.ts                     # features of two models
    .venv-oodeel/bin/python tests/data/make_detector_cases.py numpy    # made sets, float64 formulas
    .venv-oodeel/bin/python tests/data/make_detector_cases.py oodeel   # adds oodeel 0.4
    .venv-pytorch-ood/bin/python tests/data/make_detector_cases.py pytorch-ood

`detector_features` holds the float32 arrays of each set: a fit set, known and
unknown rows, the head. `detector_cases` holds, for each set, what each detector
with its options scores on known and unknown rows, one after the other: by the
formulas of `_detector_formulas.py`, by oodeel and by pytorch-ood where they have
the detector. Their scores are kept in their own unit.
"""

import base64
import json
import pathlib
import sys

import numpy as np

from _record import ABOUT, Pool, write_record

HERE = pathlib.Path(__file__).resolve().parent
FEATURES, CASES = HERE / "detector_features", HERE / "detector_cases"
PARTS = ("known", "unknown")

# Detector, options of ours, and which peers compute it with which of theirs.
RUNS = [
    ("msp", {}),
    ("maxLogit", {}),
    ("entropy", {}),
    ("energy", {}),
    ("energy", {"temperature": 2}),
    ("gen", {}),
    ("gen", {"gamma": 0.5, "top": 2}),
    ("odin", {}),
    ("odin", {"temperature": 10}),
    ("mahalanobis", {}),
    ("mahalanobis", {"cutoff": 1e-3}),
    ("rmds", {}),
    ("rmds", {"cutoff": 1e-3}),
    ("mdsPlusPlus", {}),
    ("deepKnn", {"neighbors": 5}),
    ("vim", {}),
    ("vim", {"dims": 3}),
    ("vim", {"dims": 3, "origin": "head"}),
    ("residual", {}),
    ("residual", {"dims": 3, "origin": "head"}),
    ("she", {}),
    ("she", {"pattern": "nearest"}),
    ("gram", {}),
    ("gram", {"orders": [1, 3], "quantile": 0.1}),
    ("klMatching", {}),
    ("dice", {}),
    ("dice", {"percentile": 0.5}),
    ("fdbd", {}),
    ("nnGuide", {"neighbors": 5}),
    ("neco", {}),
    ("neco", {"dims": 3, "maxLogit": False}),
    ("neco", {"standardize": False}),
    ("nci", {}),
    ("nci", {"alpha": 0.05}),
    ("gradNorm", {}),
    ("lts", {}),
    ("pnml", {}),
    ("gmm", {}),
    ("gmm", {"covariance": "tied"}),
    ("gmm", {"covariance": "diag"}),
    ("openMax", {"tail": 6, "alpha": 3}),
    ("relation", {}),
    ("relation", {"power": 2, "threshold": 0.2}),
]
GRAM = [("gram", {}), ("gram", {"orders": [1, 3], "quantile": 0.1})]

# Which sets are scored by which peer. Where a covariance is singular, oodeel's float32 and
# pytorch-ood's ridge are no reference; what saturates in float32 is none either.
PEERS = {
    "digits_ten": ("oodeel", "pytorch-ood"),
    "digits_five": ("oodeel", "pytorch-ood"),
    "gauss": ("oodeel", "pytorch-ood"),
    "blobs": ("oodeel", "pytorch-ood"),
    "maps": ("oodeel",),
    "matched": ("pytorch-ood",),
}


# ---- sets ----


def float32(x):
    return np.asarray(x, "float32")


def head_of(z, kernel, bias):
    """Logits in float32, as an engine gives them."""
    return float32(np.asarray(z, "float64") @ np.asarray(kernel, "float64") + bias)


def mixture(rng, counts, D, spread=2.0):
    """Clusters of signed features, some of another shape than others."""
    centres = rng.normal(0, spread, (len(counts), D))
    mixing = np.eye(D) + 0.3 * rng.normal(0, 1, (D, D))
    labels = np.repeat(np.arange(len(counts)), counts)
    rows = rng.normal(0, 1, (len(labels), D)) @ mixing + centres[labels]
    return rows, labels, centres


def made(seed, counts, D, transform=lambda z: z, scale=0.4, lift=3.0):
    """A fit set, known and unknown rows of one mixture, and a head that mostly tells its classes."""
    rng = np.random.default_rng(seed)
    rows, labels, centres = mixture(rng, counts, D)
    known = centres[np.arange(20) % len(counts)] + rng.normal(0, 1.2, (20, D))
    unknown = rng.normal(0, 4, (20, D))
    order = rng.permutation(len(rows))
    rows, labels = rows[order], labels[order]
    means = np.stack([transform(rows)[labels == k].mean(0) for k in range(len(counts))])
    kernel = float32(scale * means.T)
    bias = float32(lift - 0.5 * scale * (means**2).sum(1))
    arrays = {"kernel": kernel, "bias": bias}
    for part, z in (("fit", rows), ("known", known), ("unknown", unknown)):
        z = float32(transform(z))
        arrays[f"{part}.z"] = z
        arrays[f"{part}.logits"] = head_of(z, kernel, bias)
    arrays["fit.labels"] = labels.astype("int32")
    arrays["known.labels"] = (np.arange(20) % len(counts)).astype("int32")
    return arrays


def positive_logits(arrays):
    """The same set with a bias that makes the sum of the logits' exponentials large everywhere."""
    least = min(arrays[f"{p}.logits"].max(1).min() for p in ("fit", *PARTS))
    arrays["bias"] = float32(arrays["bias"] + max(0, 1 - least))
    for part in ("fit", *PARTS):
        arrays[f"{part}.logits"] = head_of(arrays[f"{part}.z"], arrays["kernel"], arrays["bias"])
    return arrays


def singular(z):
    """Features in a subspace of 4 of 8 dimensions."""
    return z[:, :4] @ np.random.default_rng(5).normal(0, 1, (4, z.shape[1]))


def copied(z):
    """One constant column, one that is a copy."""
    z = z.copy()
    z[:, 1], z[:, 4] = 0.7, z[:, 2]
    return z


def blobs():
    """Two known clusters and two unknown ones, through a network trained here."""
    from sklearn.datasets import make_blobs
    from sklearn.neural_network import MLPClassifier

    centres = [(-4, -4), (4, 4), (-4, 4), (4, -4)]
    x, y = make_blobs(n_samples=10_000, centers=centres, random_state=0)
    order = np.random.default_rng(0).permutation(len(x))
    train, test = order[:8000], order[8000:]
    train = train[y[train] < 2]
    network = MLPClassifier((64,), random_state=0, max_iter=60).fit(x[train], y[train])
    (first, second), (first_bias, second_bias) = network.coefs_, network.intercepts_
    return {
        "hidden.kernel": float32(first),
        "hidden.bias": float32(first_bias),
        # two softmax units with the logits of the one sigmoid
        "kernel": float32(np.concatenate([-second / 2, second / 2], 1)),
        "bias": float32(np.concatenate([-second_bias / 2, second_bias / 2])),
        "fit.x": float32(x[train]),
        "fit.labels": y[train].astype("int32"),
        "known.x": float32(x[test][y[test] < 2]),
        "known.labels": y[test][y[test] < 2].astype("int32"),
        "unknown.x": float32(x[test][y[test] > 1]),
    }


def through_network(arrays):
    """Features and logits of the blobs: sums in float64 from left to right, so that anyone gets the same bits."""
    result = {k: v for k, v in arrays.items() if not k.endswith(".x")}
    wide = {k: v.astype("float64") for k, v in arrays.items()}
    for part in ("fit", *PARTS):
        x = wide[f"{part}.x"]
        hidden = wide["hidden.bias"] + np.zeros((len(x), 1))
        for d in range(2):
            hidden = hidden + x[:, d : d + 1] * wide["hidden.kernel"][d]
        z = float32(np.maximum(hidden, 0)).astype("float64")
        logits = wide["bias"] + np.zeros((len(x), 1))
        for d in range(z.shape[1]):
            logits = logits + z[:, d : d + 1] * wide["kernel"][d]
        result[f"{part}.z"], result[f"{part}.logits"] = float32(z), float32(logits)
    return result


def maps():
    """Feature maps `[N, 3, 3, 4]`, for Gram statistics."""
    rng = np.random.default_rng(21)
    kernel, bias = float32(rng.normal(0, 1, (4, 3))), float32(rng.normal(0, 0.1, 3))
    arrays = {"kernel": kernel, "bias": bias}
    for part, n, spread in (("fit", 90, 1), ("known", 12, 1), ("unknown", 12, 2)):
        x = float32(rng.normal(0, spread, (n, 3, 3, 4)) + rng.normal(0, 0.5, (n, 1, 1, 4)))
        arrays[f"{part}.z"] = x
        arrays[f"{part}.logits"] = head_of(x.mean((1, 2)), kernel, bias)
    arrays["fit.labels"] = arrays["fit.logits"].argmax(1).astype("int32")
    return arrays


def made_sets():
    """Name, arrays, and the activation of the head."""
    yield "blobs", blobs(), "softmax"
    gauss = positive_logits(made(1, (30, 20, 25), 6))
    yield "gauss", gauss, "softmax"
    # Features far from the origin; the logits stay, so that only the features move.
    moved = dict(gauss, **{f"{p}.z": float32(gauss[f"{p}.z"] + 1e4) for p in ("fit", *PARTS)})
    yield "moved", moved, "softmax"
    yield "singular", positive_logits(made(2, (30, 20, 25), 8, singular)), "softmax"
    yield "copied", positive_logits(made(3, (30, 20, 25), 6, copied)), "softmax"
    yield "few", positive_logits(made(4, (7, 6), 24)), "softmax"
    yield "saturated", made(6, (30, 20, 25), 6, scale=40, lift=300), "softmax"
    one = positive_logits(made(7, (30, 25), 6))
    for key in list(one):
        if key == "kernel" or key == "bias" or key.endswith("logits"):
            one[key] = float32(one[key][..., 1:] - one[key][..., :1])
    yield "sigmoid", one, "sigmoid"
    yield "sigmoids", made(8, (30, 20, 25), 6), "sigmoid"
    yield "lone", positive_logits(made(9, (30, 20, 1), 6)), "softmax"
    yield "maps", maps(), "softmax"
    # A head without bias on features of unit length, as pytorch-ood's pNML takes them.
    matched = made(10, (30, 20, 25), 6, lambda z: z / np.linalg.norm(z, axis=1, keepdims=True))
    matched["bias"] = np.zeros(3, "float32")
    yield "matched", positive_free(matched), "softmax"


def positive_free(arrays):
    for part in ("fit", *PARTS):
        arrays[f"{part}.logits"] = head_of(arrays[f"{part}.z"], 4 * arrays["kernel"], arrays["bias"])
    arrays["kernel"] = 4 * arrays["kernel"]
    return arrays


# ---- files ----


def decode(encoded):
    data = base64.b64decode(encoded["data"])
    return np.frombuffer(data, encoded["dtype"]).reshape(encoded["shape"])


def read_arrays(name):
    record = json.loads((FEATURES / f"{name}.json").read_text())
    return {key: decode(value) for key, value in record.get("arrays", record).items()}


def write_case(name, record, pool):
    write_record(CASES / f"{name}.json", {**record, "arrays": pool.arrays})


def case_of(name):
    """The record, and a pool that holds its arrays already."""
    record = json.loads((CASES / f"{name}.json").read_text())
    pool = Pool(keeps_double=True)
    pool.arrays = record.pop("arrays")
    return record, pool


def scored(arrays, record):
    """The sets that are scored: blobs are cut to some rows, their areas are kept beside."""
    if "fit.x" in arrays:
        arrays = through_network(arrays)
    query_z = np.concatenate([arrays[f"{p}.z"] for p in PARTS])
    query_logits = np.concatenate([arrays[f"{p}.logits"] for p in PARTS])
    return arrays, query_z, query_logits


def name_of(detector, options):
    return detector + "".join(f" {k}={v}" for k, v in options.items())


def areas(known, unknown):
    """Exact area under the ROC curve, and the false positive rate at the first threshold that finds 95 %."""
    from sklearn.metrics import roc_auc_score, roc_curve

    y = np.r_[np.zeros(len(known)), np.ones(len(unknown))]
    scores = np.r_[known, unknown]
    fpr, tpr, _ = roc_curve(y, scores, drop_intermediate=False)
    return [float(roc_auc_score(y, scores)), float(fpr[np.argmax(tpr >= 0.95)])]


# ---- who computes ----


def run_numpy():
    from _detector_formulas import FORMULAS, Refused, Set

    FEATURES.mkdir(exist_ok=True)
    CASES.mkdir(exist_ok=True)
    activations = {"digits_ten": "softmax", "digits_five": "softmax"}
    for name, arrays, activation in made_sets():
        pool = Pool()
        for key, value in arrays.items():
            pool.add(key, value)
        write_record(FEATURES / f"{name}.json", {"about": ABOUT, "arrays": pool.arrays})
        activations[name] = activation
    for name, activation in activations.items():
        arrays, z, logits = scored(read_arrays(name), None)
        head = (arrays["kernel"], arrays["bias"], activation)
        fit = Set(arrays["fit.z"], arrays["fit.logits"], arrays["fit.labels"], *head)
        query = Set(z, logits, None, *head)
        runs, pool = [], Pool(keeps_double=True)
        for detector, options in GRAM if name == "maps" else RUNS:
            if name == "matched" and detector != "pnml":
                continue
            run = {"detector": detector, "options": options}
            python = {"maxLogit" if k == "max_logit" else k: v for k, v in options.items()}
            python = {"max_logit" if k == "maxLogit" else k: v for k, v in python.items()}
            try:
                scores = FORMULAS[detector](fit, query, **python)
                assert np.isfinite(scores).all(), (name, detector, options, scores)
                keep(run, "numpy", scores, pool, name, len(arrays["known.z"]))
            except Refused as reason:
                run["refused"] = str(reason)
            runs.append(run)
        record = {
            "about": ABOUT,
            "versions": {"numpy": np.__version__},
            "activation": activation,
            "runs": runs,
        }
        write_case(name, record, pool)
        print(name, [name_of(r["detector"], r["options"]) for r in runs if "refused" in r])


KEPT = 40  # blobs: rows of each side whose scores are kept


def keep(run, who, scores, pool, name, num_known):
    """Keeps scores; of the blobs, the areas, and the scores of some rows."""
    scores = np.asarray(scores, "float64")
    known, unknown = scores[:num_known], scores[num_known:]
    if name == "blobs":
        run[f"{who} areas"] = areas(known, unknown)
        scores = np.concatenate([known[:KEPT], unknown[:KEPT]])
    if who != "numpy":
        scores = scores.astype("float32")
    key = f"{name_of(run['detector'], run['options'])} {who}"
    pool.arrays.pop(key, None)  # from an earlier run
    run[who] = pool.add(key, scores)


def run_peer(who, versions, scorers):
    for name, peers in PEERS.items():
        if who not in peers:
            continue
        record, pool = case_of(name)
        arrays, z, logits = scored(read_arrays(name), record)
        record["versions"].update(versions)
        for run in record["runs"]:
            make = scorers.get(run["detector"])
            if make is None:
                continue
            scores = make(arrays, z, logits, **run["options"])
            if scores is None:
                continue
            assert len(scores) == len(z), (name, run)
            keep(run, who, scores, pool, name, len(arrays["known.z"]))
        write_case(name, record, pool)
        print(name, sum(who in run for run in record["runs"]))


if __name__ == "__main__":
    if sys.argv[1:] == ["numpy"]:
        run_numpy()
    elif sys.argv[1:] == ["oodeel"]:
        from _oodeel_scores import SCORERS, VERSIONS

        run_peer("oodeel", VERSIONS, SCORERS)
    elif sys.argv[1:] == ["pytorch-ood"]:
        from _pytorch_ood_scores import SCORERS, VERSIONS

        run_peer("pytorch-ood", VERSIONS, SCORERS)
    else:
        sys.exit(__doc__)
