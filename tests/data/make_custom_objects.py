"""Files of the real Keras with custom objects and with constant arrays, and
what Keras computes: `custom_objects/*.keras`, `*.h5`, `expected.json`.

Versions: keras 3.15.1, tf_keras 2.21.0, tensorflow 2.21.0.
Run: python tests/data/make_custom_objects.py, then with the argument "more",
then with "parts"
"""

import json
import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import tensorflow as tf
import tf_keras

FOLDER = pathlib.Path(__file__).resolve().parent / "custom_objects"
FOLDER.mkdir(exist_ok=True)
L, ops = keras.layers, keras.ops
EXPECTED = {}


def keep(name, model, *shapes):
    rng = np.random.default_rng(len(name))
    for layer in model.layers:
        layer.set_weights([rng.normal(size=w.shape).astype("float32") for w in layer.get_weights()])
    xs = [rng.uniform(0, 3, (2, *shape)).astype("float32") for shape in shapes]
    if "masked" in name:
        xs[0][0, 3:] = 0
    model.save(FOLDER / name)
    y = model.predict(xs if len(xs) > 1 else xs[0], verbose=0)
    EXPECTED[name] = {
        "x": [{"shape": x.shape, "data": x.reshape(-1).tolist()} for x in xs],
        "y": {"shape": y.shape, "data": np.asarray(y, "float32").reshape(-1).tolist()},
    }


@keras.saving.register_keras_serializable(package="my")
def mish_like(x):
    return x * ops.tanh(ops.softplus(x))


@keras.saving.register_keras_serializable(package="my")
class Twice(L.Layer):
    def call(self, x):
        return x * 2


@keras.saving.register_keras_serializable(package="my")
class Block(L.Layer):
    """A layer with layers inside."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.proj = L.Dense(units, activation="tanh")
        self.gate = L.Dense(units)

    def build(self, shape):
        self.proj.build(shape)
        self.gate.build(shape)
        self.built = True

    def call(self, x):
        return self.proj(x) * ops.sigmoid(self.gate(x))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="my")
class Scaled(keras.Operation):
    def __init__(self, factor, name=None):
        super().__init__(name=name)
        self.factor = factor

    def call(self, x, y):
        return x * self.factor + y

    def compute_output_spec(self, x, y):
        return keras.KerasTensor(x.shape, x.dtype)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable(package="my")
class MyDense(L.Dense):
    pass


def main():
    image = keras.Input((6, 5, 3), name="image")
    pool = lambda x: L.GlobalAveragePooling2D(name="g")(x)
    for kind in ("resnet50", "densenet", "vgg16", "mobilenet_v2"):
        prepare = getattr(keras.applications, kind).preprocess_input
        keep(f"{kind}_preprocess.keras", keras.Model(image, pool(prepare(image))), (6, 5, 3))
    keep("resnet50_preprocess.h5", keras.Model(image, pool(keras.applications.resnet50.preprocess_input(image))), (6, 5, 3))
    keep("plus_array.keras", keras.Model(image, pool(image + np.array([1.0, 2, 3], "float32"))), (6, 5, 3))
    for number in (1, 2):
        keras.backend.clear_session()
        v = keras.Input((4,), name="v")
        keep(f"plus_{number}.keras", keras.Model(v, v + np.array([1, 2, 3, number], "float32"), name="m"), (4,))
    v = keras.Input((4,), name="v")
    keep("add_layer.keras", keras.Model(v, L.Add(name="a")([v, ops.convert_to_tensor(np.arange(4, dtype="float32")[None])])), (4,))
    keep("maximum_array.keras", keras.Model(v, ops.maximum(v, np.array([1, 2, 0, 3], "float32"))), (4,))
    for end in ("keras", "h5"):
        keep(f"mish.{end}", keras.Model(v, L.Dense(2, name="out")(L.Dense(3, activation=mish_like, name="d")(v))), (4,))
        keep(f"twice.{end}", keras.Model(v, Twice(name="t")(v)), (4,))
        keep(f"my_dense.{end}", keras.Model(v, MyDense(3, name="d", activation="softmax")(v)), (4,))
        keep(f"block.{end}", keras.Model(v, Block(3, name="b")(v)), (4,))
    keep("softmax_v2.keras", keras.Model(v, L.Dense(3, activation=tf.nn.softmax, name="d")(v)), (4,))
    w = keras.Input((4,), name="w")
    keep("scaled.keras", keras.Model([v, w], Scaled(3.0, name="s")(v, w)), (4,), (4,))
    old = tf_keras.Input((4,), name="v")
    keep("k2_shape.h5", tf_keras.Model(old, tf.reshape(old, [tf.shape(old)[0], 2, 2])), (4,))
    keep("k2_betainc.h5", tf_keras.Model(old, tf.math.betainc(old, 1.0, 0.5)), (4,))
    (FOLDER / "expected.json").write_text(json.dumps(EXPECTED, indent=1) + "\n")


@keras.saving.register_keras_serializable(package="my")
class Cell(L.Layer):
    """A cell of a recurrent layer."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = self.output_size = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")
        self.built = True

    def call(self, x, states):
        h = ops.tanh(ops.matmul(x, self.kernel) - states[0])
        return h, [h]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@tf_keras.utils.register_keras_serializable(package="my")
class OldDense(tf_keras.layers.Dense):
    pass


@tf_keras.utils.register_keras_serializable(package="my")
class OldBlock(tf_keras.layers.Layer):
    """A layer with layers inside, whose names Keras 2 leaves out in .h5."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.proj = tf_keras.layers.Dense(units)
        self.norm = tf_keras.layers.LayerNormalization()

    def build(self, shape):
        self.proj.build(shape)
        self.norm.build((*shape[:-1], self.units))
        self.built = True

    def call(self, x):
        return self.norm(self.proj(x))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def more():
    """Files that came later: they are added to those of `main`."""
    EXPECTED.update(json.loads((FOLDER / "expected.json").read_text()))
    steps = keras.Input((5, 4), name="steps")
    for end in ("keras", "h5"):
        keep(f"cell.{end}", keras.Model(steps, L.RNN(Cell(3, name="c"), name="r")(steps)), (5, 4))
    l2 = tf_keras.layers
    old = tf_keras.Input((4,), name="v")
    two = l2.Dense(3, name="o")(OldDense(3, name="d", activation="tanh")(l2.Dense(3, name="a")(old)))
    for end in ("keras", "h5"):
        keep(f"k2_two_classes.{end}", tf_keras.Model(old, two), (4,))
        keep(f"k2_block.{end}", tf_keras.Model(old, OldBlock(3, name="b")(old)), (4,))
    (FOLDER / "expected.json").write_text(json.dumps(EXPECTED, indent=1) + "\n")


@keras.saving.register_keras_serializable(package="my")
class MaskedMean(L.Layer):
    """A layer that uses the mask of its input, which Keras 3 stores as an argument."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, x, mask=None):
        kept = ops.cast(mask, "float32")[..., None]
        return ops.sum(x * kept, axis=1) / ops.sum(kept, axis=1)

    def compute_mask(self, x, mask=None):
        return None


@keras.saving.register_keras_serializable(package="my")
class Transformer(L.Layer):
    """A layer with layers in attributes, and in a Sequential."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.att = L.MultiHeadAttention(2, 3)
        self.ffn = keras.Sequential([L.Dense(5, activation="relu"), L.Dense(4)])
        self.norm = L.LayerNormalization()

    def build(self, shape):
        self.att.build(shape, shape)
        self.ffn.build(shape)
        self.norm.build(shape)
        self.built = True

    def call(self, x):
        x = self.norm(x + self.att(x, x))
        return x + self.ffn(x)


@keras.saving.register_keras_serializable(package="my")
class Records(L.Layer):
    """A layer on a record, which gives one."""

    def call(self, inputs):
        return {"sum": inputs["w"] + inputs["v"], "difference": inputs["w"] - inputs["v"]}


def parts():
    """Files that came last: they are added to those before."""
    EXPECTED.update(json.loads((FOLDER / "expected.json").read_text()))
    steps = keras.Input((5, 4), name="steps")
    for end in ("keras", "h5"):
        stacked = L.RNN([Cell(3, name="c"), L.GRUCell(2, name="g"), Cell(2, name="e")], name="r")
        keep(f"stacked.{end}", keras.Model(steps, stacked(steps)), (5, 4))
        masked = MaskedMean(name="mean")(L.Masking(name="masking")(steps))
        keep(f"masked_mean.{end}", keras.Model(steps, masked), (5, 4))
        keep(f"transformer.{end}", keras.Model(steps, Transformer(name="t")(steps)), (5, 4))
        v, w = keras.Input((4,), name="v"), keras.Input((4,), name="w")
        found = Records(name="r")({"w": w, "v": v})
        keep(f"records.{end}", keras.Model([v, w], L.Subtract(name="s")([found["sum"], 2 * found["difference"]])), (4,), (4,))
    (FOLDER / "expected.json").write_text(json.dumps(EXPECTED, indent=1) + "\n")


more() if "more" in sys.argv else parts() if "parts" in sys.argv else main()
