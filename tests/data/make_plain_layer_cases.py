"""Layers of the real Keras that need no map: normalisations, merges,
activations, preprocessing, spectrograms, and raw operations.

One JSON file a family under `layer_cases`, in the form of
`make_map_layer_cases.py`, with inputs after the first, and operations as the
arguments of their call, tensors marked by their place.

Versions: keras 3.15.1 (jax 0.10.2), tf_keras 2.21.0 (tensorflow 2.21.0).
Run: KERAS_BACKEND=jax python tests/data/make_plain_layer_cases.py
"""

import json
import os
import zlib

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import tf_keras
from keras.src.models.functional import serialize_node

from make_map_layer_cases import FOLDER, MASK, array, drawn

CASES = {}
OTHER_MASK = [[1, 0, 0, 1, 1, 0, 1], [0, 1, 0, 1, 0, 1, 1], [0, 0, 0, 0, 0, 0, 1]]


def case(family, name, cls, *shapes, keras2=False, xs=None, masks=(), args=None,
         unknown=(), weights=None, mask_argument=None, **options):
    """Runs one layer, and keeps what went in and came out."""
    rng = np.random.default_rng(zlib.crc32(f"{family}/{name}".encode()))
    api = tf_keras if keras2 else keras
    layer = getattr(api.layers, cls)(name=name, **options)
    if xs is None:
        xs = [drawn(rng, (3, *shape), "float") for shape in shapes]
    xs = [np.asarray(x) for x in xs]
    given = [tf.constant(x) if keras2 else keras.ops.convert_to_tensor(x) for x in xs]
    built = [(None, *x.shape[1:]) for x in xs]
    if not layer.built:
        layer.build(built if len(xs) > 1 else built[0])
    if weights is None:
        weights = [
            rng.uniform(0.2, 2, w.shape) if "variance" in w.name
            else rng.normal(size=w.shape) for w in layer.weights
        ]
    if "count" not in [w.name.split(":")[0] for w in layer.weights]:
        layer.set_weights([np.asarray(w, "float32") for w in weights])
    else:
        layer.adapt(np.concatenate([x.reshape(-1, *x.shape[1:]) for x in xs]))
    kwargs = dict(args or {})
    for tensor, mask in zip(given, masks):
        if mask is None:
            continue
        value = np.asarray(mask, bool)
        if keras2:
            tensor._keras_mask = tf.constant(value)
        else:
            keras.src.backend.set_keras_mask(
                tensor, mask=keras.ops.convert_to_tensor(value))
    if mask_argument is not None:
        value = np.asarray(mask_argument, bool)
        kwargs["mask"] = tf.constant(value) if keras2 else keras.ops.convert_to_tensor(value)
    y = layer(given if len(given) > 1 else given[0], **kwargs)
    if keras2:
        out_mask = getattr(y, "_keras_mask", None)
        config = tf_keras.saving.serialize_keras_object(layer)["config"]
        y = y.numpy()
    else:
        out_mask = keras.src.backend.get_keras_mask(y)
        config = keras.saving.serialize_keras_object(layer)["config"]
        y = keras.ops.convert_to_numpy(y)
    listed = [None if m is None else array(np.asarray(m, bool)) for m in masks]
    listed += [None] * (len(xs) - len(listed))
    CASES.setdefault(family, []).append({
        "name": name,
        "class": cls,
        "dialect": 2 if keras2 else 3,
        "config": config,
        "weights": [array(w) for w in layer.get_weights()],
        "input": array(xs[0]),
        "others": [array(x) for x in xs[1:]],
        "mask": listed[0] if mask_argument is None
        else array(np.asarray(mask_argument, bool)),
        "otherMasks": listed[1:],
        "explicit": mask_argument is not None,
        "args": args or {},
        "output": array(y),
        "outputMask": None if out_mask is None else array(np.asarray(out_mask)),
        "unknown": list(unknown),
    })


def normalization():
    f = "normalization"
    for keras2 in (False, True):
        k = "k2_" if keras2 else ""
        def add(name, cls, *shapes, **options):
            case(f, k + name, cls, *shapes, keras2=keras2, **options)
        add("bn", "BatchNormalization", (4, 3), unknown=[1])
        add("bn_row", "BatchNormalization", (5,), epsilon=0.3)
        add("bn_axis1", "BatchNormalization", (3, 2, 2), axis=1, unknown=[2, 3])
        add("bn_noscale", "BatchNormalization", (2, 3), scale=False, unknown=[1])
        add("bn_nocenter", "BatchNormalization", (2, 3), center=False)
        add("bn_bare", "BatchNormalization", (2, 3), center=False, scale=False,
            epsilon=1e-5, momentum=0.5)
        add("bn_mask", "BatchNormalization", (7, 2), masks=[MASK], unknown=[1])
        for tag, options in {
            "": {}, "_eps": dict(epsilon=0.5), "_axis1": dict(axis=1),
            "_axes": dict(axis=[1, 2]), "_turned": dict(axis=[2, 1]),
            "_bare": dict(center=False, scale=False),
            "_noscale": dict(scale=False), "_nocenter": dict(center=False),
        }.items():
            add("ln" + tag, "LayerNormalization", (3, 4, 2),
                unknown=[1] if "axis" not in options else [], **options)
        add("ln_mask", "LayerNormalization", (7, 2), masks=[MASK], unknown=[1])
        for tag, options in {
            "2": dict(groups=2), "all": dict(groups=-1), "one": dict(groups=1),
            "axis1": dict(groups=2, axis=1), "axis_2": dict(groups=3, axis=-2),
            "bare": dict(groups=2, scale=False, center=False, epsilon=0.1),
        }.items():
            add("gn_" + tag, "GroupNormalization", (4, 3, 6),
                unknown=[1] if "axis" not in options else [], **options)
        add("gn_row", "GroupNormalization", (6,), groups=3)
        tiny = np.array([[[3e-7, 4e-7], [0, 0]], [[1, 2], [3, 4]],
                         [[1e-10, 0], [1e-13, 1e-13]]], "float32")
        add("unit", "UnitNormalization", xs=[tiny], unknown=[1])
        add("unit_axes", "UnitNormalization", (3, 4), axis=[1, 2])
        add("unit_mask", "UnitNormalization", (7, 2), axis=1, masks=[MASK])
    case(f, "k2_bn_axes", "BatchNormalization", (3, 2, 4), axis=[1, 3],
         keras2=True, unknown=[2])
    case(f, "gn_mask", "GroupNormalization", (7, 2), groups=1, masks=[MASK])
    case(f, "ln_rms", "LayerNormalization", (3, 4), rms_scaling=True, unknown=[1])
    case(f, "ln_rms_noscale", "LayerNormalization", (3, 4), rms_scaling=True,
         scale=False, axis=1)
    case(f, "rms", "RMSNormalization", (3, 4), unknown=[1])
    # Keras multiplies by the scale as it is, along the last axes.
    case(f, "rms_axis1", "RMSNormalization", (4, 4), axis=1, epsilon=0.2)
    case(f, "rms_axes", "RMSNormalization", (3, 4, 2), axis=[2, 3])
    case(f, "rms_mask", "RMSNormalization", (7, 2), masks=[MASK], unknown=[1])


def merging():
    f = "merging"
    for keras2 in (False, True):
        k = "k2_" if keras2 else ""
        def add(name, cls, *shapes, **options):
            case(f, k + name, cls, *shapes, keras2=keras2, **options)
        for cls in ("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average"):
            low = cls.lower()
            add(low, cls, (4, 2), (4, 2), unknown=[1])
            add(low + "_ranks", cls, (2, 4, 3), (3,))
            add(low + "_ranks2", cls, (3,), (4, 3))
            add(low + "_broadcast", cls, (4, 1), (1, 3))
            if cls != "Subtract":
                add(low + "_3", cls, (4, 2), (4, 2), (4, 2), unknown=[1])
        add("add_masks", "Add", (7, 2), (7, 2), masks=[MASK, OTHER_MASK], unknown=[1])
        add("add_mask_first", "Add", (7, 2), (7, 2), masks=[MASK, None])
        add("add_mask_second", "Add", (7, 2), (7, 2), masks=[None, MASK])
        add("cat", "Concatenate", (4, 2), (4, 3), unknown=[1])
        add("cat_axis1", "Concatenate", (4, 2), (3, 2), axis=1)
        add("cat_axis_2", "Concatenate", (4, 2, 2), (4, 1, 2), (4, 3, 2), axis=-2)
        add("cat_masks", "Concatenate", (7, 2), (7, 1), masks=[MASK, OTHER_MASK],
            unknown=[1])
        add("cat_mask_first", "Concatenate", (7, 2), (7, 1), masks=[MASK, None])
        add("cat_mask_second", "Concatenate", (7, 2), (7, 1), masks=[None, MASK],
            unknown=[1])
        add("cat_masks_axis1", "Concatenate", (7, 2), (7, 2), axis=1,
            masks=[MASK, OTHER_MASK])
        for tag, a, b, axes in (
            ("22", (4,), (4,), 1), ("22_last", (4,), (4,), -1),
            ("23", (4,), (3, 4), (1, 2)), ("32", (3, 4), (4,), (2, 1)),
            ("32_1", (3, 4), (3,), 1), ("33", (3, 4), (5, 4), -1),
            ("33_1", (3, 4), (3, 5), 1), ("33_turn", (3, 4), (5, 3), (1, 2)),
            ("34", (3, 4), (2, 4, 5), (2, 2)), ("43", (2, 3, 4), (4, 5), (3, 1)),
            ("42", (2, 3, 4), (3,), (2, 1)), ("24", (3,), (2, 3, 4), (1, 2)),
            ("44", (2, 3, 4), (3, 2, 5), (1, 2)), ("44_last", (2, 3, 4), (3, 2, 4), -1),
        ):
            add("dot_" + tag, "Dot", a, b, axes=axes)
            add("dot_norm_" + tag, "Dot", a, b, axes=axes, normalize=True)
        tiny = np.array([[3e-7, 4e-7], [0, 0], [1e-4, 0]], "float32")
        add("dot_tiny", "Dot", xs=[tiny, tiny], axes=1, normalize=True)
        add("dot_mask", "Dot", (7, 2), (7, 3), axes=1, masks=[MASK, MASK])


def activation_layers():
    f = "activation_layers"
    edge = np.array([[-np.inf, -7.5, -3, -1], [-0.5, 0, 0.5, 1], [2, 3, 6, np.inf]],
                    "float32")
    names3 = ("elu selu softplus softsign silu gelu tanh sigmoid hard_sigmoid relu "
              "relu6 leaky_relu celu hard_silu hard_tanh hard_shrink soft_shrink "
              "tanh_shrink sparse_plus sparse_sigmoid squareplus log_sigmoid mish "
              "exponential linear glu softmax log_softmax sparsemax swish hard_swish").split()
    names2 = ("elu selu softplus softsign swish gelu tanh sigmoid hard_sigmoid relu "
              "relu6 leaky_relu mish exponential linear softmax log_softmax silu").split()
    for keras2, names in ((False, names3), (True, names2)):
        k = "k2_" if keras2 else ""
        def add(name, cls, *shapes, **options):
            case(f, k + name, cls, *shapes, keras2=keras2, **options)
        for name in names:
            try:
                add("act_" + name, "Activation", (3, 4), activation=name)
                if name not in ("softmax", "log_softmax", "glu", "sparsemax", "exponential"):
                    add("edge_" + name, "Activation", activation=name,
                        xs=[np.clip(edge, -200, 200)])
            except ValueError as error:
                print("no", k, name, str(error)[:60])
        add("act_mask", "Activation", (7, 2), activation="relu", masks=[MASK], unknown=[1])
        for tag, options in {
            "": {}, "_six": dict(max_value=6), "_max": dict(max_value=0.7),
            "_slope": dict(negative_slope=0.2), "_threshold": dict(threshold=0.5),
            "_all": dict(max_value=1.5, negative_slope=0.1, threshold=0.5),
            "_slope_max": dict(max_value=1.5, negative_slope=0.1),
            "_slope_threshold": dict(negative_slope=0.3, threshold=1.0),
            "_zero": dict(max_value=0),
        }.items():
            add("relu" + tag, "ReLU", xs=[edge if "slope" not in tag and tag != "_all"
                                          else np.clip(edge, -99, 99)], **options)
        slope = "alpha" if keras2 else "negative_slope"
        add("leaky", "LeakyReLU", (3, 4), unknown=[1])
        add("leaky_slope", "LeakyReLU", (3, 4), **{slope: 0.05})
        add("leaky_none", "LeakyReLU", (3, 4), **{slope: 0.0})
        add("elu", "ELU", (3, 4), alpha=0.4)
        add("elu_default", "ELU", (3, 4), masks=[[[1, 0, 1]] * 3])
        add("prelu", "PReLU", (3, 4))
        add("prelu_shared1", "PReLU", (3, 4), shared_axes=[1], unknown=[1])
        add("prelu_shared12", "PReLU", (3, 2, 4), shared_axes=[1, 2], unknown=[1, 2])
        add("prelu_mask", "PReLU", (7, 2), masks=[MASK])
        add("softmax", "Softmax", (3, 4), unknown=[1])
        add("softmax_axis1", "Softmax", (3, 4), axis=1)
        add("softmax_axes", "Softmax", (3, 4, 2), axis=[1, 2], unknown=[1])
        add("softmax_list", "Softmax", (3, 4, 2), axis=[1])
        add("softmax_masked", "Softmax", (7,), masks=[MASK])
        add("softmax_masked_all", "Softmax", xs=[np.ones((3, 3), "float32")],
            masks=[[[0, 0, 0], [0, 1, 0], [1, 1, 1]]])
        add("softmax_mask_given", "Softmax", (7,), mask_argument=MASK)
    case(f, "k2_thresholded", "ThresholdedReLU", (3, 4), theta=0.4, keras2=True, unknown=[1])
    case(f, "k2_robust", "Softmax", xs=[np.ones((3, 3), "float32")], robust_masking=True,
         masks=[[[0, 0, 0], [0, 1, 0], [1, 1, 1]]], keras2=True)


def preprocessing():
    f = "preprocessing"
    rng = np.random.default_rng(5)
    picture = (rng.uniform(size=(3, 5, 8, 2)) * 255).astype("float32")
    whole = picture.astype("int32")
    ids = np.array([[0, 1, 3, 3], [2, 2, 2, 2], [4, 0, 0, 3]], "int32")
    reals = np.array([[-2, -1, -0.5, 0], [0.1, 1, 1.5, 3], [np.nan, 9, 2, np.inf]], "float32")
    for keras2 in (False, True):
        k = "k2_" if keras2 else ""
        def add(name, cls, *shapes, **options):
            case(f, k + name, cls, *shapes, keras2=keras2, **options)
        add("rescale", "Rescaling", (3, 2), scale=1 / 255, unknown=[1])
        add("rescale_offset", "Rescaling", xs=[whole], scale=1 / 127.5, offset=-1)
        add("rescale_lists", "Rescaling", (3, 2), scale=[0.5, 2.0], offset=[1, -3])
        for tag, options in {
            "_given": dict(mean=0.5, variance=4.0),
            "_lists": dict(mean=[0.5, -1.0], variance=[4.0, 0.25]),
            "_none": dict(axis=None, mean=2.0, variance=0.5),
            "_invert": dict(mean=[0.5, -1.0], variance=[4.0, 0.0], invert=True),
            "_flat": dict(mean=[0.5, -1.0], variance=[0.0, 0.25]),
            "_axes": dict(axis=[1, 2], mean=[[1, 2], [3, 4], [5, 6]],
                          variance=[[1, 2], [3, 4], [5, 6]]),
            "_turned": dict(axis=[2, 1], mean=[[1, 2], [3, 4], [5, 6]],
                            variance=[[1, 2], [3, 4], [5, 6]]),
            "_short": dict(axis=[1, 2], mean=[1, 2], variance=[3, 4]),
            "_axis1": dict(axis=1, mean=[1, 2, 3], variance=[3, 4, 5]),
        }.items():
            add("norm" + tag, "Normalization", (3, 2), **options)
        add("norm_adapted", "Normalization", (3, 2), unknown=[1])
        add("norm_adapted_none", "Normalization", (3, 2), axis=None)
        add("norm_adapted_axes", "Normalization", (3, 2), axis=[1, 2])
        add("norm_adapted_axis1", "Normalization", (3, 2), axis=1, invert=True)
        for kind in ("nearest", "bilinear", "bicubic"):
            for height, width in ((3, 4), (10, 16), (5, 8), (1, 1)):
                add(f"resize_{kind}_{height}_{width}", "Resizing", xs=[picture],
                    height=height, width=width, interpolation=kind,
                    unknown=[] if kind == "bicubic" else [1, 2])
        add("resize_crop", "Resizing", xs=[picture], height=4, width=3,
            crop_to_aspect_ratio=True)
        add("resize_crop_wide", "Resizing", xs=[picture], height=2, width=7,
            crop_to_aspect_ratio=True, interpolation="nearest")
        add("resize_whole", "Resizing", xs=[whole], height=3, width=4)
        add("crop", "CenterCrop", xs=[picture], height=2, width=5)
        add("crop_rows", "CenterCrop", xs=[picture], height=5, width=4)
        add("crop_whole", "CenterCrop", xs=[whole], height=2, width=5)
        add("crop_larger", "CenterCrop", xs=[picture], height=7, width=4)
        for mode in ("multi_hot", "one_hot", "count"):
            x = ids[:, :1] if mode == "one_hot" and keras2 else ids
            add("cat_" + mode, "CategoryEncoding", xs=[x], num_tokens=6, output_mode=mode)
        add("cat_column", "CategoryEncoding", xs=[ids[:, :1]], num_tokens=5,
            output_mode="one_hot")
        add("cat_row", "CategoryEncoding", xs=[ids[:, 0]], num_tokens=5,
            output_mode="one_hot")
        add("cat_floats", "CategoryEncoding", xs=[ids.astype("float32")], num_tokens=5)
        for mode in ("int", "multi_hot", "one_hot", "count"):
            x = reals[:, 1:2] if mode == "one_hot" and keras2 else reals
            add("bins_" + mode, "Discretization", xs=[x], bin_boundaries=[-1.0, 0.1, 1.5],
                output_mode=mode)
    case(f, "cat_deep", "CategoryEncoding", xs=[ids.reshape(3, 2, 2)], num_tokens=5,
         output_mode="multi_hot")
    case(f, "cat_deep_count", "CategoryEncoding", xs=[ids.reshape(3, 2, 2)],
         num_tokens=5, output_mode="count")
    case(f, "resize_first", "Resizing", xs=[picture.transpose(0, 3, 1, 2)], height=3,
         width=4, data_format="channels_first", unknown=[2, 3])
    case(f, "resize_first_crop", "Resizing", xs=[picture.transpose(0, 3, 1, 2)], height=3,
         width=2, data_format="channels_first", crop_to_aspect_ratio=True)
    case(f, "crop_first", "CenterCrop", xs=[picture.transpose(0, 3, 1, 2)], height=3,
         width=2, data_format="channels_first")
    case(f, "resize_mask", "Rescaling", (7, 2), scale=2.0, masks=[MASK], unknown=[1])
    case(f, "norm_mask", "Normalization", (7, 2), mean=0.5, variance=2.0, masks=[MASK])


def spectrograms():
    f = "spectrograms"
    for mode in ("log", "magnitude", "psd", "real", "imag", "stft"):
        case(f, mode, "STFTSpectrogram", (19, 2), mode=mode, frame_length=8,
             frame_step=3, unknown=[1])
    for tag, options in {
        "step": dict(), "fft": dict(fft_length=16, frame_step=5),
        "same": dict(padding="same", frame_step=3),
        "expand": dict(expand_dims=True, frame_step=4),
        "window": dict(window="hamming", periodic=True, scaling="spectrum"),
        "bare": dict(window=None, scaling=None),
    }.items():
        case(f, tag, "STFTSpectrogram", (19, 2), frame_length=8, mode="magnitude",
             unknown=[1], **options)
    for tag, options in {"": {}, "_expand": dict(expand_dims=True),
                         "_same": dict(padding="same")}.items():
        case(f, "first" + tag, "STFTSpectrogram", (2, 19), frame_length=8, frame_step=3,
             mode="stft", data_format="channels_first", **options)


def main(names):
    for make in (normalization, merging, activation_layers, preprocessing, spectrograms):
        if not names or make.__name__ in names:
            make()
    for family, cases in CASES.items():
        lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
        with open(os.path.join(FOLDER, f"{family}.json"), "w") as file:
            file.write(f"[\n{lines}\n]\n")
        print(family, len(cases))


if __name__ == "__main__":
    import sys
    main(sys.argv[1:])
