"""What pytorch-ood 0.4 scores on a set of features: by options of ours, in its own unit.

Its random choice (Gram) is left out, and so is what it does not have (NECO,
Relation, MDS++, the residual alone).
"""

import importlib.metadata

import numpy as np
import torch
from pytorch_ood.detector import DICE, GEN, GMM, KLMatching, LTS, MaxLogit, NCI, NNGuide
from pytorch_ood.detector import KNN, OpenMax, PNML, RMD, SHE, ViM
from pytorch_ood.detector import EnergyBased, Entropy, GradNorm, Mahalanobis, MaxSoftmax, fDBD

VERSIONS = {
    "pytorch-ood": importlib.metadata.version("pytorch-ood"),
    "torch": torch.__version__,
}


def tensor(x):
    return torch.tensor(np.asarray(x))


def head_of(arrays):
    head = torch.nn.Linear(*arrays["kernel"].shape)
    head.weight.data, head.bias.data = tensor(arrays["kernel"].T), tensor(arrays["bias"])
    return head


def labels_of(arrays):
    return tensor(arrays["fit.labels"].astype("int64"))


def on_logits(make):
    return lambda arrays, z, logits, **options: make(**options)(tensor(logits)).numpy()


def on_features(make):
    def run(arrays, z, logits, **options):
        detector = make(arrays, **options)
        if detector is None:
            return None
        detector.fit_features(tensor(arrays["fit.z"]), labels_of(arrays))
        return detector.predict_features(tensor(z)).detach().numpy()

    return run


def fitted_logits(make):
    def run(arrays, z, logits, **options):
        detector = make(**options)
        detector.fit_logits(tensor(arrays["fit.logits"]), labels_of(arrays))
        return detector.predict_logits(tensor(logits)).detach().numpy()

    return run


def open_max(arrays, z, logits, tail, alpha):
    """Fitted on what is classified correctly, in float64: it takes every sample, ours these alone."""
    right = arrays["fit.logits"].argmax(1) == arrays["fit.labels"]
    detector = OpenMax(None, tailsize=tail, alpha=alpha)
    detector.fit_logits(tensor(arrays["fit.logits"][right]).double(), labels_of(arrays)[right])
    return detector.predict_logits(tensor(logits).double()).numpy()


def grad_norm(arrays, z, logits):
    detector = GradNorm(head_of(arrays), param_filter=lambda name: name == "weight")
    return detector.to("cpu").predict(tensor(z)).numpy()


def lts(arrays, z, logits):
    return LTS(None, head_of(arrays)).predict_features(tensor(z)).numpy()


def vim(arrays, dims=0.99, origin="mean"):
    if origin == "mean":
        return None
    return ViM(None, d=dims, w=tensor(arrays["kernel"].T), b=tensor(arrays["bias"]))


SCORERS = {
    "msp": on_logits(lambda: MaxSoftmax.score),
    "maxLogit": on_logits(lambda: MaxLogit.score),
    "entropy": on_logits(lambda: Entropy.score),
    "energy": on_logits(lambda temperature=1: lambda l: EnergyBased.score(l, t=temperature)),
    "gen": on_logits(lambda gamma=0.1, top=None: lambda l: GEN.score(l, gamma=gamma, M=top)),
    "odin": on_logits(lambda temperature=1000: lambda l: MaxSoftmax.score(l, t=temperature)),
    "klMatching": fitted_logits(lambda: KLMatching(None)),
    "openMax": open_max,
    "mahalanobis": on_features(
        lambda arrays, cutoff=None: None if cutoff else Mahalanobis(None)
    ),
    "rmds": on_features(lambda arrays, cutoff=None: None if cutoff else RMD(None)),
    "deepKnn": on_features(lambda arrays, neighbors=50: KNN(None, k=neighbors)),
    "vim": on_features(vim),
    "she": on_features(
        lambda arrays, pattern="predicted": SHE(None, head_of(arrays)) if pattern == "predicted" else None
    ),
    "dice": on_features(
        lambda arrays, percentile=0.9: DICE(
            None, tensor(arrays["kernel"].T), tensor(arrays["bias"]), p=percentile
        )
    ),
    "fdbd": on_features(lambda arrays: fDBD(None, head_of(arrays))),
    "nnGuide": on_features(lambda arrays, neighbors=10: NNGuide(None, head_of(arrays), k=neighbors)),
    "nci": on_features(lambda arrays, alpha=1e-4: NCI(None, head_of(arrays), alpha=alpha)),
    "gradNorm": grad_norm,
    "lts": lts,
    "pnml": on_features(lambda arrays: PNML(None, head_of(arrays))),
    "gmm": on_features(
        lambda arrays, covariance="full": GMM(None) if covariance == "full" else None
    ),
}
