"""The score of every detector, as a float64 formula in NumPy.

Written from the table in lib/detectors/README.md and the papers named there,
without a look at our own code. Each takes a fit set and a query set, and gives
scores `[N]`, higher for more out-of-distribution. A set has penultimate
features `z` `[N, D]`, `logits` `[N, C]`, `labels` `[N]`, `kernel` `[D, C]` and
`bias` `[C]`. `Refused` says that the detector must not score this set.
"""

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_softmax, logsumexp

# Features are float32, so what is below their last digit is noise.
EPSILON = np.finfo("float32").eps


class Refused(Exception):
    """The detector is to refuse this set."""


class Set:
    """One feature set, widened to float64."""

    def __init__(self, z, logits, labels, kernel, bias, activation="softmax"):
        self.z, self.kernel, self.bias = (np.asarray(x, "float64") for x in (z, kernel, bias))
        self.raw_logits = np.asarray(logits, "float64")
        self.labels = None if labels is None else np.asarray(labels).astype(int)
        self.activation = activation

    @property
    def logits(self):
        """Logits of classes: one sigmoid is two classes, several are none."""
        if self.activation == "sigmoid":
            if self.raw_logits.shape[1] > 1:
                raise Refused("several sigmoids are no classes")
            return np.concatenate([np.zeros_like(self.raw_logits), self.raw_logits], 1)
        return self.raw_logits

    @property
    def any_logits(self):
        """Logits of classes, or of several sigmoids."""
        several = self.activation == "sigmoid" and self.raw_logits.shape[1] > 1
        return self.raw_logits if several else self.logits

    @property
    def class_weights(self):
        """Kernel `[D, C]` and bias `[C]` of these logits."""
        _ = self.logits
        if self.activation == "sigmoid":
            zero = np.zeros_like(self.kernel)
            return np.concatenate([zero, self.kernel], 1), np.concatenate([0 * self.bias, self.bias])
        return self.kernel, self.bias


# ---- parts ----


def others(logits):
    """log p and 1 - p of each class, 1 - p summed from the other classes."""
    log_p = log_softmax(logits, axis=1)
    p = np.exp(log_p)
    C = p.shape[1]
    rest = np.stack([np.delete(p, c, axis=1).sum(1) for c in range(C)], 1)
    return log_p, rest


def pinv(matrix, cutoff=None):
    """Pseudo-inverse of a symmetric matrix, relative cut-off `epsilon * D`."""
    values, vectors = np.linalg.eigh(matrix)
    bound = (EPSILON * len(matrix) if cutoff is None else cutoff) * values.max()
    kept = values > bound
    return (vectors[:, kept] / values[kept]) @ vectors[:, kept].T


def quadratic(x, matrix):
    return np.einsum("nd,de,ne->n", x, matrix, x)


def unit(z):
    norm = np.linalg.norm(z, axis=1, keepdims=True)
    return np.divide(z, norm, out=np.zeros_like(z), where=norm > 0)


def ratio(a, b, at_zero=0.0):
    return np.divide(a, b, out=np.full(np.broadcast(a, b).shape, float(at_zero)), where=b != 0)


def tied(z, labels):
    """Class means `[K, D]`, and the covariance around them, divided by N."""
    means = np.stack([z[labels == k].mean(0) for k in np.unique(labels)])
    centred = z - means[np.searchsorted(np.unique(labels), labels)]
    return means, centred.T @ centred / len(z)


def principal(x, dims):
    """Eigenvectors of `x'x / N`, largest first, and how many of them `dims` keeps."""
    values, vectors = np.linalg.eigh(x.T @ x / len(x))
    values, vectors = np.clip(values[::-1], 0, None), vectors[:, ::-1]
    if dims >= 1:
        return vectors, int(dims)
    share = np.cumsum(values) / values.sum()
    return vectors, int(np.argmax(share >= dims)) + 1


# ---- logits alone ----


def msp(fit, query):
    _, rest = others(query.logits)
    return rest.min(1)


def max_logit(fit, query):
    return -query.any_logits.max(1)


def entropy(fit, query):
    log_p = log_softmax(query.logits, axis=1)
    return -np.where(np.exp(log_p) > 0, np.exp(log_p) * log_p, 0).sum(1)


def energy(fit, query, temperature=1):
    return -temperature * logsumexp(query.logits / temperature, axis=1)


def gen(fit, query, gamma=0.1, top=None):
    top = min(100, query.logits.shape[1]) if top is None else top
    log_p, rest = others(query.logits)
    with np.errstate(divide="ignore"):
        terms = np.exp(gamma * (log_p + np.log(rest)))
    order = np.argsort(-log_p, axis=1, kind="stable")[:, :top]
    return np.take_along_axis(terms, order, 1).sum(1)


def odin(fit, query, temperature=1000):
    _, rest = others(query.logits / temperature)
    return rest.min(1) - 1


def kl_matching(fit, query):
    log_fit, log_p = log_softmax(fit.logits, axis=1), log_softmax(query.logits, axis=1)
    predicted = log_fit.argmax(1)
    scores = []
    for k in np.unique(predicted):
        rows = log_fit[predicted == k]
        log_d = logsumexp(rows, axis=0) - np.log(len(rows))
        scores.append((np.exp(log_p) * (log_p - log_d)).sum(1))
    return np.min(scores, axis=0)


def open_max(fit, query, tail=20, alpha=10):
    logits, C = query.logits, query.logits.shape[1]
    alpha = min(alpha, C)
    right = fit.logits.argmax(1) == fit.labels
    w = np.ones_like(logits)
    for k in range(C):
        rows = fit.logits[right & (fit.labels == k)]
        if len(rows) == 0:
            continue
        centre = rows.mean(0)
        furthest = np.sort(np.linalg.norm(rows - centre, axis=1))[-tail:]
        if furthest[0] == furthest[-1]:
            raise Refused(f"the distances of class {k} are all equal")
        w[:, k] = weibull_cdf(furthest, np.linalg.norm(logits - centre, axis=1))
    order = np.argsort(-logits, axis=1, kind="stable")[:, :alpha]
    omega = np.zeros_like(logits)
    np.put_along_axis(omega, order, (alpha - np.arange(alpha)) / alpha, 1)
    moved = logits * omega * w
    revised = np.concatenate([moved.sum(1, keepdims=True), logits - moved], 1)
    return np.exp(revised[:, 0] - logsumexp(revised, axis=1))


def weibull_cdf(tail, distances, translation=10_000):
    """Two-parameter Weibull by maximum likelihood, on distances moved as libMR moves them."""
    start = tail.min()
    y = np.log1p((tail - start) / translation)  # log of the moved distance over the translation

    def slope(log_scale):
        beta = np.exp(log_scale)  # 1 / shape
        weights = np.exp((y - y.max()) / beta)
        return (y * weights).sum() / weights.sum() - y.mean() - beta

    beta = np.exp(brentq(slope, np.log(np.ptp(y)) - 12, np.log(np.ptp(y)) + 6, xtol=1e-14, rtol=1e-14))
    log_scale = y.max() + beta * np.log(np.exp((y - y.max()) / beta).mean())
    moved = (distances - start) / translation
    x = np.where(moved > -1, np.log1p(np.maximum(moved, -1 + 1e-16)), -np.inf)
    return -np.expm1(-np.exp((x - log_scale) / beta))


# ---- features alone ----


def mahalanobis(fit, query, cutoff=None):
    means, covariance = tied(fit.z, fit.labels)
    inverse = pinv(covariance, cutoff)
    return np.min([quadratic(query.z - mean, inverse) for mean in means], axis=0)


def rmds(fit, query, cutoff=None):
    centred = fit.z - fit.z.mean(0)
    background = pinv(centred.T @ centred / len(fit.z), cutoff)
    return mahalanobis(fit, query, cutoff) - quadratic(query.z - fit.z.mean(0), background)


def mds_plus_plus(fit, query, cutoff=None):
    return mahalanobis(with_z(fit, unit(fit.z)), with_z(query, unit(query.z)), cutoff)


def with_z(old, z):
    return Set(z, old.raw_logits, old.labels, old.kernel, old.bias, old.activation)


def deep_knn(fit, query, neighbors=50):
    bank, rows = unit(fit.z), unit(query.z)
    distances = np.linalg.norm(rows[:, None] - bank[None], axis=2)
    return np.sort(distances, axis=1)[:, neighbors - 1]


def origin_of(fit, origin):
    if origin == "mean":
        return fit.z.mean(0)
    return -np.linalg.pinv(fit.kernel.T, rcond=EPSILON * max(fit.kernel.shape)) @ fit.bias


def residual(fit, query, dims=0.99, origin="mean"):
    o = origin_of(fit, origin)
    vectors, k = principal(fit.z - o, dims)
    if k == len(vectors):
        raise Refused("all components are left out")
    return np.linalg.norm((query.z - o) @ vectors[:, k:], axis=1)


def gmm(fit, query, covariance="full"):
    shares, terms = [], []
    N, D = fit.z.shape
    labels = np.unique(fit.labels)
    _, common = tied(fit.z, fit.labels)
    for k in labels:
        rows = fit.z[fit.labels == k]
        if covariance != "tied" and len(rows) < 2:
            raise Refused(f"class {k} has one sample")
        centred = rows - rows.mean(0)
        sigma = common if covariance == "tied" else centred.T @ centred / len(rows)
        if covariance == "diag":
            sigma = np.diag(np.diag(sigma))
        values, vectors = np.linalg.eigh(sigma)
        kept = values > EPSILON * D * values.max()
        coordinates = (query.z - rows.mean(0)) @ vectors[:, kept]
        squared = (coordinates**2 / values[kept]).sum(1)
        constant = np.log(values[kept]).sum() + kept.sum() * np.log(2 * np.pi)
        terms.append(np.log(len(rows) / N) - 0.5 * (squared + constant))
    return -logsumexp(terms, axis=0)


# ---- features and logits, or the head ----


def vim(fit, query, dims=0.99, origin="mean"):
    left = residual(fit, fit, dims, origin).sum()
    if left <= 1e-12 * np.linalg.norm(fit.z - origin_of(fit, origin), axis=1).sum():
        raise Refused("known features are in the principal subspace")
    alpha = fit.logits.max(1).sum() / left
    return alpha * residual(fit, query, dims, origin) - logsumexp(query.logits, axis=1)


def she(fit, query, pattern="predicted"):
    predicted = fit.logits.argmax(1)
    C = fit.logits.shape[1]
    means = np.full((C, fit.z.shape[1]), np.nan)
    for k in range(C):
        rows = fit.z[(predicted == k) & (fit.labels == k)]
        if len(rows) > 0:
            means[k] = rows.mean(0)
    products = query.z @ means.T
    if pattern == "nearest":
        return -np.nanmax(products, axis=1)
    return -np.take_along_axis(products, query.logits.argmax(1)[:, None], 1)[:, 0]


def nearest_quantile(x, q):
    """As TensorFlow Probability: sorted, at `round_half_even((n - 1) q)`."""
    return np.sort(x, axis=0)[int(np.rint((len(x) - 1) * q))]


def gram_statistics(x, orders):
    """`[N, P, D]` of vectors `[N, D]` or maps `[N, H, W, D]`."""
    f = np.asarray(x, "float64").reshape(len(x), -1, x.shape[-1])
    result = []
    for p in orders:
        g = np.einsum("nsi,nsj->nij", f**p, f**p)
        result.append(np.tril(np.sign(g) * np.abs(g) ** (1 / p)).sum(2))
    return np.stack(result, 1)


def gram(fit, query, orders=(1, 2, 3, 4, 5), quantile=0.01):
    known, rows = gram_statistics(fit.z, orders), gram_statistics(query.z, orders)
    predicted, wanted = fit.logits.argmax(1), query.logits.argmax(1)
    scores = np.full(len(rows), np.nan)
    for k in np.unique(wanted):
        of_class = known[predicted == k]
        if len(of_class) == 0:
            continue
        low = nearest_quantile(of_class, quantile)
        high = nearest_quantile(of_class, 1 - quantile)
        s = rows[wanted == k]
        below = np.maximum(low - s, 0) / (np.abs(low) + 1e-6)
        above = np.maximum(s - high, 0) / (np.abs(high) + 1e-6)
        scores[wanted == k] = (below + above).sum((1, 2))
    return scores


def dice(fit, query, percentile=0.9):
    kernel, bias = query.class_weights
    contributions = fit.z.mean(0)[:, None] * kernel
    kept = np.where(contributions > np.quantile(contributions, percentile), kernel, 0)
    return -logsumexp(query.z @ kept + bias, axis=1)


def fdbd(fit, query):
    kernel, _ = query.class_weights
    logits, C = query.logits, query.logits.shape[1]
    away = np.linalg.norm(query.z - fit.z.mean(0), axis=1)
    scores = []
    for row, l in enumerate(logits):
        best = l.argmax()
        distances = [
            ratio(l[best] - l[c], np.linalg.norm(kernel[:, best] - kernel[:, c]))
            for c in range(C)
            if c != best
        ]
        scores.append(-np.mean(distances) / away[row])
    return np.array(scores, "float64")


def nn_guide(fit, query, neighbors=10):
    s_bank, s = logsumexp(fit.logits, axis=1), logsumexp(query.logits, axis=1)
    if s_bank.min() < 0 or s.min() < 0:
        raise Refused("a negative logsumexp turns the ranking")
    products = unit(query.z) @ (unit(fit.z) * s_bank[:, None]).T
    return -np.sort(products, axis=1)[:, -neighbors:].mean(1) * s


def neco(fit, query, dims=0.9, max_logit=True, standardize=True):
    known, rows = fit.z, query.z
    if standardize:
        scale = known.std(0)
        scale[np.ptp(known, axis=0) == 0] = 1
        known, rows = (known - fit.z.mean(0)) / scale, (rows - fit.z.mean(0)) / scale
    vectors, k = principal(known, dims)
    share = ratio(np.linalg.norm(rows @ vectors[:, :k], axis=1), np.linalg.norm(rows, axis=1))
    return -share * query.any_logits.max(1) if max_logit else -share


def nci(fit, query, alpha=1e-4):
    kernel, _ = query.class_weights
    centred = query.z - fit.z.mean(0)
    along = (kernel[:, query.logits.argmax(1)].T * centred).sum(1)
    return -ratio(along, np.linalg.norm(centred, axis=1)) - alpha * np.abs(query.z).sum(1)


def grad_norm(fit, query):
    p = np.exp(log_softmax(query.logits, axis=1))
    return -np.abs(query.z).sum(1) * np.abs(p - 1 / p.shape[1]).sum(1)


def lts(fit, query, share=0.05):
    z = np.maximum(query.z, 0)
    D = z.shape[1]
    top = np.sort(z, axis=1)[:, -max(1, D - int(np.rint(D * (1 - share)))) :].sum(1)
    s = ratio(z.sum(1), top, at_zero=1)
    return -logsumexp(query.logits * s[:, None] ** 2, axis=1)


def pnml(fit, query):
    known, rows = unit(fit.z), unit(query.z)
    q = quadratic(rows, pinv(known.T @ known))
    kappa = (q / (1 + q))[:, None]
    log_p, rest = others(query.logits)
    with np.errstate(divide="ignore", over="ignore"):
        odds = np.exp(np.log(rest) + (kappa - 1) * log_p)  # (1 - p) p^kappa / p
    best = log_p.argmax(1)[:, None]
    terms = 1 / (1 + odds)
    np.put_along_axis(terms, best, 0, 1)
    lost = np.take_along_axis(odds / (1 + odds), best, 1)[:, 0]
    return np.log1p(terms.sum(1) - lost)


def relation(fit, query, power=1, threshold=0.03):
    p_bank = np.exp(log_softmax(fit.logits, axis=1))
    p = np.exp(log_softmax(query.logits, axis=1))
    r = np.maximum(unit(query.z) @ unit(fit.z).T, 0) * (p @ p_bank.T)
    return -(np.where(r > threshold, r, 0) ** power).sum(1)


FORMULAS = {
    "msp": msp,
    "maxLogit": max_logit,
    "entropy": entropy,
    "energy": energy,
    "gen": gen,
    "odin": odin,
    "klMatching": kl_matching,
    "openMax": open_max,
    "mahalanobis": mahalanobis,
    "rmds": rmds,
    "mdsPlusPlus": mds_plus_plus,
    "deepKnn": deep_knn,
    "residual": residual,
    "gmm": gmm,
    "vim": vim,
    "she": she,
    "gram": gram,
    "dice": dice,
    "fdbd": fdbd,
    "nnGuide": nn_guide,
    "neco": neco,
    "nci": nci,
    "gradNorm": grad_norm,
    "lts": lts,
    "pnml": pnml,
    "relation": relation,
}
