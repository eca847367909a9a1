"""Layers of the real Keras with drawn weights and inputs, and what they give.

Convolutions, pooling, reshaping, embeddings: one JSON file a family under
`layer_cases`. Each case names the class, who wrote the config (Keras 3 or 2),
the config, the weights in Keras' order, inputs, masks, call arguments, outputs
and the mask that goes on. Rows of one input differ in size by up to a million,
so that each row is compared by its own size.

Versions: keras 3.15.1 (jax 0.10.2), tf_keras 2.21.0 (tensorflow 2.21.0).
Run: KERAS_BACKEND=jax python tests/data/make_map_layer_cases.py [family…]
"""

import json
import os
import sys
import zlib

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import tf_keras

FOLDER = os.path.join(os.path.dirname(__file__), "layer_cases")
ROW_SCALES = np.array([1.0, 1e3, 1e-3], "float32")
CASES = {}


def array(value):
    value = np.asarray(value)
    if value.dtype == bool:
        data = [int(v) for v in value.ravel()]
        return {"shape": list(value.shape), "dtype": "bool", "data": data}
    if np.issubdtype(value.dtype, np.integer):
        data = [int(v) for v in value.ravel()]
        return {"shape": list(value.shape), "dtype": "int32", "data": data}
    data = [number(v) for v in value.astype("float32").ravel()]
    return {"shape": list(value.shape), "dtype": "float32", "data": data}


def number(value):
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(f"{value:.9g}")


def drawn(rng, shape, kind):
    if kind == "int":
        return rng.integers(0, 6, shape).astype("int32")
    x = rng.normal(size=shape).astype("float32")
    if kind == "ties":  # halves, zeros and ties
        return (np.round(x * 2) / 2).astype("float32")
    return x * ROW_SCALES[: shape[0]].reshape([-1] + [1] * (len(shape) - 1))


def case(family, name, cls, shape, *, keras2=False, x=None, kind="float",
         mask=None, explicit=False, args=None, unknown=None, build=None,
         **options):
    """Runs one layer, and keeps what went in and came out."""
    rng = np.random.default_rng(zlib.crc32(f"{family}/{name}".encode()))
    api = tf_keras if keras2 else keras
    layer = getattr(api.layers, cls)(name=name, **options)
    x = drawn(rng, (3, *shape), kind) if x is None else np.asarray(x)
    layer.build((None, *x.shape[1:]) if build is None else build)
    layer.set_weights([
        rng.normal(size=w.shape).astype("float32") for w in layer.weights
    ])
    given = tf.constant(x) if keras2 else keras.ops.convert_to_tensor(x)
    kwargs = dict(args or {})
    if mask is not None:
        mask = np.asarray(mask, bool)
        value = tf.constant(mask) if keras2 else keras.ops.convert_to_tensor(mask)
        if explicit:
            kwargs["mask"] = value
        elif keras2:
            given._keras_mask = value
        else:
            keras.src.backend.set_keras_mask(given, mask=value)
    y = layer(given, **kwargs)
    if keras2:
        out_mask = getattr(y, "_keras_mask", None)
        config = tf_keras.saving.serialize_keras_object(layer)["config"]
        y = y.numpy()
    else:
        out_mask = keras.src.backend.get_keras_mask(y)
        config = keras.saving.serialize_keras_object(layer)["config"]
        y = keras.ops.convert_to_numpy(y)
    CASES.setdefault(family, []).append({
        "name": name,
        "class": cls,
        "dialect": 2 if keras2 else 3,
        "config": config,
        "weights": [array(w) for w in layer.get_weights()],
        "input": array(x),
        "mask": None if mask is None else array(mask),
        "explicit": explicit,
        "args": args or {},
        "output": array(y),
        "outputMask": None if out_mask is None else array(np.asarray(out_mask)),
        # Axes whose sizes need not be known before the run.
        "unknown": unknown if unknown is not None else [],
    })


MASK = [[1, 1, 0, 1, 0, 0, 1], [0, 0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0, 0]]


def convolutions():
    f = "convolutions"
    for size in (1, 2, 3, 4):
        for stride in (1, 2, 3):
            for padding in ("valid", "same"):
                case(f, f"c1_k{size}_s{stride}_{padding}", "Conv1D", (9, 3),
                     filters=2, kernel_size=size, strides=stride,
                     padding=padding, unknown=[1])
    for size in (2, 3):
        for dilation in (2, 3):
            for padding in ("valid", "same", "causal"):
                case(f, f"c1_k{size}_d{dilation}_{padding}", "Conv1D", (10, 3),
                     filters=2, kernel_size=size, dilation_rate=dilation,
                     padding=padding, unknown=[1])
    case(f, "c1_causal_s2", "Conv1D", (9, 3), filters=2, kernel_size=3,
         strides=2, padding="causal", unknown=[1])
    case(f, "c1_first_causal", "Conv1D", (3, 9), filters=2, kernel_size=3,
         padding="causal", data_format="channels_first", unknown=[2])
    case(f, "c1_first_softmax", "Conv1D", (3, 9), filters=4, kernel_size=2,
         activation="softmax", data_format="channels_first", unknown=[2])
    case(f, "c1_mask", "Conv1D", (7, 3), filters=2, kernel_size=3,
         padding="same", mask=MASK, unknown=[1])
    case(f, "c1_groups_same", "Conv1D", (7, 6), filters=9, kernel_size=2,
         groups=3, strides=2, padding="same", unknown=[1])
    case(f, "c1_tiny", "Conv1D", (1, 2), filters=3, kernel_size=4,
         padding="same", unknown=[1])
    case(f, "c1_nobias_relu", "Conv1D", (6, 2), filters=3, kernel_size=2,
         use_bias=False, activation="relu", unknown=[1])
    for name, options in {
        "c2_uneven": dict(kernel_size=(2, 5), strides=(3, 1), padding="same"),
        "c2_even_s2_same": dict(kernel_size=(4, 2), strides=2, padding="same"),
        "c2_even_d2_same": dict(kernel_size=(2, 4), dilation_rate=(2, 3),
                                padding="same"),
        "c2_valid_s2": dict(kernel_size=3, strides=(2, 3)),
        "c2_groups": dict(kernel_size=(3, 2), groups=2, padding="same"),
        "c2_groups_all": dict(kernel_size=2, groups=4, strides=2),
        "c2_softmax": dict(kernel_size=2, activation="softmax"),
        "c2_gaps": dict(kernel_size=(2, 1), strides=(3, 2), padding="same", groups=2),
        "c2_1x1_s2": dict(kernel_size=1, strides=2, padding="same"),
        "c2_big_kernel_same": dict(kernel_size=(9, 11), padding="same"),
    }.items():
        case(f, name, "Conv2D", (7, 8, 4), filters=4, unknown=[1, 2], **options)
    case(f, "c2_first_same_s2", "Conv2D", (3, 7, 6), filters=4, kernel_size=(2, 3),
         strides=2, padding="same", data_format="channels_first", unknown=[2, 3])
    case(f, "c2_first_groups_gelu", "Conv2D", (4, 6, 5), filters=4, groups=2,
         kernel_size=3, activation="gelu", data_format="channels_first",
         unknown=[2, 3])
    case(f, "c2_one_channel", "Conv2D", (5, 5, 1), filters=2, kernel_size=3,
         unknown=[1, 2])
    for name, options in {
        "c3_same_s2": dict(kernel_size=(2, 3, 1), strides=2, padding="same"),
        "c3_valid_s12": dict(kernel_size=2, strides=(1, 2, 1)),
        "c3_d2_same": dict(kernel_size=(2, 3, 2), dilation_rate=2, padding="same"),
        "c3_gaps": dict(kernel_size=(1, 2, 1), strides=(2, 3, 3), padding="same"),
        "c3_groups": dict(kernel_size=2, groups=2, padding="same"),
        "c3_uneven_s3": dict(kernel_size=(3, 1, 4), strides=(3, 2, 2), padding="same"),
    }.items():
        case(f, name, "Conv3D", (5, 4, 6, 2), filters=4, unknown=[1, 2, 3], **options)
    case(f, "c3_first", "Conv3D", (2, 4, 5, 3), filters=3, kernel_size=2,
         strides=2, padding="same", data_format="channels_first",
         unknown=[2, 3, 4])
    for name, options in {
        "k2_c1_causal": dict(kernel_size=3, padding="causal", dilation_rate=2),
        "k2_c1_same_s2": dict(kernel_size=4, padding="same", strides=2),
        "k2_c1_groups": dict(kernel_size=2, groups=2, activation="hard_sigmoid"),
        "k2_c1_mask": dict(kernel_size=3, padding="same", mask=MASK),
    }.items():
        case(f, name, "Conv1D", (7, 4), filters=4, keras2=True, unknown=[1], **options)
    case(f, "k2_c2", "Conv2D", (6, 5, 3), filters=2, kernel_size=(2, 3),
         strides=2, padding="same", keras2=True, unknown=[1, 2])
    for name, options in {
        "k2_c2_groups": dict(kernel_size=(3, 2), groups=2, padding="same"),
        "k2_c2_dilated": dict(kernel_size=(2, 3), dilation_rate=(2, 3), padding="same"),
    }.items():
        case(f, name, "Conv2D", (7, 8, 4), filters=4, keras2=True, unknown=[1, 2], **options)
    case(f, "k2_c3", "Conv3D", (4, 5, 4, 2), filters=2, kernel_size=2,
         strides=2, padding="same", keras2=True, unknown=[1, 2, 3])


def transposed():
    f = "transposed_convolutions"
    for size in (1, 2, 3, 4):
        for stride in (1, 2, 3):
            for padding in ("valid", "same"):
                case(f, f"t1_k{size}_s{stride}_{padding}", "Conv1DTranspose",
                     (5, 3), filters=2, kernel_size=size, strides=stride,
                     padding=padding, unknown=[1])
                if stride > 1:
                    for more in range(stride):
                        if padding == "same" and (size % 2 + more) == 0:
                            continue
                        case(f, f"t1_k{size}_s{stride}_{padding}_o{more}",
                             "Conv1DTranspose", (5, 3), filters=2,
                             kernel_size=size, strides=stride, padding=padding,
                             output_padding=more, unknown=[1])
    for size in (2, 3):
        for padding in ("valid", "same"):
            case(f, f"t1_k{size}_d2_{padding}", "Conv1DTranspose", (5, 3),
                 filters=2, kernel_size=size, dilation_rate=2, padding=padding,
                 unknown=[1])
    case(f, "t1_mask", "Conv1DTranspose", (7, 3), filters=2, kernel_size=3,
         padding="same", mask=MASK, unknown=[1])
    case(f, "t1_first_softmax", "Conv1DTranspose", (3, 5), filters=2,
         kernel_size=3, strides=2, activation="softmax",
         data_format="channels_first", unknown=[2])
    for name, options in {
        "t2_uneven": dict(kernel_size=(2, 5), strides=(3, 2), padding="same"),
        "t2_small_kernel": dict(kernel_size=(2, 1), strides=3),
        "t2_small_kernel_same": dict(kernel_size=(2, 1), strides=3, padding="same"),
        "t2_op": dict(kernel_size=(3, 2), strides=(2, 3), padding="same",
                      output_padding=(0, 2)),
        "t2_op_valid": dict(kernel_size=3, strides=(2, 3), output_padding=(1, 2)),
        "t2_nobias_tanh": dict(kernel_size=4, strides=2, padding="same",
                               use_bias=False, activation="tanh"),
        "t2_d": dict(kernel_size=(3, 2), dilation_rate=(2, 3), padding="same"),
        "t2_s1_big": dict(kernel_size=(7, 6), padding="same"),
    }.items():
        case(f, name, "Conv2DTranspose", (4, 3, 3), filters=2, unknown=[1, 2], **options)
    case(f, "t2_first", "Conv2DTranspose", (3, 4, 3), filters=2, kernel_size=(3, 2),
         strides=2, padding="same", data_format="channels_first", unknown=[2, 3])
    for name, options in {
        "t3_same": dict(kernel_size=(3, 2, 1), strides=2, padding="same"),
        "t3_small": dict(kernel_size=(2, 1, 2), strides=(3, 2, 1)),
        "t3_op": dict(kernel_size=3, strides=2, padding="same", output_padding=(0, 1, 0)),
        "t3_d": dict(kernel_size=(2, 3, 2), dilation_rate=2),
    }.items():
        case(f, name, "Conv3DTranspose", (3, 2, 3, 2), filters=2,
             unknown=[1, 2, 3], **options)
    case(f, "t3_first", "Conv3DTranspose", (2, 3, 2, 3), filters=3, kernel_size=2,
         strides=2, data_format="channels_first", unknown=[2, 3, 4])
    for name, options in {
        "k2_t2_same": dict(kernel_size=3, strides=2, padding="same"),
        "k2_t2_even_same": dict(kernel_size=(4, 2), strides=(2, 3), padding="same"),
        "k2_t2_small": dict(kernel_size=2, strides=3),
        "k2_t2_op": dict(kernel_size=3, strides=3, padding="same",
                         output_padding=(0, 2)),
        "k2_t2_op_valid": dict(kernel_size=2, strides=3, output_padding=(1, 2)),
    }.items():
        case(f, name, "Conv2DTranspose", (4, 3, 3), filters=2, keras2=True,
             unknown=[1, 2], **options)
    case(f, "k2_t1_op", "Conv1DTranspose", (4, 3), filters=2, kernel_size=3,
         strides=2, padding="same", output_padding=1, keras2=True, unknown=[1])
    case(f, "k2_t3_same", "Conv3DTranspose", (3, 2, 3, 2), filters=2, kernel_size=3,
         strides=2, padding="same", keras2=True, unknown=[1, 2, 3])
    case(f, "k2_t3", "Conv3DTranspose", (3, 2, 3, 2), filters=2, kernel_size=2,
         strides=2, padding="same", keras2=True, unknown=[1, 2, 3])


def depthwise():
    f = "depthwise_convolutions"
    for padding in ("valid", "same"):
        for size, stride, dilation, times in (
            (2, 1, 1, 1), (3, 2, 1, 2), (4, 2, 1, 3), (2, 1, 2, 2), (3, 1, 3, 1),
        ):
            options = dict(kernel_size=size, strides=stride, padding=padding,
                           dilation_rate=dilation, depth_multiplier=times)
            tail = f"k{size}_s{stride}_d{dilation}_m{times}_{padding}"
            case(f, f"d1_{tail}", "DepthwiseConv1D", (8, 3), unknown=[1], **options)
            case(f, f"d2_{tail}", "DepthwiseConv2D", (7, 8, 3), unknown=[1, 2], **options)
            case(f, f"s1_{tail}", "SeparableConv1D", (8, 3), filters=4,
                 unknown=[1], **options)
            case(f, f"s2_{tail}", "SeparableConv2D", (7, 8, 3), filters=4,
                 unknown=[1, 2], **options)
    case(f, "d2_gaps", "DepthwiseConv2D", (9, 9, 2), kernel_size=2, strides=3,
         padding="same", unknown=[1, 2])
    case(f, "s1_gaps", "SeparableConv1D", (9, 2), filters=3, kernel_size=2,
         strides=3, padding="same", unknown=[1])
    case(f, "d2_uneven", "DepthwiseConv2D", (7, 6, 2), kernel_size=(2, 3),
         padding="same", dilation_rate=(2, 1), unknown=[1, 2])
    case(f, "d2_first_softmax", "DepthwiseConv2D", (3, 6, 5), kernel_size=3,
         depth_multiplier=2, activation="softmax", data_format="channels_first",
         unknown=[2, 3])
    case(f, "d1_first", "DepthwiseConv1D", (3, 6), kernel_size=2,
         use_bias=False, data_format="channels_first", unknown=[2])
    case(f, "s1_first", "SeparableConv1D", (3, 6), filters=2, kernel_size=2,
         activation="softmax", data_format="channels_first", unknown=[2])
    case(f, "s2_first_same", "SeparableConv2D", (3, 6, 5), filters=4, kernel_size=2,
         depth_multiplier=2, padding="same", data_format="channels_first",
         unknown=[2, 3])
    case(f, "s2_nobias", "SeparableConv2D", (6, 5, 3), filters=4, kernel_size=3,
         use_bias=False, activation="relu", unknown=[1, 2])
    case(f, "d1_mask", "DepthwiseConv1D", (7, 3), kernel_size=3, padding="same",
         mask=MASK, unknown=[1])
    case(f, "s1_mask", "SeparableConv1D", (7, 3), filters=2, kernel_size=3,
         padding="same", mask=MASK, unknown=[1])
    case(f, "d2_one_channel", "DepthwiseConv2D", (5, 5, 1), kernel_size=2,
         depth_multiplier=2, unknown=[1, 2])
    for name, cls, shape, options in (
        ("k2_d1", "DepthwiseConv1D", (7, 3), dict(kernel_size=3, depth_multiplier=2)),
        ("k2_d2", "DepthwiseConv2D", (6, 7, 3),
         dict(kernel_size=(2, 3), strides=2, padding="same", depth_multiplier=2)),
        ("k2_d2_dilated", "DepthwiseConv2D", (6, 7, 3),
         dict(kernel_size=3, dilation_rate=2)),
        ("k2_s1_causal", "SeparableConv1D", (7, 3),
         dict(filters=2, kernel_size=3, padding="causal", dilation_rate=2)),
        ("k2_s1_causal_s2", "SeparableConv1D", (7, 3),
         dict(filters=2, kernel_size=3, padding="causal", strides=2)),
        ("k2_s1_same", "SeparableConv1D", (8, 3),
         dict(filters=2, kernel_size=2, padding="same", strides=2, depth_multiplier=2)),
        ("k2_s2", "SeparableConv2D", (6, 7, 3),
         dict(filters=4, kernel_size=2, padding="same", depth_multiplier=2,
              activation="relu")),
    ):
        case(f, name, cls, shape, keras2=True,
             unknown=list(range(1, len(shape))), **options)


def pooling():
    f = "pooling"
    for kind in ("Max", "Average"):
        for size in (2, 3, 4):
            for stride in (None, 1, 2, 3):
                for padding in ("valid", "same"):
                    case(f, f"{kind}1_{size}_{stride}_{padding}",
                         f"{kind}Pooling1D", (8, 2), pool_size=size,
                         strides=stride, padding=padding, unknown=[1])
        case(f, f"{kind}1_first", f"{kind}Pooling1D", (2, 7), pool_size=3,
             strides=2, padding="same", data_format="channels_first", unknown=[2])
        case(f, f"{kind}1_mask", f"{kind}Pooling1D", (7, 2), pool_size=3,
             strides=1, padding="same", mask=MASK, unknown=[1])
        case(f, f"{kind}1_ties", f"{kind}Pooling1D", (7, 2), pool_size=3,
             kind="ties", unknown=[1])
        for name, options in {
            "uneven": dict(pool_size=(2, 3), strides=(3, 1), padding="same"),
            "valid": dict(pool_size=(3, 2), strides=(1, 2)),
            "big_same": dict(pool_size=(6, 5), strides=2, padding="same"),
            "gap": dict(pool_size=1, strides=3, padding="same"),
        }.items():
            case(f, f"{kind}2_{name}", f"{kind}Pooling2D", (5, 6, 2),
                 unknown=[1, 2], **options)
            case(f, f"{kind}2_{name}_first", f"{kind}Pooling2D", (2, 5, 6),
                 unknown=[2, 3], data_format="channels_first", **options)
        for name, options in {
            "same": dict(pool_size=(2, 3, 2), strides=2, padding="same"),
            "valid": dict(pool_size=(1, 2, 3), strides=(2, 1, 1)),
            "gap": dict(pool_size=(1, 2, 1), strides=3, padding="same"),
        }.items():
            case(f, f"{kind}3_{name}", f"{kind}Pooling3D", (4, 5, 3, 2),
                 unknown=[1, 2, 3], **options)
        case(f, f"{kind}3_first", f"{kind}Pooling3D", (2, 4, 5, 3), pool_size=2,
             padding="same", data_format="channels_first", unknown=[2, 3, 4])
        nan = np.arange(3 * 8 * 2, dtype="float32").reshape(3, 8, 2)
        nan[0, 3, 0] = np.nan
        nan[1, 0, 1] = -np.inf
        nan[2, 7, 0] = np.inf
        case(f, f"{kind}1_nan", f"{kind}Pooling1D", (8, 2), x=nan, pool_size=3,
             strides=2, padding="same", unknown=[1])
        case(f, f"k2_{kind}1", f"{kind}Pooling1D", (8, 2), keras2=True,
             pool_size=3, strides=2, padding="same", unknown=[1])
        case(f, f"k2_{kind}2", f"{kind}Pooling2D", (5, 6, 2), keras2=True,
             pool_size=(2, 3), padding="same", unknown=[1, 2])
        case(f, f"k2_{kind}3", f"{kind}Pooling3D", (4, 5, 3, 2), keras2=True,
             pool_size=2, strides=1, padding="same", unknown=[1, 2, 3])


def global_pooling():
    f = "global_pooling"
    shapes = {1: (7, 3), 2: (4, 5, 3), 3: (3, 4, 2, 3)}
    for axes, shape in shapes.items():
        first = (shape[-1], *shape[:-1])
        places = list(range(1, axes + 1))
        for kind in ("Average", "Max"):
            cls = f"Global{kind}Pooling{axes}D"
            for keep in (False, True):
                tail = f"{kind}{axes}{'_keep' if keep else ''}"
                case(f, tail, cls, shape, keepdims=keep, unknown=places)
                case(f, f"{tail}_first", cls, first, keepdims=keep,
                     data_format="channels_first",
                     unknown=[p + 1 for p in places])
            case(f, f"{kind}{axes}_ties", cls, shape, kind="ties", unknown=places)
            case(f, f"k2_{kind}{axes}", cls, shape, keras2=True, unknown=places)
            case(f, f"k2_{kind}{axes}_first", cls, first, keras2=True, keepdims=True,
                 data_format="channels_first", unknown=[p + 1 for p in places])
    cls = "GlobalAveragePooling1D"
    empty = [MASK[0], [0] * 7, MASK[2]]
    nan = np.arange(3 * 7 * 3, dtype="float32").reshape(3, 7, 3)
    nan[0, 2, 1] = np.nan  # masked
    nan[2, 0, 0] = np.inf  # kept
    for keras2 in (False, True):
        k = "k2_" if keras2 else ""
        for keep in (False, True):
            tail = "_keep" if keep else ""
            case(f, f"{k}mask{tail}", cls, (7, 3), keras2=keras2, mask=MASK,
                 keepdims=keep, unknown=[1])
            case(f, f"{k}mask_first{tail}", cls, (3, 7), keras2=keras2, mask=MASK,
                 keepdims=keep, data_format="channels_first", unknown=[2])
        case(f, f"{k}mask_given", cls, (7, 3), keras2=keras2, mask=MASK,
             explicit=True, unknown=[1])
        case(f, f"{k}mask_empty", cls, (7, 3), keras2=keras2, mask=empty, unknown=[1])
        case(f, f"{k}mask_nan", cls, (7, 3), x=nan, keras2=keras2, mask=MASK,
             unknown=[1])
        case(f, f"{k}max_mask", "GlobalMaxPooling1D", (7, 3), keras2=keras2,
             mask=MASK, unknown=[1])


def adaptive_pooling():
    f = "adaptive_pooling"
    for kind in ("Average", "Max"):
        for places in (1, 2, 5, 6, 7, 8):
            # Not 7: on jax, Keras 3.15 loses the last of 7 windows to rounding.
            for windows in (1, 2, 3, 4, 5):
                case(f, f"{kind}1_{places}_{windows}",
                     f"Adaptive{kind}Pooling1D", (places, 2), output_size=windows)
        case(f, f"{kind}1_first", f"Adaptive{kind}Pooling1D", (2, 7),
             output_size=3, data_format="channels_first")
        case(f, f"{kind}1_mask", f"Adaptive{kind}Pooling1D", (7, 2),
             output_size=2, mask=MASK)
        case(f, f"{kind}2", f"Adaptive{kind}Pooling2D", (7, 5, 2), output_size=(3, 2))
        case(f, f"{kind}2_up", f"Adaptive{kind}Pooling2D", (2, 5, 2), output_size=(3, 4))
        case(f, f"{kind}2_first", f"Adaptive{kind}Pooling2D", (2, 7, 6),
             output_size=4, data_format="channels_first")
        case(f, f"{kind}3", f"Adaptive{kind}Pooling3D", (4, 5, 3, 2),
             output_size=(3, 2, 2))
        case(f, f"{kind}3_first", f"Adaptive{kind}Pooling3D", (2, 4, 5, 3),
             output_size=2, data_format="channels_first")


def reshaping():
    f = "reshaping"
    for keras2 in (False, True):
        k = "k2_" if keras2 else ""
        def add(name, cls, shape, **options):
            case(f, k + name, cls, shape, keras2=keras2, **options)
        add("flatten_0", "Flatten", ())
        add("flatten_1", "Flatten", (4,), unknown=[])
        add("flatten_2", "Flatten", (4, 3), unknown=[1])
        add("flatten_4", "Flatten", (2, 3, 2, 2), unknown=[1, 2])
        add("flatten_first_1", "Flatten", (4,), data_format="channels_first")
        add("flatten_first_2", "Flatten", (4, 3), data_format="channels_first")
        add("flatten_first_3", "Flatten", (4, 3, 2), data_format="channels_first",
            unknown=[2, 3])
        add("flatten_mask", "Flatten", (7, 2), mask=MASK, unknown=[1])
        add("flatten_int", "Flatten", (4, 3), kind="int", unknown=[1])
        add("reshape", "Reshape", (4, 6), target_shape=(2, 3, 4), unknown=[])
        add("reshape_hole", "Reshape", (4, 6), target_shape=(-1, 3), unknown=[1])
        add("reshape_hole_last", "Reshape", (4, 6), target_shape=(2, 3, -1), unknown=[])
        add("reshape_flat", "Reshape", (4, 3, 2), target_shape=(-1,), unknown=[1, 2])
        add("reshape_same", "Reshape", (7, 2), target_shape=(2, 7), mask=MASK)
        add("reshape_up", "Reshape", (6,), target_shape=(3, 2))
        add("reshape_row", "Reshape", (), target_shape=(1, 1))
        add("permute_21", "Permute", (4, 3), dims=(2, 1), unknown=[1, 2])
        add("permute_312", "Permute", (4, 3, 2), dims=(3, 1, 2), unknown=[1, 2, 3])
        add("permute_231", "Permute", (4, 3, 2), dims=(2, 3, 1), unknown=[1])
        add("permute_1", "Permute", (4,), dims=(1,))
        add("permute_mask", "Permute", (7, 7), dims=(2, 1), mask=MASK, unknown=[1])
        add("repeat", "RepeatVector", (4,), n=3)
        add("repeat_1", "RepeatVector", (4,), n=1)


def borders():
    f = "padding_and_cropping"
    for keras2 in (False, True):
        k = "k2_" if keras2 else ""
        def add(name, cls, shape, **options):
            case(f, k + name, cls, shape, keras2=keras2, **options)
        for verb, key, name1 in (("Cropping", "cropping", "crop"),
                                 ("ZeroPadding", "padding", "pad")):
            for pair in ((0, 0), (1, 0), (0, 2), (2, 1)):
                add(f"{name1}1_{pair[0]}{pair[1]}", f"{verb}1D", (7, 2),
                    unknown=[1], **{key: pair})
            add(f"{name1}1_all", f"{verb}1D", (7, 2), unknown=[1], **{key: 2})
            add(f"{name1}1_mask", f"{verb}1D", (7, 2), mask=MASK, **{key: (1, 0)})
            for tag, value in {
                "uneven": ((0, 2), (1, 0)), "pairs": ((2, 1), (0, 1)),
                "two": (1, 2), "one": 1, "none": ((0, 0), (0, 0)),
            }.items():
                add(f"{name1}2_{tag}", f"{verb}2D", (5, 6, 2), unknown=[1, 2],
                    **{key: value})
            add(f"{name1}2_first", f"{verb}2D", (2, 5, 6), unknown=[2, 3],
                data_format="channels_first", **{key: ((0, 2), (1, 0))})
            for tag, value in {
                "uneven": ((0, 2), (1, 0), (1, 1)), "three": (1, 0, 2), "one": 1,
            }.items():
                add(f"{name1}3_{tag}", f"{verb}3D", (5, 4, 6, 2),
                    unknown=[1, 2, 3], **{key: value})
            add(f"{name1}3_first", f"{verb}3D", (2, 4, 5, 6), unknown=[2, 3, 4],
                data_format="channels_first", **{key: ((0, 2), (1, 0), (2, 1))})
    case(f, "pad1_first", "ZeroPadding1D", (2, 5), padding=(2, 1),
         data_format="channels_first", unknown=[2])


def up_sampling():
    f = "up_sampling"
    for keras2 in (False, True):
        k = "k2_" if keras2 else ""
        def add(name, cls, shape, **options):
            case(f, k + name, cls, shape, keras2=keras2, **options)
        for size in (1, 2, 3):
            add(f"one_{size}", "UpSampling1D", (5, 2), size=size, unknown=[1])
        add("one_mask", "UpSampling1D", (7, 2), size=1, mask=MASK, unknown=[1])
        for kind in ("nearest", "bilinear", "bicubic"):
            # TensorFlow, and Keras on it, rounds distances to 1/1024, jax does
            # not: they differ by up to 5e-4 unless the factor divides 1024.
            known = kind == "bicubic"
            by = 4 if known and not keras2 else 3
            for size in ((2, 2), (by, 2), (1, 4), (by + 2 * (by % 2), 1)):
                add(f"two_{kind}_{size[0]}{size[1]}", "UpSampling2D", (4, 3, 2),
                    size=size, interpolation=kind,
                    unknown=[] if known else [1, 2])
            add(f"two_{kind}_first", "UpSampling2D", (2, 4, 3), size=(2, by),
                interpolation=kind, data_format="channels_first",
                unknown=[] if known else [2, 3])
            add(f"two_{kind}_line", "UpSampling2D", (1, 2, 2), size=2,
                interpolation=kind)
        for kind in ("lanczos3", "lanczos5", "area"):
            if kind != "area" or keras2:  # JAX has no area
                add(f"two_{kind}", "UpSampling2D", (4, 3, 2), size=(2, 3), interpolation=kind)
                add(f"two_{kind}_first", "UpSampling2D", (2, 3, 5), size=(3, 1),
                    interpolation=kind, data_format="channels_first")
        add("three", "UpSampling3D", (2, 3, 2, 2), size=(2, 1, 3), unknown=[1, 2, 3])
        add("three_first", "UpSampling3D", (2, 2, 3, 2), size=(2, 1, 3),
            data_format="channels_first", unknown=[2, 3, 4])


def embeddings():
    f = "embeddings"
    ids = np.array([[0, 1, 0, 5], [3, 3, 0, 0], [0, 0, 0, 0]], "int32")
    odd = np.array([[0.0, 1.9, 0.5, 5.0]] * 3, "float32")
    for keras2 in (False, True):
        k = "k2_" if keras2 else ""
        def add(name, **options):
            options = {"input_dim": 6, "output_dim": 3, "x": ids, **options}
            case(f, k + name, "Embedding", None, keras2=keras2, **options)
        add("plain", unknown=[1])
        add("mask_zero", mask_zero=True, unknown=[1])
        add("floats", x=odd, mask_zero=True, unknown=[1])
        add("row", x=np.array([1, 0, 5], "int32"), mask_zero=True)
        add("three_axes", x=ids.reshape(3, 2, 2), mask_zero=True, unknown=[1])
        add("masked_in", mask=[[1, 1, 0, 0]] * 3, unknown=[1])
        add("masked_in_zero", mask=[[1, 1, 0, 0]] * 3, mask_zero=True, unknown=[1])
    case(f, "negative", "Embedding", None, x=ids - 6 * (ids > 3), input_dim=6,
         output_dim=3, unknown=[1])
    def reversible(name, **options):
        options = {"input_dim": 6, "output_dim": 3, **options}
        case(f, name, "ReversibleEmbedding", (4, 3), unknown=[1], build=(None,), **options)
    reversible("rev_forward", x=ids)
    reversible("rev_forward_mask", x=ids, mask_zero=True)
    reversible("rev_untied_forward", x=ids, tie_weights=False)
    back = dict(args={"reverse": True})
    reversible("rev_tied", **back)
    reversible("rev_untied", tie_weights=False, **back)
    reversible("rev_cap", logit_soft_cap=0.7, **back)
    reversible("rev_untied_cap", tie_weights=False, logit_soft_cap=5.0, **back)
    reversible("rev_mask_in", mask_zero=True, mask=[[1, 1, 0, 0]] * 3, **back)


def core():
    f = "core"
    for name, shape, equation, out, bias, unknown in (
        ("plain", (4, 6), "abc,cd->abd", (None, 5), "d", [1]),
        ("nobias", (4, 6), "abc,cd->abd", (None, 5), None, [1]),
        ("bias_bd", (4, 6), "abc,cd->abd", (4, 5), "bd", []),
        ("bias_b", (4, 6), "abc,cd->abd", (4, 5), "b", []),
        ("heads", (4, 6), "abc,cde->abde", (None, 2, 3), "de", [1]),
        ("heads_back", (4, 2, 3), "abcd,cde->abe", (None, 5), "e", [1]),
        ("over_time", (4, 6), "abc,bd->adc", (5, 6), "d", [2]),
        ("left", (2, 4, 6), "...x,xy->...y", (5,), "y", [1, 2]),
        ("left_rank2", (6,), "...x,xy->...y", (5,), "y", []),
        ("right", (4, 3, 2), "ab...,bc->ac...", (5,), "c", [2]),
        ("swapped", (4, 6), "abc,dc->adb", (5, 4), "d", []),
        ("outer", (4,), "ab,c->abc", (4, 3), "c", []),
        ("scaled", (4, 6), "abc,c->abc", (4, 6), "c", [1]),
        ("summed", (4, 6), "abc,cd->ad", (5,), "d", []),
    ):
        case(f, f"einsum_{name}", "EinsumDense", shape, equation=equation,
             output_shape=out, bias_axes=bias, activation="tanh" if name == "plain" else None,
             unknown=unknown)
    case(f, "einsum_mask", "EinsumDense", (7, 3), equation="abc,cd->abd",
         output_shape=(None, 5), bias_axes="d", mask=MASK, unknown=[1])
    case(f, "k2_einsum", "EinsumDense", (4, 6), equation="abc,cde->abde",
         output_shape=(None, 2, 3), bias_axes="de", activation="relu",
         keras2=True, unknown=[1])
    ties = np.array([[[0, 0], [1, 0], [0, 2], [0, 0]],
                     [[0, 0]] * 4, [[3, 3], [0, 0], [3, 0], [3, 3]]], "float32")
    nan = ties.copy()
    nan[0, 0, 0] = np.nan
    nan[2, 2] = np.inf
    for keras2 in (False, True):
        k = "k2_" if keras2 else ""
        def add(name, cls, shape, **options):
            case(f, k + name, cls, shape, keras2=keras2, **options)
        add("masking", "Masking", None, x=ties, unknown=[1])
        add("masking_3", "Masking", None, x=ties, mask_value=3.0, unknown=[1])
        add("masking_nan", "Masking", None, x=nan, unknown=[1])
        add("masking_tenth", "Masking", None, x=ties * np.float32(0.1) / 3,
            mask_value=0.1, unknown=[1])
        add("masking_again", "Masking", None, x=ties, mask=[[0, 1, 1, 1]] * 3,
            unknown=[1])
        add("masking_axes", "Masking", None, x=ties.reshape(3, 2, 2, 2), unknown=[1])
        add("identity", "Identity", (4, 2), unknown=[1])
        add("identity_mask", "Identity", (7, 2), mask=MASK, unknown=[1])
        add("actreg_mask", "ActivityRegularization", (7, 2), l1=0.5, l2=0.1,
            mask=MASK, unknown=[1])
        add("dense_mask", "Dense", (7, 3), units=2, activation="relu", mask=MASK,
            unknown=[1])
        add("dense_4", "Dense", (2, 3, 4), units=2, use_bias=False, unknown=[1, 2])


def locally_connected():
    f = "locally_connected"
    for n, shape in ((1, (7, 3)), (2, (5, 6, 2))):
        cls = f"LocallyConnected{n}D"
        case(f, f"plain_{n}d", cls, shape, keras2=True, filters=4, kernel_size=3)
        case(f, f"strides_{n}d", cls, shape, keras2=True, filters=2,
             kernel_size=2 if n == 1 else (3, 2), strides=2 if n == 1 else (1, 2),
             activation="softmax", use_bias=False)
        first = (shape[-1], *shape[:-1])
        case(f, f"first_{n}d", cls, first, keras2=True, filters=3,
             kernel_size=2 if n == 1 else (2, 3), data_format="channels_first",
             activation="softmax")


def main(names):
    os.makedirs(FOLDER, exist_ok=True)
    for make in (convolutions, transposed, depthwise, pooling, global_pooling,
                 adaptive_pooling, reshaping, borders, up_sampling, embeddings, core,
                 locally_connected):
        if not names or make.__name__ in names:
            make()
    for family, cases in CASES.items():
        lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
        with open(os.path.join(FOLDER, f"{family}.json"), "w") as file:
            file.write(f"[\n{lines}\n]\n")
        print(family, len(cases))


if __name__ == "__main__":
    main(sys.argv[1:])
