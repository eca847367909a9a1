"""Makes tests/data/metric_cases.json: scores with the metrics that they have.

Numbers and curves come from scikit-learn 1.9.1; the variance of DeLong from its
definition over all pairs, in float64; the intervals of the bootstrap from
scikit-learn's metrics of samples that are drawn here. The unknown are positive.
Accuracy and calibration error follow their definitions, in float64.

Run with .venv-keras, or with numpy and scikit-learn: python make_metric_cases.py
"""

import json
from pathlib import Path
from statistics import NormalDist

import numpy as np
import sklearn
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

OUT = Path(__file__).parent / "metric_cases.json"
RATES = [0.05, 0.5, 0.8, 0.95, 1.0]
SEED = 11
RESAMPLES = 1000


def joined(known, unknown):
    """Labels, 1 for the unknown, and scores."""
    labels = np.concatenate([np.zeros(len(known), int), np.ones(len(unknown), int)])
    return labels, np.concatenate([known, unknown])


def fpr_at(labels, scores, rate):
    fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
    return fpr[np.argmax(tpr >= rate)]


def detection_error(labels, scores):
    fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
    return np.min((fpr + 1 - tpr) / 2)


METRICS = {
    "auroc": roc_auc_score,
    "auprIn": lambda labels, scores: average_precision_score(1 - labels, -scores),
    "auprOut": average_precision_score,
    "fpr95": lambda labels, scores: fpr_at(labels, scores, 0.95),
    "detectionError": detection_error,
}


def de_long(known, unknown, confidence):
    """The interval of the area, from the kernel of all pairs."""
    wins = (unknown[:, None] > known[None, :]) + 0.5 * (unknown[:, None] == known[None, :])
    area = wins.mean()
    by_unknown = wins.mean(axis=1).var(ddof=1) / len(unknown)
    by_known = wins.mean(axis=0).var(ddof=1) / len(known)
    width = NormalDist().inv_cdf((1 + confidence) / 2) * np.sqrt(by_unknown + by_known)
    return [max(0, area - width), min(1, area + width)]


def uniform(seed):
    """Numbers in [0, 1): a Weyl sequence, mixed by MurmurHash3's finaliser."""
    mask = 0xFFFFFFFF
    state = seed & mask
    while True:
        state = (state + 0x9E3779B9) & mask
        mixed = ((state ^ (state >> 16)) * 0x85EBCA6B) & mask
        mixed = ((mixed ^ (mixed >> 13)) * 0xC2B2AE35) & mask
        yield (mixed ^ (mixed >> 16)) / 2**32


def bootstrap(known, unknown, confidence):
    """Percentiles over samples drawn from each side, the known first."""
    numbers = uniform(SEED)
    draw = lambda side: side[[int(next(numbers) * len(side)) for _ in side]]
    found = {name: [] for name in METRICS}
    for _ in range(RESAMPLES):
        labels, scores = joined(draw(known), draw(unknown))
        for name, metric in METRICS.items():
            found[name].append(metric(labels, scores))
    ends = [(1 - confidence) / 2, 1 - (1 - confidence) / 2]
    return {name: list(np.quantile(values, ends)) for name, values in found.items()}


def case(name, known, unknown, confidence=None):
    known, unknown = (np.asarray(side, float) for side in (known, unknown))
    labels, scores = joined(known, unknown)
    result = {"name": name, "known": known.tolist(), "unknown": unknown.tolist()}
    result["metrics"] = {key: float(metric(labels, scores)) for key, metric in METRICS.items()}
    result["fpr"] = [fpr_at(labels, scores, rate) for rate in RATES]
    result["fprKnown"] = [fpr_at(1 - labels, -scores, rate) for rate in RATES]
    for key, y, values in (("", labels, scores), ("Known", 1 - labels, -scores)):
        fpr, tpr, thresholds = roc_curve(y, values, drop_intermediate=False)
        precision, recall, _ = precision_recall_curve(y, values, drop_intermediate=False)
        result["roc" + key] = [fpr.tolist(), tpr.tolist(), thresholds[1:].tolist()]
        result["pr" + key] = [precision[::-1].tolist(), recall[::-1].tolist()]
    if confidence is not None:
        result["confidence"] = confidence
        result["deLong"] = de_long(known, unknown, confidence)
        result["bootstrap"] = bootstrap(known, unknown, confidence)
    return result


def class_case(name, logits, labels, activation="softmax"):
    logits, labels = np.asarray(logits, np.float32).astype(float), np.asarray(labels)
    if activation == "sigmoid":
        one = 1 / (1 + np.exp(-logits[:, 0]))
        probabilities = np.stack([1 - one, one], axis=1)
    else:
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities = powers / powers.sum(axis=1, keepdims=True)
    confidence, predicted = probabilities.max(axis=1), probabilities.argmax(axis=1)
    right = predicted == labels
    errors = {}
    for bins in (1, 5, 15, 100):
        error = 0
        for low in range(bins):
            inside = (confidence > low / bins) & (confidence <= (low + 1) / bins)
            if inside.any():
                error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
        errors[bins] = error
    result = {"name": name, "activation": activation, "logits": logits.tolist(), "labels": labels.tolist()}
    return {**result, "accuracy": right.mean(), "calibrationError": errors}


def main():
    random = np.random.default_rng(5)
    normal = lambda mean, count: np.round(random.normal(mean, 1, count), 3)
    integers = lambda low, high, count: random.integers(low, high, count)
    cases = [
        case("overlapping", normal(0, 30), normal(1, 20), 0.95),
        case("ties", integers(0, 5, 25), integers(2, 7, 31), 0.9),
        case("halves", [0, 0.5, 0.5, 1], [0.5, 1, 1, 1.5], 0.5),
        case("constant", [3] * 6, [3] * 4, 0.95),
        case("separated", [-3, -2, -2.5], [4, 5, 4], 0.95),
        case("reversed", [4, 5, 6, 7], [1, 2, 3], 0.95),
        case("signed zeros", [-0.0, 0.0, 1], [0.0, -0.0, -1, 2], 0.95),
        case("one of each", [1], [2]),
        case("one against many", [0.3], [0.1, 0.3, 0.7]),
        case("far apart", [1e-300, -1e300, 0], [1e300, 1e-308, 5e-324]),
        case("near in value", 1e8 + np.arange(5) / 8, 1e8 + np.arange(3) / 4),
    ]
    logits = lambda scale, *shape: np.round(random.normal(0, scale, shape), 2)
    classes = [
        class_case("four classes", logits(2, 40, 4), integers(0, 4, 40)),
        class_case("saturated", logits(60, 20, 3), integers(0, 3, 20)),
        class_case("a label without a class", logits(1, 5, 2), [0, 1, 2, 1, 9]),
        class_case("one sigmoid", logits(2, 30, 1), integers(0, 2, 30), "sigmoid"),
    ]
    about = f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}; made by make_metric_cases.py"
    text = {"about": about, "rates": RATES, "seed": SEED, "cases": cases, "classes": classes}
    OUT.write_text(json.dumps(text, separators=(",", ":")) + "\n")


main()
