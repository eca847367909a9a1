"""What the fuzz of layers draws with: numbers by seed, inputs, activations.

A plan is one small model that is not built yet: its inputs, and either a list
of layers in a row, or a function from the inputs to the outputs.
"""

from dataclasses import dataclass, field

import numpy as np

ACTIVATIONS = [
    "elu", "selu", "relu", "relu6", "gelu", "silu", "mish", "tanh", "sigmoid",
    "hard_sigmoid", "softplus", "softsign", "softmax", "log_softmax",
    "exponential", "linear", "leaky_relu",
]
ONLY_KERAS_3 = [
    "celu", "hard_silu", "hard_tanh", "hard_shrink", "soft_shrink", "log_sigmoid",
    "squareplus", "sparse_plus", "sparse_sigmoid", "sparsemax", "tanh_shrink",
    "threshold", "glu",
]

LETTERS = ["a", "b", "cat", "The", "über", "ß", "\U0001f600", "don't", "x-y", "[UNK]", "7"]
SPACES = [" ", " ", "  ", "\t", "\n", "\u00a0"]


def text(d, most):
    """A text of up to some words; of one word, the word alone."""
    words = [d.of(*LETTERS) for _ in range(d.int(0, most))]
    return "".join(words if most == 1 else (word + d.of(*SPACES) for word in words))


# Rows: how their numbers are drawn.
ROW_KINDS = ["plain", "plain", "plain", "large", "tiny", "ties", "zeros", "even", "holes"]


@dataclass
class Feed:
    """One input: its sizes, those that the model does not know, its numbers."""

    shape: tuple
    kind: str = "float"  # or "ids", "mask", "whole", "text"
    most: int = 6
    unknown: tuple = ()  # axes, from 0 after the rows
    holes: float | None = None  # rows of steps get holes of this value
    positive: bool = False


@dataclass
class Plan:
    """One model to be."""

    cls: str
    feeds: list
    layers: list | None = None
    build: object = None
    smooth: bool = True  # false: a value may jump where its input hardly moves
    static: bool = False  # true: sizes must be known
    notes: dict = field(default_factory=dict)


class Draw:
    """Choices by seed, for one package: Keras 3 or tf_keras."""

    def __init__(self, seed, keras, is3, wide=False):
        self.wide = wide
        self.policy = None
        self.rng = np.random.default_rng(seed)
        self.keras = keras
        self.L = keras.layers
        self.is3 = is3

    def of(self, *values):
        return values[int(self.rng.integers(len(values)))]

    def int(self, low, high):
        return int(self.rng.integers(low, high + 1))

    def chance(self, share):
        return bool(self.rng.random() < share)

    def real(self, low, high):
        return round(float(self.rng.uniform(low, high)), 3)

    def ints(self, count, low, high):
        """One number for all, or one each."""
        if self.chance(0.4):
            return self.int(low, high)
        return tuple(self.int(low, high) for _ in range(count))

    def sizes(self, count):
        """Odd and tiny sizes of maps."""
        most = {1: 9, 2: 7, 3: 5}[count]
        return tuple(self.of(1, 2, 3, *range(3, most + 1)) for _ in range(count))

    def unknown(self, axes):
        """Axes whose sizes the model does not know."""
        return tuple(a for a in axes if self.chance(0.7)) if self.chance(0.25) else ()

    def some(self, **options):
        """Options, each left out now and then, so that defaults come too."""
        return {k: v for k, v in options.items() if not self.chance(0.3)}

    def activation(self, layers=True):
        """Any activation: by name, as a function, or as a layer."""
        if self.chance(0.2):
            return None
        if layers and self.chance(0.15):
            return self.activation_layer()
        names = ACTIVATIONS + (ONLY_KERAS_3 if self.is3 else [])
        name = self.of(*names)
        if name == "silu" and not self.is3:
            name = "swish"
        if self.chance(0.1) and hasattr(self.keras.activations, name):
            return getattr(self.keras.activations, name)
        return name

    def activation_layer(self):
        L = self.L
        slope = "negative_slope" if self.is3 else "alpha"
        return self.of(
            lambda: L.LeakyReLU(**{slope: self.real(0, 1)}),
            lambda: L.ReLU(**self.some(max_value=self.of(None, self.real(0.1, 3)),
                                       negative_slope=self.of(0.0, self.real(0, 1)),
                                       threshold=self.of(0.0, self.real(0, 1)))),
            lambda: L.ELU(**self.some(alpha=self.real(0.1, 2))),
            lambda: L.Softmax(),
            lambda: L.Activation(self.of("tanh", "gelu", "softplus")),
        )()

    def rows(self, feed, count):
        """The numbers of an input."""
        shape = (count, *feed.shape)
        rng = self.rng
        if feed.kind == "ids":
            ids = rng.integers(0, feed.most, shape)
            if feed.holes is not None:
                ids = np.where(self.mask(shape[0], shape[1]), np.maximum(ids, 1), 0)
            return ids.astype("int32")
        if feed.kind == "text":
            texts = [text(self, feed.most) for _ in range(int(np.prod(shape)))]
            return np.array(texts, object).reshape(shape)
        if feed.kind == "mask":
            if len(feed.shape) == 1:
                return self.mask(*shape)
            return rng.random(shape) < 0.6
        x = np.stack([self.row(feed.shape) for _ in range(count)])
        if feed.kind == "whole":
            x = np.round(x)
        if feed.positive:
            x = np.abs(x) + 0.1
        if feed.holes is not None:
            mask = self.mask(shape[0], shape[1])
            x = np.where(mask.reshape(*mask.shape, *[1] * (x.ndim - 2)), x, feed.holes)
        return x.astype("float32")

    def row(self, shape):
        x = self.rng.normal(size=shape)
        kind = self.of(*ROW_KINDS)
        if kind == "large":
            x = x * 1e3
        elif kind == "tiny":
            x = x * 1e-3
        elif kind == "ties":
            x = np.round(x * 2) / 2
        elif kind == "zeros":
            x = x * 0
        elif kind == "even":
            x = x * 0 + self.real(-2, 2)
        elif kind == "holes":
            x = np.where(self.rng.random(shape) < 0.4, 0, x)
        return x

    def mask(self, rows, steps):
        """Rows of steps: all there, holes, padding on either side, padding alone."""
        mask = np.ones((rows, steps), bool)
        for row in mask:
            kind = self.of("all", "holes", "holes", "right", "left", "none")
            if kind == "holes":
                row[:] = self.rng.random(steps) < 0.5
            elif kind == "right":
                row[self.int(0, steps):] = False
            elif kind == "left":
                row[: self.int(0, steps)] = False
            elif kind == "none":
                row[:] = False
        return mask
