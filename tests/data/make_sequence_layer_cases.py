"""Recurrent layers, wrappers and attention of the real Keras, and what they give.

One JSON file a family under `layer_cases`. Each case names the class, who wrote
the config (Keras 3 or 2), the config, the weights in Keras' order, inputs,
their masks, call arguments and their masks, and the outputs. Masks have holes,
padding on both sides, and rows of padding alone.

Versions: keras 3.15.1 (jax 0.10.2), tf_keras 2.21.0 (tensorflow 2.21.0).
Run: KERAS_BACKEND=jax python tests/data/make_sequence_layer_cases.py [family…]
"""

import json
import os
import sys

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # wrappers of tf_keras look there
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import tf_keras

FOLDER = os.path.join(os.path.dirname(__file__), "layer_cases")
CASES = {"recurrent": [], "wrappers": [], "attention": []}

NUMBERS = np.random.default_rng()  # each family begins anew

# Rows: all there, a hole, padding on the right, on the left, padding alone.
MASK = np.array(
    [
        [1, 1, 1, 1, 1],
        [1, 0, 1, 1, 0],
        [1, 1, 1, 0, 0],
        [0, 0, 1, 1, 1],
        [0, 0, 0, 0, 0],
    ],
    bool,
)
IDS = np.where(MASK, [[1, 2, 3, 4, 5]], 0) + np.where(MASK, [[0], [1], [2], [3], [4]], 0)


def draw(*shape):
    return NUMBERS.normal(size=shape).astype("float32")


def given(k, value):
    """A value as the package takes it: tf_keras asks for tensors."""
    return tf.constant(value) if k is tf_keras else value


def masked(k, value, mask):
    """A tensor that carries a mask, as a layer before would give it."""
    if k is tf_keras:
        made = tf.constant(value)
        made._keras_mask = tf.constant(mask)
        return made
    made = keras.ops.convert_to_tensor(value)
    keras.src.backend.set_keras_mask(made, mask=keras.ops.convert_to_tensor(mask))
    return made


def array(value):
    value = np.asarray(value)
    kind = {"b": "bool", "i": "int32"}.get(value.dtype.kind, "float32")
    cast = int if kind != "float32" else float
    numbers = value.astype("float32") if kind == "float32" else value
    data = [cast(f"{v:.9g}") if cast is float else int(v) for v in numbers.ravel()]
    return {"shape": list(value.shape), "dtype": kind, "data": data}


def flat(value):
    if isinstance(value, (list, tuple)):
        return [inner for one in value for inner in flat(one)]
    return [value]


def add(family, name, k, layer, call, inputs, *, masks=(), args=None, arg_masks=None):
    """Builds the layer by a first call, draws its weights, and calls it again."""
    call(layer)
    for weight in layer.weights:
        weight.assign(draw(*weight.shape) * 0.6)
    outputs = [np.asarray(y) for y in flat(call(layer))]
    config = k.saving.serialize_keras_object(layer)["config"]
    CASES[family].append(
        {
            "name": name,
            "class": type(layer).__name__,
            "dialect": 2 if k is tf_keras else 3,
            "config": config,
            "weights": [array(w.numpy() if k is tf_keras else w) for w in layer.weights],
            "inputs": [array(x) for x in inputs],
            "masks": [None if m is None else array(m) for m in masks],
            "args": {
                key: array(v) if hasattr(v, "shape") else v
                for key, v in (args or {}).items()
            },
            "argMasks": {key: array(v) for key, v in (arg_masks or {}).items()},
            "outputs": [array(y) for y in outputs],
        }
    )


def recurrent():
    NUMBERS.bit_generator.state = np.random.default_rng(9).bit_generator.state
    x = draw(5, 5, 3)
    gates = [("tanh", "sigmoid"), ("relu", "hard_sigmoid"), ("linear", "tanh")]
    for k, tag in ((keras, ""), (tf_keras, " of Keras 2")):
        for cls in ("SimpleRNN", "LSTM", "GRU"):
            make = getattr(k.layers, cls)
            for i, (activation, gate) in enumerate(gates):
                options = {"activation": activation}
                if cls != "SimpleRNN":
                    options["recurrent_activation"] = gate
                layer = make(4, return_sequences=i > 0, return_state=i == 2,
                             go_backwards=i == 1, use_bias=i < 2, **options)
                add("recurrent", f"{cls} {activation}{tag}", k, layer, lambda l: l(x), [x])
            for sequences in (False, True):
                for zero in (False, True):
                    for back in (False, True):
                        layer = make(4, return_sequences=sequences, return_state=True,
                                     go_backwards=back, zero_output_for_mask=zero)
                        add("recurrent", f"{cls} masked, sequences {sequences}, zero {zero}, back {back}{tag}",
                            k, layer, lambda l: l(x, mask=MASK), [x], masks=[MASK])
            states = [given(k, draw(5, 4)) for _ in range(2 if cls == "LSTM" else 1)]
            layer = make(4, return_sequences=True, return_state=True)
            add("recurrent", f"{cls} from a state{tag}", k, layer,
                lambda l: l(x, initial_state=states), [x, *states])
            named = {f"initial_state[{i}]": s for i, s in enumerate(states)}
            add("recurrent", f"{cls} from a named state{tag}", k, layer,
                lambda l: l(x, initial_state=states), [x], args=named)
            late = MASK.copy()
            late[:, 0] = True  # before the first output backends differ
            add("recurrent", f"{cls} from a state, masked{tag}", k, layer,
                lambda l: l(x, initial_state=states, mask=late), [x, *states],
                args={"mask": late})
        for after in (False, True):
            for bias in (False, True):
                layer = k.layers.GRU(4, reset_after=after, use_bias=bias, return_sequences=True)
                add("recurrent", f"GRU reset_after {after}, bias {bias}{tag}", k, layer,
                    lambda l: l(x), [x])
        for back in (False, True):
            cells = [k.layers.LSTMCell(3), k.layers.GRUCell(4), k.layers.SimpleRNNCell(2), k.layers.LSTMCell(3)]
            layer = k.layers.RNN(cells, return_sequences=back, return_state=True, go_backwards=back)
            add("recurrent", f"RNN of cells, back {back}{tag}", k, layer, lambda l: l(x), [x])
            add("recurrent", f"RNN of cells, masked, back {back}{tag}", k, layer,
                lambda l: l(x, mask=MASK), [x], masks=[MASK])
        layer = k.layers.RNN(k.layers.GRUCell(4), return_sequences=True)
        add("recurrent", f"RNN of one cell{tag}", k, layer, lambda l: l(x), [x])
        shapes = {1: (5, 5, 6, 2), 2: (5, 5, 6, 5, 2), 3: (5, 5, 4, 5, 3, 2)}
        for places, shape in shapes.items():
            maps = draw(*shape)
            make = getattr(k.layers, f"ConvLSTM{places}D")
            for i, options in enumerate([
                dict(padding="same", strides=2, return_sequences=True),
                dict(dilation_rate=2, kernel_size=2, recurrent_activation="hard_sigmoid"),
                dict(use_bias=False, kernel_size=2, return_state=True, go_backwards=True, activation="relu"),
            ]):
                layer = make(**{"filters": 3, "kernel_size": 3, **options})
                if places == 3 and i == 1 and k is tf_keras:
                    continue  # TensorFlow has no dilated 3D convolution on this machine
                add("recurrent", f"ConvLSTM{places}D {i}{tag}", k, layer, lambda l: l(maps), [maps])
            if k is tf_keras:  # Keras 3 on JAX cannot mask maps
                layer = make(2, 2, return_sequences=True, return_state=True)
                add("recurrent", f"ConvLSTM{places}D masked{tag}", k, layer,
                    lambda l: l(maps, mask=MASK), [maps], masks=[MASK])
            else:
                first = np.ascontiguousarray(np.moveaxis(maps, -1, 2))
                layer = make(3, 2, data_format="channels_first", return_sequences=True,
                             return_state=True, strides=2, padding="same")
                add("recurrent", f"ConvLSTM{places}D channels first{tag}", k, layer,
                    lambda l: l(first), [first])


def wrappers():
    NUMBERS.bit_generator.state = np.random.default_rng(8).bit_generator.state
    x = draw(5, 5, 3)
    for k, tag in ((keras, ""), (tf_keras, " of Keras 2")):
        for mode in ("concat", "sum", "mul", "ave", None):
            for sequences in (False, True):
                for masked in (False, True):
                    layer = k.layers.Bidirectional(
                        k.layers.LSTM(3, return_sequences=sequences), merge_mode=mode)
                    mask = {"mask": MASK} if masked else {}
                    add("wrappers", f"Bidirectional {mode}, sequences {sequences}, masked {masked}{tag}",
                        k, layer, lambda l: l(x, **mask), [x], masks=[MASK] if masked else [])
        for cls in ("GRU", "SimpleRNN", "LSTM"):
            make = getattr(k.layers, cls)
            states = [given(k, draw(5, 3)) for _ in range(4 if cls == "LSTM" else 2)]
            layer = k.layers.Bidirectional(make(3, return_sequences=True, return_state=True))
            add("wrappers", f"Bidirectional {cls} with states{tag}", k, layer,
                lambda l: l(x, initial_state=states), [x, *states])
            back = make(3, return_sequences=True, go_backwards=True, activation="relu")
            layer = k.layers.Bidirectional(make(3, return_sequences=True), backward_layer=back)
            add("wrappers", f"Bidirectional {cls} with a backward layer{tag}", k, layer, lambda l: l(x), [x])
        maps = draw(5, 4, 4, 5, 2)
        layer = k.layers.Bidirectional(k.layers.ConvLSTM2D(2, 2, return_sequences=True))
        add("wrappers", f"Bidirectional ConvLSTM2D{tag}", k, layer, lambda l: l(maps), [maps])
        for name, inner, value in [
            ("Dense", k.layers.Dense(4, activation="tanh"), x),
            ("Conv2D", k.layers.Conv2D(3, 2, strides=2, padding="same"), maps),
            ("Flatten", k.layers.Flatten(), maps),
            ("LSTM", k.layers.LSTM(3), draw(5, 4, 5, 2)),
            ("Bidirectional", k.layers.Bidirectional(k.layers.GRU(2, return_sequences=True)), draw(5, 4, 5, 2)),
        ]:
            layer = k.layers.TimeDistributed(inner)
            add("wrappers", f"TimeDistributed {name}{tag}", k, layer, lambda l: l(value), [value])
        layer = k.layers.TimeDistributed(k.layers.Dense(4))
        add("wrappers", f"TimeDistributed masked{tag}", k, layer,
            lambda l: l(x, mask=MASK), [x], masks=[MASK])
        deep, deep_mask = draw(5, 4, 5, 2), np.stack([MASK, MASK[::-1], MASK, ~MASK], 1)
        layer = k.layers.TimeDistributed(k.layers.LSTM(3, return_sequences=True))
        if k is keras:
            add("wrappers", f"TimeDistributed, a mask of each place{tag}", k, layer,
                lambda l: l(deep, mask=deep_mask), [deep], masks=[deep_mask])
        for inner, value in [(k.layers.Dense(4), x), (k.layers.Conv1D(2, 3), x)]:
            layer = k.layers.SpectralNormalization(inner)
            add("wrappers", f"SpectralNormalization {type(inner).__name__}{tag}", k, layer,
                lambda l: l(value), [value])


def masked_model(k, layer, call):
    """Runs a layer on embedded ids, so that Keras hands masks on by itself."""
    ids = k.Input((5,), dtype="int32")
    embedding = k.layers.Embedding(12, 4, mask_zero=True)
    model = k.Model(ids, call(layer, embedding(ids)))
    embedding.set_weights([np.random.default_rng(3).normal(size=(12, 4)).astype("float32")])
    return embedding, model


def attention():
    NUMBERS.bit_generator.state = np.random.default_rng(9).bit_generator.state
    drawn = draw(5, 4, 3), draw(5, 6, 3), draw(5, 6, 3), draw(5, 6, 2)
    for k, tag in ((keras, ""), (tf_keras, " of Keras 2")):
        q, v, key, wide = (given(k, x) for x in drawn)
        q_mask = MASK[:, :4]
        v_mask = np.concatenate([MASK[::-1], MASK[:, :1]], 1)
        for cls, options in [
            ("Attention", {}),
            ("Attention", {"use_scale": True}),
            ("Attention", {"score_mode": "concat"}),
            ("Attention", {"score_mode": "concat", "use_scale": True}),
            ("AdditiveAttention", {}),
            ("AdditiveAttention", {"use_scale": False}),
        ]:
            make = lambda: getattr(k.layers, cls)(**options)
            name = f"{cls} {options}{tag}"
            add("attention", name, k, make(), lambda l: l([q, v]), [q, v])
            add("attention", f"{name}, key and scores", k, make(),
                lambda l: l([q, v, key], return_attention_scores=True), [q, v, key],
                args={"return_attention_scores": True})
            add("attention", f"{name}, masked, causal", k, make(),
                lambda l: l([q, v], mask=[q_mask, v_mask], use_causal_mask=True), [q, v],
                masks=[q_mask, v_mask], args={"use_causal_mask": True})
            add("attention", f"{name}, masks by name", k, make(),
                lambda l: l([q, v], mask=[q_mask, v_mask]), [q, v],
                args={"mask[0]": q_mask, "mask[1]": v_mask})
        mha = k.layers.MultiHeadAttention
        for name, options in [
            ("plain", {}),
            ("no bias", {"use_bias": False}),
            ("value_dim, output_shape", {"value_dim": 5, "output_shape": 7}),
            ("output_shape of two axes", {"output_shape": (2, 3)}),
            *([("gate, window", {"use_gate": True, "sliding_window": 2, "value_dim": 3})] if k is keras else []),
        ]:
            # On JAX Keras can take another size of values only where it gives the scores.
            more = {"return_attention_scores": True} if "value_dim" in options else {}
            add("attention", f"MultiHeadAttention {name}{tag}", k, mha(2, 3, **options),
                lambda l: l(q, v, **more), [q, v], args=more)
        add("attention", f"MultiHeadAttention with a key{tag}", k, mha(2, 3),
            lambda l: l(q, wide, v), [q, wide, v])
        add("attention", f"MultiHeadAttention by name{tag}", k, mha(2, 3),
            lambda l: l(q, value=wide, key=v), [q], args={"value": wide, "key": v})
        scores = {"return_attention_scores": True}
        causal = {"use_causal_mask": True}
        add("attention", f"MultiHeadAttention causal, scores{tag}", k, mha(2, 3),
            lambda l: l(q, v, **scores, **causal), [q, v], args={**scores, **causal})
        add("attention", f"MultiHeadAttention causal{tag}", k, mha(2, 3),
            lambda l: l(v, v, **causal), [v, v], args=causal)
        for shape in [(5, 4, 6), (1, 4, 6), (5, 1, 6), (4, 6), (5, 2, 4, 6), (5, 1, 1, 6)]:
            mask = NUMBERS.random(shape) < 0.6
            add("attention", f"MultiHeadAttention attention_mask {shape}{tag}", k, mha(2, 3),
                lambda l: l(q, v, attention_mask=mask, **causal), [q, v],
                args={"attention_mask": mask, **causal})
        grid, other = given(k, draw(3, 4, 5, 3)), given(k, draw(3, 4, 5, 3))
        for axes in (None, (1,), (2,), (1, 2), (2, 1), *([(-2,)] if k is keras else [])):
            add("attention", f"MultiHeadAttention attention_axes {axes}{tag}", k,
                mha(2, 3, attention_axes=axes), lambda l: l(grid, other, **scores), [grid, other],
                args=scores)
        mask = NUMBERS.random((3, 4, 5, 4, 5)) < 0.7
        add("attention", f"MultiHeadAttention mask over two axes{tag}", k, mha(2, 3),
            lambda l: l(grid, other, attention_mask=mask), [grid, other], args={"attention_mask": mask})
        kinds = [("MultiHeadAttention", lambda: mha(2, 3))]
        if k is keras:
            grouped = keras.layers.GroupQueryAttention
            kinds.append(("GroupQueryAttention", lambda: grouped(3, 4, 2)))
            for name, options in [("plain", {}), ("gate, window", {"use_gate": True, "sliding_window": 2}),
                                  ("no bias", {"use_bias": False})]:
                add("attention", f"GroupQueryAttention {name}", k, grouped(3, 4, 2, **options),
                    lambda l: l(q, v, key, **scores, **causal), [q, v, key], args={**scores, **causal})
            add("attention", "GroupQueryAttention masks by name", k, grouped(3, 6, 2),
                lambda l: l(q, v, query_mask=q_mask, value_mask=v_mask), [q, v],
                args={"query_mask": q_mask, "value_mask": v_mask})
        for name, make in kinds:
            for by_name in (False, True):
                for more in ({}, causal):
                    layer = make()
                    embedding, model = masked_model(k, layer, lambda l, e: (
                        l(e, value=e, key=e, **more) if by_name else l(e, e, **more)))
                    e = np.asarray(embedding(IDS))
                    add("attention", f"{name} of embedded ids, by name {by_name}, {more}{tag}", k, layer,
                        lambda _: model(IDS), [e] if by_name else [e, e],
                        masks=[MASK] if by_name else [MASK, MASK],
                        args={**({"value": e, "key": e} if by_name else {}), **more},
                        arg_masks={"value": MASK, "key": MASK} if by_name else {})
        k_mask = np.roll(v_mask, 1, 0)
        for name, make in kinds:
            add("attention", f"{name} of three masked inputs{tag}", k, make(),
                lambda l: l(*(masked(k, x, m) for x, m in zip(drawn, (q_mask, v_mask, k_mask)))),
                list(drawn[:3]), masks=[q_mask, v_mask, k_mask])
        if k is keras:
            add("attention", "MultiHeadAttention masks by name", k, mha(2, 3),
                lambda l: l(q, v, key, value_mask=v_mask, key_mask=v_mask[::-1].copy()), [q, v, key],
                args={"value_mask": v_mask, "key_mask": v_mask[::-1].copy()})


def main():
    os.makedirs(FOLDER, exist_ok=True)
    families = {"recurrent": recurrent, "wrappers": wrappers, "attention": attention}
    for family, make in families.items():
        if sys.argv[1:] and family not in sys.argv[1:]:
            continue
        make()
        with open(os.path.join(FOLDER, f"{family}.json"), "w") as file:
            file.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in CASES[family]) + "\n]\n")
        print(family, len(CASES[family]))


main()
