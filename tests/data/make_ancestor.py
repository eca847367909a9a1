"""Makes tests/data/ancestor: what oodeel 0.4 computes, for our own numbers to be held against.

    sh tests/data/make_venv.sh
    .venv-oodeel/bin/python tests/data/make_ancestor.py

Each folder holds a Keras 2 model as TF.js reads it (model.json and weights,
written by tensorflowjs) and cases.json. A case says by what its numbers were
made: "oodeel" (KerasFeatureExtractor, and ODIN's perturbation), "numpy" (the
formula in float64, where oodeel has no such option), or "tensorflow" (the
true number by tf.keras, where oodeel gives another; the note says why).
Whatever oodeel gave was held against NumPy or tf.keras here first.
"""

import numpy as np
import tensorflow as tf

from _recipe import ABOUT, HERE, Pool, clear, import_converter
from _recipe import set_random_weights, versions, write_record

import oodeel
import tensorflow_probability as tfp
from oodeel.extractor import KerasFeatureExtractor
from oodeel.methods import ODIN

tensorflowjs = import_converter()
K = tf.keras.layers
PERCENTILES = (0.65, 0.8, 0.9, 0.95)
QUANTILES = (0.5, 0.8, 0.9, 0.99)
TARGET = HERE / "ancestor"
EMPTY_ROW = "oodeel gives NaN where nothing exceeds the percentile; ours leaves the row as it is"


def close(actual, expected, rtol=2e-6):
    """Stops unless two arrays agree, relative to the largest value."""
    actual, expected = np.asarray(actual, "float64"), np.asarray(expected, "float64")
    assert actual.shape == expected.shape, (actual.shape, expected.shape)
    error = np.abs(actual - expected).max() / max(np.abs(expected).max(), 1e-30)
    assert error <= rtol, error


def shaped(penultimate, kind, percentile, interpolation, variant="s"):
    """ASH or SCALE by its formula, in float64; rows where nothing exceeds stay."""
    a = np.asarray(penultimate, "float64")
    units = a.shape[1]
    if interpolation == "nearest":
        # As TensorFlow Probability 0.23 has it, and NumPy: halves to even, counted upwards.
        bound = np.sort(a, axis=1)[:, int(np.rint((units - 1) * percentile))]
    else:
        bound = np.quantile(a, percentile, axis=1, method="linear")
    mask = a > bound[:, None]
    some = mask.any(axis=1, keepdims=True)
    kept = np.where(mask, a, 0)
    with np.errstate(all="ignore"):
        s = np.exp(a.sum(1, keepdims=True) / kept.sum(1, keepdims=True))
        value = a.sum(1, keepdims=True) / mask.sum(1, keepdims=True)
    if kind == "scale":
        result = a * s
    elif variant == "s":
        result = kept * s
    elif variant == "p":
        result = kept
    else:
        result = np.where(mask, value, 0)
    return np.where(some, result, a)


class Family:
    """One model, its inputs, and its record."""

    def __init__(self, name, build, shape, seed, rows=6, layers=(), inputs=None):
        self.name, self.build, self.layers = name, build, list(layers)
        self.rng = np.random.default_rng(seed)
        self.model = build(False)
        set_random_weights(self.model, self.rng)
        self.twin = build(True)  # the same, without its last softmax or sigmoid
        self.twin.set_weights(self.model.get_weights())
        x = self.rng.normal(0, 1, (rows, *shape)) if inputs is None else inputs
        self.x = np.asarray(x, "float32")
        self.pool, self.cases, self.quantiles, self.weights = Pool(), [], [], []
        self.pool.add("x", self.x)
        self.logits = self.twin.predict(self.x, verbose=0)

    def copy(self):
        """The same model, sharing nothing: oodeel changes what it is given."""
        model = self.build(False)
        model.set_weights(self.model.get_weights())
        return model

    def tap(self, name, x=None):
        """What a layer of the top level gives, by tf.keras."""
        layer = self.model.get_layer(name) if isinstance(name, str) else self.model.layers[name]
        tapped = tf.keras.Model(self.model.inputs, layer.output)
        return tapped.predict(self.x if x is None else x, verbose=0)

    def penultimate_of(self, head):
        """What feeds a layer of the top level, by the graph."""
        fed = tf.keras.Model(self.model.inputs, self.model.get_layer(head).input)
        return fed.predict(self.x, verbose=0)

    def oodeel(self, x=None, **options):
        """Features and logits by oodeel, over a model that no other call has touched."""
        options["feature_layers_id"] = list(options.get("feature_layers_id", []))
        extractor = KerasFeatureExtractor(self.copy(), **options)
        features, info = extractor.predict(tf.constant(self.x if x is None else x))
        return [f.numpy() for f in features], info["logits"].numpy()

    def case(self, name, by, settings, features=(), logits=None, inputs="x", note=None, **more):
        """Writes a case down."""
        expected = {
            "features": [self.pool.share(f"{name}/{i}", f) for i, f in enumerate(features)],
        }
        if logits is not None:
            expected["logits"] = self.pool.share(f"{name}/logits", logits)
        for key in ("penultimate", "gradient", "perturbed", "compare"):
            if key in more:
                add = self.pool.add if key == "compare" else self.pool.share
                expected[key] = add(f"{name}/{key}", more[key])
        case = {"name": name, "by": by, "settings": settings, "inputs": inputs}
        if note:
            case["note"] = note
        self.cases.append({**case, "expected": expected})

    # -- groups of cases ----------------------------------------------------

    def plain(self):
        features, logits = self.oodeel(feature_layers_id=self.layers)
        close(logits, self.logits)
        self.case("plain", "oodeel", {"layers": self.layers}, features, logits)

    def read_weights(self, *ids):
        extractor = KerasFeatureExtractor(self.copy())
        for id in ids:
            arrays = extractor.get_weights(id)
            names = [
                self.pool.share(f"weights/{id}/{i}", array) for i, array in enumerate(arrays)
            ]
            self.weights.append({"id": id, "arrays": names})

    def shapings(self, penultimate, kernel, bias, by="oodeel", head=None, settings=None, note=None, prefix=""):
        """ReAct, ASH, SCALE and VRA at one head.

        `head` is what oodeel is told, `settings` what ours is told.
        """
        a = np.asarray(penultimate, "float64")
        options = {} if head is None else {"head_layer_id": head}
        ours = dict(settings or {})

        def out(shaped_a):
            return shaped_a @ kernel.astype("float64") + bias.astype("float64")

        def both(name, change, oodeel_options, expected):
            features, logits, made, why = [], expected, by, note
            if made == "oodeel":
                features, logits = self.oodeel(
                    feature_layers_id=self.layers[-1:], **options, **oodeel_options
                )
                if np.isnan(logits).any():
                    logits, made, why = expected, "numpy", EMPTY_ROW
                close(logits, expected, 1e-5)
                change = {"layers": self.layers[-1:], **change}
            self.case(prefix + name, made, {**ours, **change}, features, logits, note=why)

        for quantile in (0.5, 0.9):
            bound = round(float(np.quantile(a, quantile)), 4)
            both(f"react {bound}", {"react": bound}, {"react_threshold": bound}, out(np.minimum(a, bound)))
        for p in PERCENTILES:
            for kind in ("ash", "scale"):
                both(f"{kind} {p} nearest", {kind: [p]}, {f"{kind}_percentile": p}, out(shaped(a, kind, p, "nearest")))
                self.case(
                    f"{prefix}{kind} {p} linear", "numpy",
                    {**ours, kind: [p, {"interpolation": "linear"}]},
                    logits=out(shaped(a, kind, p, "linear")),
                )
        for variant in ("p", "b"):
            self.case(
                f"{prefix}ash 0.8 {variant}", "numpy", {**ours, "ash": [0.8, {"variant": variant}]},
                logits=out(shaped(a, "ash", 0.8, "nearest", variant)),
            )
        low, high = (round(float(np.quantile(a, q)), 4) for q in (0.55, 0.9))
        self.case(
            f"{prefix}vra {low} {high}", "numpy", {**ours, "vra": [low, high]},
            logits=out(np.where(a < low, 0, np.minimum(a, high))),
        )
        self.case(
            f"{prefix}penultimate", by, {**ours, "penultimate": True},
            logits=out(a), penultimate=penultimate, note=note,
        )
        for quantile in QUANTILES:
            threshold = float(np.quantile(a, quantile))
            row = {"quantile": quantile, "threshold": threshold}
            if ours:
                row["settings"] = ours
            self.quantiles.append(row)

    def perturb(self, epsilon=0.05, temperatures=(1, 1000, 0.5), x=None, inputs="x", prefix="", extra=None, binary=False, by="oodeel", note=None):
        """x − ε · sign(∂ CE(logits / T, argmax) / ∂x), then features and logits."""
        x = self.x if x is None else np.asarray(x, "float32")
        tap = tf.keras.Model(self.twin.inputs, [self.twin.get_layer(n).output for n in self.layers if isinstance(n, str)] + self.twin.outputs)
        tf.keras.backend.set_floatx("float64")
        exact = self.build(True)
        tf.keras.backend.set_floatx("float32")
        exact.set_weights(self.twin.get_weights())
        for temperature in temperatures:
            gradient, residual = self._gradient(self.twin, x, temperature, binary)
            if not prefix:  # saturated, float32 drops 1 − p of the largest class
                close(self._gradient(exact, x, temperature, binary)[0], gradient, 1e-3)
            # The float32 residual pulled back in float64 tells rounding on the
            # way back, whose sign no other program need share, from the rest.
            pulled = self._pull(exact, x, residual, temperature)
            largest = np.abs(pulled).reshape(len(x), -1).max(1).reshape(-1, *[1] * (x.ndim - 1))
            share = self._smallest_share(exact, x, temperature, binary)
            clear_sign = (np.abs(pulled) > share * largest) & (np.sign(pulled) == np.sign(gradient))
            compare = ((pulled == 0) & (gradient == 0)) | clear_sign
            assert compare.mean() > 0.85, compare.mean()
            perturbed = (x - np.float32(epsilon) * np.sign(gradient)).astype("float32")
            if by == "oodeel":
                detector = ODIN(temperature=temperature, eps=epsilon)
                detector.fit(self.copy())
                theirs = detector._input_perturbation(tf.constant(x), epsilon, temperature)
                same = np.abs(theirs.numpy() - perturbed) < 1e-6
                assert same[compare].all()
            *features, logits = tap.predict(perturbed, verbose=0) if len(self.layers) else [tap.predict(perturbed, verbose=0)]
            names = [n for n in self.layers if isinstance(n, str)]
            settings = {"layers": names, "perturb": {"epsilon": epsilon, "temperature": temperature}}
            if not names:
                settings.pop("layers")
            self.case(
                f"{prefix}perturb T={temperature}", by, settings, features, logits,
                inputs=inputs, note=note, gradient=gradient, perturbed=perturbed,
                compare=compare.astype("uint8"),
            )

    @staticmethod
    def _logits(model, x, binary):
        z = model(x, training=False)
        return tf.concat([tf.zeros_like(z), z], 1) if binary else z

    def _gradient(self, model, x, temperature, binary):
        x = tf.constant(x, model.weights[0].dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            z = self._logits(model, x, binary) / temperature
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.argmax(z, 1), z)
            loss = tf.reduce_sum(loss)
        residual = tf.nn.softmax(z) - tf.one_hot(tf.argmax(z, 1), z.shape[1], dtype=z.dtype)
        residual = residual[:, 1:] if binary else residual
        return tape.gradient(loss, x).numpy(), residual.numpy()

    @staticmethod
    def _pull(model, x, residual, temperature):
        x = tf.constant(x, "float64")
        with tf.GradientTape() as tape:
            tape.watch(x)
            z = model(x, training=False) / temperature
        return tape.gradient(z, x, output_gradients=tf.constant(residual, "float64")).numpy()

    def _smallest_share(self, model, x, temperature, binary):
        """From which share of a row's largest gradient on a sign is certain.

        1e-6, and more where 1 − p of the largest class is so small that its
        last bit in float32 counts; none where it may or may not round to 0.
        """
        z = self._logits(model, tf.constant(x, "float64"), binary) / temperature
        rest = np.sort(tf.nn.softmax(z).numpy(), 1)[:, :-1].sum(1)
        share = np.maximum(1e-6, 1.2e-7 / rest)
        share[rest < 1e-5] = np.inf
        share[rest < 1e-9] = 1e-6
        return share.reshape(-1, *[1] * (x.ndim - 1))

    def write(self, activation):
        folder = clear(TARGET / self.name)
        tensorflowjs.converters.save_keras_model(self.copy(), str(folder))
        write_record(folder / "cases.json", {
            "about": ABOUT,
            "madeBy": "tests/data/make_ancestor.py",
            "versions": {**versions(tfp, tensorflowjs), "oodeel": "0.4.0"},
            "name": self.name,
            "activation": activation,
            "layers": [layer.name for layer in self.model.layers],
            "weights": self.weights,
            "fitReact": self.quantiles,
            "cases": self.cases,
            "arrays": self.pool.arrays,
        })


def head_weights(family, name):
    kernel, bias = family.twin.get_layer(name).get_weights()
    return kernel, bias


def last(linear, activation):
    return None if linear else activation


# -- the models -------------------------------------------------------------


def convnet():
    """The structure of oodeel's own test model: a linear head."""
    def build(_):
        return tf.keras.Sequential([
            K.Conv2D(4, 2, activation="relu", input_shape=(12, 12, 3), name="conv2d"),
            K.MaxPooling2D(2, name="max_pooling2d"),
            K.Dropout(0.25, name="dropout"),
            K.Flatten(name="flatten"),
            K.Dense(10, name="dense"),
        ], name="convnet")

    f = Family("convnet", build, (12, 12, 3), 1, rows=5, layers=["conv2d", "max_pooling2d", "flatten"])
    f.plain()
    features, logits = f.oodeel(feature_layers_id=[0, -3, -2, -1])
    f.case("by index", "oodeel", {"layers": [0, -3, -2, -1]}, features, logits)
    features, logits = f.oodeel(feature_layers_id=[-1], head_layer_id="dense")
    f.case("head by name", "oodeel", {"layers": [-1], "head": "dense"}, features, logits)
    features, logits = f.oodeel(feature_layers_id=[-1], head_layer_id=4)
    f.case("head by index", "oodeel", {"layers": [-1], "head": 4}, features, logits)
    pooled = f.tap("max_pooling2d")
    f.pool.add("pooled", pooled)
    for id in ("dropout", -3, 2):
        features, logits = f.oodeel(pooled, feature_layers_id=["flatten"], input_layer_id=id)
        close(logits, f.logits)
        f.case(f"input at {id}", "oodeel", {"layers": ["flatten"], "input": id}, features, logits, inputs="pooled")
    flat = f.tap("flatten")
    f.pool.share("flat", flat)
    features, logits = f.oodeel(flat, feature_layers_id=[-1], input_layer_id=-1)
    f.case("input at -1", "oodeel", {"layers": [-1], "input": -1}, features, logits, inputs=f.pool.share("flat", flat))
    f.shapings(flat, *head_weights(f, "dense"))
    f.read_weights(-1, "conv2d", "flatten")
    f.layers = ["flatten"]
    f.perturb()
    f.write("none")


def mlp():
    """A softmax fused into the last Dense; a penultimate of 26 units meets a half at 0.9."""
    def build(linear):
        return tf.keras.Sequential([
            K.Dense(24, activation="relu", input_shape=(8,), name="first"),
            K.Dense(26, activation="softplus", name="second"),
            K.Dense(5, activation=last(linear, "softmax"), name="head"),
        ], name="mlp")

    f = Family("mlp", build, (8,), 2, rows=12, layers=["first", "second"])
    f.plain()
    probabilities = f.model.predict(f.x, verbose=0)
    f.case(
        "last layer", "tensorflow", {"layers": [-1]}, [probabilities], f.logits,
        note="oodeel gives the logits again: it takes the softmax off the user's model, so a feature of the last layer is not what the model outputs",
    )
    kernel, bias = head_weights(f, "first")
    features, _ = f.oodeel(feature_layers_id=["first"])
    f.case(
        "head before its activation", "tensorflow", {"layers": ["first"], "head": "first"}, features,
        f.x.astype("float64") @ kernel + bias,
        note="oodeel linearises the last layer, not the head that was named, so its logits are after the relu",
    )
    second = f.tap("second")
    features, logits = f.oodeel(second, feature_layers_id=[], input_layer_id="head")
    f.case("input at head", "oodeel", {"input": "head"}, features, logits, inputs=f.pool.share("second", second))
    f.shapings(second, *head_weights(f, "head"))
    f.read_weights(0, -1)
    f.perturb()
    gradient, _ = f._gradient(f.twin, f.x, 1000, False)
    moved = f.x - np.float32(0.05) * np.sign(gradient)
    a = f.tap("second", moved)
    kernel, bias = head_weights(f, "head")
    f.case("perturb T=1000, then ash", "numpy", {"layers": ["second"], "perturb": {"epsilon": 0.05, "temperature": 1000}, "ash": [0.8]},
           [a], shaped(a, "ash", 0.8, "nearest") @ kernel.astype("float64") + bias,
           note="the gradient is that of the unshaped logits")
    # Saturated: along each row's direction until the two largest logits are 25 apart.
    rows = []
    for row in f.x:
        def gap(scale):
            z = np.sort(f.twin.predict((row * scale)[None], verbose=0)[0])
            return z[-1] - z[-2]
        scales = np.geomspace(1, 200, 60)
        batch = np.sort(f.twin.predict(row * scales[:, None], verbose=0), 1)
        gaps = batch[:, -1] - batch[:, -2]
        found = np.flatnonzero((gaps > 24) & (gaps < 40))
        if len(found):
            rows.append(row * scales[found[0]])
    assert len(rows) >= 4, len(rows)
    saturated = np.asarray(rows[:6], "float32")
    f.pool.add("saturated", saturated)
    f.perturb(x=saturated, inputs="saturated", prefix="saturated ")
    f.write("softmax")


def branched():
    """Functional: two branches, a merge, a dropout before the head."""
    def build(linear):
        x = tf.keras.Input((8, 8, 2), name="image")
        stem = K.Conv2D(4, 3, padding="same", activation="relu", name="stem")(x)
        left = K.MaxPooling2D(2, name="left_pool")(stem)
        left = K.Flatten(name="left_flat")(left)
        left = K.Dense(12, name="left_dense")(left)
        left = K.Activation("relu", name="left_relu")(left)
        right = K.BatchNormalization(name="right_norm")(stem)
        right = K.Activation("relu", name="right_relu")(right)
        right = K.GlobalAveragePooling2D(name="right_pool")(right)
        both = K.Concatenate(name="both")([left, right])
        dropped = K.Dropout(0.5, name="dropout")(both)
        y = K.Dense(5, activation=last(linear, "softmax"), name="head")(dropped)
        return tf.keras.Model(x, y, name="branched")

    f = Family("branched", build, (8, 8, 2), 3, rows=6, layers=["stem", "right_pool", "both"])
    f.plain()
    indices = [1, 4, -2]
    features, logits = f.oodeel(feature_layers_id=indices)
    f.case("by index", "oodeel", {"layers": indices}, features, logits)
    both = f.tap("both")
    f.pool.share("both", both)
    features, logits = f.oodeel(both, feature_layers_id=["dropout"], input_layer_id="dropout")
    f.case("input at dropout", "oodeel", {"layers": ["dropout"], "input": "dropout"}, features, logits, inputs=f.pool.share("both", both))
    f.shapings(both, *head_weights(f, "head"))
    fed = f.penultimate_of("left_dense")
    f.shapings(
        fed, *head_weights(f, "left_dense"), by="tensorflow", settings={"head": "left_dense"}, prefix="left ",
        note="oodeel takes the layer listed before the head, which is of the other branch, for its penultimate",
    )
    f.read_weights("left_dense", "right_norm")
    f.layers = ["both"]
    f.perturb()
    f.write("softmax")


def split_head(name, tail):
    """A Dense head with its softmax in a layer of its own."""
    def build(linear):
        layers = [
            K.Dense(20, activation="relu", input_shape=(6,), name="first"),
            K.Dense(16, activation="tanh", name="second"),
            K.Dense(4, name="scores"),
        ]
        return tf.keras.Sequential(layers + ([] if linear else [tail()]), name=name)
    return build


def activation_layer():
    build = split_head("activation_layer", lambda: K.Activation("softmax", name="probabilities"))
    f = Family("activation_layer", build, (6,), 4, rows=8, layers=["first", "second", "scores"])
    f.plain()
    second = f.tap("second")
    f.shapings(second, *head_weights(f, "scores"), head=-2)
    features, logits = f.oodeel(head_layer_id=-2, feature_layers_id=["second"])
    f.case("head by index", "oodeel", {"layers": ["second"], "head": -2}, features, logits)
    f.perturb()
    f.write("softmax")


def softmax_layer():
    build = split_head("softmax_layer", lambda: K.Softmax(name="probabilities"))
    f = Family("softmax_layer", build, (6,), 5, rows=8, layers=["first", "second", "scores"])
    features, wrong = f.oodeel(feature_layers_id=f.layers)
    close(wrong, f.model.predict(f.x, verbose=0))
    f.case("plain", "tensorflow", {"layers": f.layers}, features, f.logits,
           note="oodeel gives the probabilities as logits: it cannot take a Softmax layer off")
    features, logits = f.oodeel(head_layer_id="scores", feature_layers_id=f.layers)
    close(logits, f.logits)
    f.case("head by name", "oodeel", {"layers": f.layers, "head": "scores"}, features, logits)
    f.shapings(f.tap("second"), *head_weights(f, "scores"), head="scores")
    f.perturb(by="tensorflow", note="oodeel takes the softmax of the probabilities here")
    f.write("softmax")


def nested():
    """A Sequential inside a Sequential; the softmax is inside the inner one."""
    def build(linear):
        inner = tf.keras.Sequential([
            K.Dense(16, activation="relu", input_shape=(12,), name="hidden"),
            K.Dense(4, activation=last(linear, "softmax"), name="scores"),
        ], name="inner")
        return tf.keras.Sequential([
            K.Dense(12, activation="relu", input_shape=(6,), name="stem"),
            inner,
        ], name="nested")

    f = Family("nested", build, (6,), 6, rows=8, layers=["stem"])
    stem = f.tap("stem")
    inner, linear = f.model.get_layer("inner"), f.twin.get_layer("inner")
    hidden = tf.keras.Model(inner.inputs, inner.get_layer("hidden").output).predict(stem, verbose=0)
    probabilities = inner.predict(stem, verbose=0)
    f.case("plain", "tensorflow", {"layers": ["stem", "inner", "inner/hidden", "inner/scores"]},
           [stem, probabilities, hidden, probabilities], f.logits,
           note="oodeel cannot build its extractor: the inner model's own output is not connected to the input")
    f.shapings(hidden, *linear.get_layer("scores").get_weights(), by="tensorflow",
               note="oodeel takes the inner model for its head, which it cannot connect")
    f.perturb(by="tensorflow", note="oodeel cannot build its extractor here")
    f.write("softmax")


def dead_relu():
    """Rows in which every relu is dead: zero gradients, and a penultimate of zeros."""
    def build(linear):
        return tf.keras.Sequential([
            K.Dense(10, activation="relu", input_shape=(4,), name="first"),
            K.Dense(3, activation=last(linear, "softmax"), name="head"),
        ], name="dead_relu")

    x = np.float32([[1, 2, 0.5, 1], [-3, -2, -1, 0.5], [-1, -1, -4, -2], [0.25, -1.5, 1, 0], [0.5, 0.5, 0.5, -1], [0, 0, 0, 0]])
    f = Family("dead_relu", build, (4,), 7, layers=["first"], inputs=x)
    weights = f.model.get_weights()
    weights[0] = np.abs(weights[0])
    weights[0][3] = 0  # the last input feeds nothing
    weights[1] = np.float32([-0.2, -0.1, 0, -0.3, -0.05, -0.15, 0, -0.25, -0.1, -0.2])
    f.model.set_weights(weights)
    f.twin.set_weights(weights)
    f.logits = f.twin.predict(x, verbose=0)
    f.plain()
    first = f.tap("first")
    assert (first == 0).all(1).sum() >= 3
    kernel, bias = head_weights(f, "head")
    for kind in ("ash", "scale"):
        for p in PERCENTILES:
            for interpolation in ("nearest", "linear"):
                a = shaped(first, kind, p, interpolation)
                f.case(f"{kind} {p} {interpolation}", "numpy", {kind: [p, {"interpolation": interpolation}]},
                       logits=a @ kernel.astype("float64") + bias, note=EMPTY_ROW)
    f.perturb(epsilon=0.1)
    f.write("softmax")


def separable():
    """Depthwise convolution, batch normalisation, pooling."""
    def build(linear):
        x = tf.keras.Input((9, 9, 3), name="image")
        y = K.Conv2D(6, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
        y = K.BatchNormalization(name="norm")(y)
        y = K.ReLU(6.0, name="relu6")(y)
        y = K.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="depthwise")(y)
        y = K.BatchNormalization(name="norm2", epsilon=0.01)(y)
        y = K.LeakyReLU(0.1, name="leaky")(y)
        y = K.Conv2D(10, 3, activation="relu", name="conv2")(y)
        y = K.GlobalAveragePooling2D(name="pool")(y)
        return tf.keras.Model(x, K.Dense(4, activation=last(linear, "softmax"), name="head")(y), name="separable")

    f = Family("separable", build, (9, 9, 3), 8, rows=4, layers=["norm", "depthwise", "conv2", "pool"])
    f.plain()
    f.shapings(f.tap("pool"), *head_weights(f, "head"))
    f.read_weights("norm", "depthwise", "conv2")
    f.layers = ["pool"]
    f.perturb()
    f.write("softmax")


def sigmoid(name, units, seed):
    def build(linear):
        return tf.keras.Sequential([
            K.Dense(16, activation="relu", input_shape=(5,), name="first"),
            K.Dense(units, activation=last(linear, "sigmoid"), name="head"),
        ], name=name)

    f = Family(name, build, (5,), seed, rows=8, layers=["first"])
    f.plain()
    f.shapings(f.tap("first"), *head_weights(f, "head"))
    if units == 1:
        f.perturb(binary=True, by="tensorflow",
                  note="two classes with logits [0, z]; the softmax of one logit, as oodeel has it, has no gradient")
    f.write("sigmoid")


convnet()
mlp()
branched()
activation_layer()
softmax_layer()
nested()
dead_relu()
separable()
sigmoid("sigmoid_one", 1, 9)
sigmoid("sigmoid_many", 4, 10)
