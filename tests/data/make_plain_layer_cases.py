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
    if family == "regularization" or family == "images":
        kwargs["training"] = False  # else Keras 3 trains layers on pictures
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
        if not keras2:
            add("bn_mask_given", "BatchNormalization", (7, 2), mask_argument=MASK, unknown=[1])
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
                third = [MASK[2], MASK[0], MASK[1]]
                add(low + "_masks_3", cls, (7, 2), (7, 2), (7, 2),
                    masks=[MASK, OTHER_MASK, third], unknown=[1])
            else:
                add(low + "_masks", cls, (7, 2), (7, 2), masks=[MASK, OTHER_MASK])
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
    plain = np.random.default_rng(7).normal(size=(3, 3, 4)).astype("float32")
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
                # Near 0 these are differences of nearly equal numbers in Keras.
                rough = name in ("tanh_shrink", "elu", "selu", "celu")
                add("act_" + name, "Activation", (3, 4), activation=name,
                    xs=[plain] if rough else None)
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
        add("leaky_mask", "LeakyReLU", (7, 2), masks=[MASK])
        add("leaky_slope", "LeakyReLU", (3, 4), **{slope: 0.05})
        add("leaky_none", "LeakyReLU", (3, 4), **{slope: 0.0})
        add("elu", "ELU", xs=[plain], alpha=0.4)
        add("elu_default", "ELU", xs=[plain], masks=[[[1, 0, 1]] * 3])
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
    case(f, "k2_thresholded_mask", "ThresholdedReLU", (7, 2), theta=0.4, keras2=True, masks=[MASK])
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
                if kind == "bicubic" and height == 3:
                    continue  # TensorFlow rounds distances to 1/1024, jax does not
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


    wave = np.random.default_rng(9).normal(size=(3, 41)) * [[1], [1e3], [1e-3]]
    for tag, options in {
        "": {}, "_hz": dict(sampling_rate=900, min_freq=50.0, max_freq=300.0),
        "_power": dict(mag_exp=1.0), "_window": dict(window="hamming"),
        "_none": dict(window=None), "_short": dict(sequence_length=9, sequence_stride=5),
        "_odd": dict(sequence_length=12, fft_length=13, sequence_stride=3),
        "_mels": dict(num_mel_bins=11, min_freq=0.0),
    }.items():
        case(f, "mel" + tag, "MelSpectrogram", xs=[wave.astype("float32")], unknown=[1], **{
            **dict(fft_length=16, sequence_stride=4, sampling_rate=800, num_mel_bins=5,
                   power_to_db=False), **options})


def pictures():
    f = "images"
    rng = np.random.default_rng(11)
    picture = rng.uniform(20, 190, size=(3, 3, 4, 3)).astype("float32")
    picture[1, :, :, 1] = 7  # constant
    picture[2, 0, 0, 0] = np.nan
    case(f, "contrast", "AutoContrast", xs=[picture], unknown=[1, 2])
    case(f, "contrast_whole", "AutoContrast", xs=[np.round(np.nan_to_num(picture)).astype("int32")])
    unit = (picture / 255).astype("float32")
    case(f, "contrast_unit", "AutoContrast", xs=[unit], value_range=(0, 1))
    case(f, "contrast_signed", "AutoContrast", xs=[unit * 2 - 1], value_range=(1, -1))
    case(f, "contrast_first", "AutoContrast", xs=[picture], data_format="channels_first")
    layers = keras.layers
    for k, keras2 in (("", False), ("k2_", True)):
        for tag, (height, width) in {"small": (1, 2), "wide": (2, 6), "tall": (5, 2)}.items():
            case(f, f"{k}crop_{tag}", "RandomCrop", xs=[np.nan_to_num(picture)], keras2=keras2,
                 height=height, width=width)
    case(f, "pipeline", "Pipeline", xs=[picture], layers=[
        layers.AutoContrast(), layers.RandomFlip(), layers.Rescaling(0.5, offset=-3.0)])
    case(f, "pipeline_sizes", "Pipeline", xs=[np.nan_to_num(picture)], layers=[
        layers.CenterCrop(2, 3), layers.Resizing(5, 4)])


def regularization():
    f = "regularization"
    picture = np.round(np.random.default_rng(3).uniform(size=(3, 2, 4, 3)) * 255)
    picture = picture.astype("float32")
    for keras2 in (False, True):
        k = "k2_" if keras2 else ""
        api = tf_keras if keras2 else keras
        def add(cls, *shapes, **options):
            if hasattr(api.layers, cls):
                case(f, k + cls, cls, *shapes, keras2=keras2, **options)
        add("Dropout", (7, 2), rate=0.5, noise_shape=(None, 1, 2), masks=[MASK], unknown=[1])
        add("SpatialDropout1D", (7, 2), rate=0.5, masks=[MASK], unknown=[1])
        add("SpatialDropout2D", (2, 3, 2), rate=0.5)
        add("SpatialDropout3D", (2, 3, 2, 2), rate=0.5)
        add("GaussianDropout", (7, 2), rate=0.5, masks=[MASK])
        add("GaussianNoise", (7, 2), stddev=0.5, masks=[MASK])
        add("AlphaDropout", (7, 2), rate=0.5, masks=[MASK])
        for cls, options in {
            "RandomFlip": dict(mode="horizontal"),
            "RandomRotation": dict(factor=0.2), "RandomZoom": dict(height_factor=0.2),
            "RandomTranslation": dict(height_factor=0.2, width_factor=0.1),
            "RandomShear": dict(x_factor=0.2, y_factor=0.1),
            "RandomContrast": dict(factor=0.2), "RandomBrightness": dict(factor=0.2),
            "RandomHue": dict(factor=0.2), "RandomSaturation": dict(factor=0.2),
            "RandomSharpness": dict(factor=0.2), "RandomInvert": dict(factor=0.2),
            "RandomGrayscale": dict(factor=0.2), "RandomPosterization": dict(factor=4),
            "RandomColorDegeneration": dict(factor=0.2), "RandomColorJitter": dict(
                brightness_factor=0.2, contrast_factor=0.2, saturation_factor=0.2,
                hue_factor=0.2),
            "RandomErasing": dict(factor=0.9), "RandomGaussianBlur": dict(factor=0.9),
            "RandomPerspective": dict(factor=0.9), "RandomElasticTransform": dict(factor=0.9),
            "RandAugment": dict(num_ops=3, factor=0.5),
            "AugMix": dict(num_chains=2, chain_depth=2, factor=0.4, alpha=0.5),
            "CutMix": dict(factor=0.8), "MixUp": dict(alpha=0.4),
            "Solarization": dict(addition_factor=0.3, threshold_factor=0.4),
        }.items():
            add(cls, xs=[picture], **options)


def plain(value, tensors):
    """Arguments as a file holds them, tensors marked by their place."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            tensors.append(value)
            return {"input": len(tensors) - 1}
        return {k: plain(v, tensors) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v, tensors) for v in value]
    return value


def op_case(family, name, compute, *shapes, xs=None, unknown=()):
    """Traces one operation of Keras 3 as a functional model holds it."""
    rng = np.random.default_rng(zlib.crc32(f"{family}/{name}".encode()))
    if xs is None:
        xs = [drawn(rng, (3, *shape), "float") for shape in shapes]
    xs = [np.asarray(x) for x in xs]
    symbols = [keras.Input(x.shape[1:], dtype=str(x.dtype)) for x in xs]
    y = compute(*symbols)
    node = y._keras_history.operation._inbound_nodes[-1]
    tensors = []
    spec = plain(serialize_node(node, {}), tensors)
    operation = node.operation
    order = [s._keras_history.operation.name for s in symbols]
    seen = [t["config"]["keras_history"][0] for t in tensors]
    assert all(n in order for n in seen), (name, seen)
    xs = [xs[order.index(n)] for n in seen]
    out = keras.ops.convert_to_numpy(compute(*[
        keras.ops.convert_to_tensor(xs[seen.index(n)]) for n in order]))
    config = keras.saving.serialize_keras_object(operation)["config"]
    CASES.setdefault(family, []).append({
        "name": name,
        "class": type(operation).__name__,
        "dialect": 3,
        "config": {**config, "args": spec["args"], "kwargs": spec["kwargs"]},
        "weights": [],
        "input": array(xs[0]),
        "others": [array(x) for x in xs[1:]],
        "mask": None,
        "operation": True,
        "explicit": False,
        "args": {},
        "output": array(out),
        "outputMask": None,
        "unknown": list(unknown),
    })


def operations():
    f = "operations"
    ops = keras.ops
    rng = np.random.default_rng(11)
    pos = rng.uniform(0.2, 3, (3, 4)).astype("float32")
    unit = rng.uniform(-3, 3, (3, 4)).astype("float32")
    bools = rng.uniform(size=(3, 4)) > 0.5
    ids = rng.integers(0, 4, (3, 2)).astype("int32")
    def op(name, compute, *shapes, **options):
        try:
            op_case(f, name, compute, *shapes, **options)
        except Exception as error:
            print("failed", name, repr(error)[:200])
    for name in ("add subtract multiply divide true_divide maximum minimum greater "
                 "greater_equal less less_equal equal not_equal").split():
        call = getattr(ops, name)
        op(name, call, (4, 2), (4, 2), unknown=[1])
        op(name + "_number", lambda x, c=call: c(x, 0.5), (4,))
        op(name + "_left", lambda x, c=call: c(2, x), (4,))
        op(name + "_broadcast", call, (4, 2), (1, 2))
    op("operator_multiply", lambda x: x * 2, (4,))
    op("operator_rsub", lambda x: 1 - x, (4,))
    op("operator_truediv", lambda x: x / 3, (4,))
    op("operator_neg", lambda x: -x, (4,))
    op("operator_pow", lambda x: x ** 2, xs=[pos])
    op("operator_at", lambda x, y: x @ y, (2, 3), (3, 4))
    op("floor_divide", lambda x, y: ops.floor_divide(x, y), xs=[unit, pos])
    op("mod", lambda x, y: ops.mod(x, y), xs=[unit, pos])
    op("power", ops.power, xs=[pos, unit])
    op("logical_and", ops.logical_and, xs=[bools, ~bools])
    op("logical_or", ops.logical_or, xs=[bools, bools])
    op("logical_not", ops.logical_not, xs=[bools])
    op("matmul", ops.matmul, (2, 3), (3, 4))
    op("einsum", lambda x, y: ops.einsum("abc,acd->abd", x, y), (2, 3), (3, 4))
    op("where", ops.where, xs=[bools, unit, pos])
    op("where_number", lambda c, x: ops.where(c, x, 0.0), xs=[bools, unit])
    for name in ("absolute negative exp expm1 square sign floor ceil sin cos tanh "
                 "isnan round").split():
        op(name, getattr(ops, name), xs=[unit])
    op("erf", ops.erf, xs=[unit])
    for name in "log log1p sqrt rsqrt reciprocal".split():
        op(name, getattr(ops, name), xs=[pos])
    for name in ("relu relu6 sigmoid hard_sigmoid hard_silu hard_tanh tanh_shrink silu "
                 "selu softplus softsign log_sigmoid elu leaky_relu gelu").split():
        op(name, getattr(ops, name), xs=[unit])
    op("elu_alpha", lambda x: ops.elu(x, alpha=0.3), xs=[unit])
    op("leaky_slope", lambda x: ops.leaky_relu(x, negative_slope=0.4), xs=[unit])
    op("gelu_exact", lambda x: ops.gelu(x, approximate=False), xs=[unit])
    op("softmax", ops.softmax, (4, 2))
    op("softmax_axis", lambda x: ops.softmax(x, axis=1), (4, 2))
    op("softmax_axes", lambda x: ops.softmax(x, axis=(1, 2)), (4, 2))
    op("log_softmax", ops.log_softmax, (4, 2))
    op("log_softmax_axis", lambda x: ops.log_softmax(x, axis=1), (4, 2))
    op("normalize", ops.normalize, (4, 2))
    op("normalize_axis", lambda x: ops.normalize(x, axis=1), (4, 2))
    op("one_hot", lambda x: ops.one_hot(x, 5), xs=[ids])
    op("one_hot_axis", lambda x: ops.one_hot(x, 5, axis=1), xs=[ids])
    for name in "sum mean max min prod var std logsumexp".split():
        call = getattr(ops, name)
        op(name, lambda x, c=call: c(x, axis=-1), (4, 2), unknown=[1])
        op(name + "_axes", lambda x, c=call: c(x, axis=(1, 2), keepdims=True), (4, 2))
    op("any", lambda x: ops.any(x, axis=1), xs=[bools])
    op("all", lambda x: ops.all(x, axis=1, keepdims=True), xs=[bools])
    op("argmax", lambda x: ops.argmax(x, axis=1), (4, 2))
    op("argmax_keep", lambda x: ops.argmax(x, axis=-1, keepdims=True), (4, 2))
    op("reshape", lambda x: ops.reshape(x, (-1, 2, 4)), (4, 2))
    op("transpose", lambda x: ops.transpose(x, (0, 2, 1)), (4, 2), unknown=[1])
    op("swapaxes", lambda x: ops.swapaxes(x, 1, -1), (4, 3, 2))
    op("moveaxis", lambda x: ops.moveaxis(x, 1, -1), (4, 3, 2))
    op("moveaxis_2", lambda x: ops.moveaxis(x, (1, 2), (3, 1)), (4, 3, 2))
    op("expand_dims", lambda x: ops.expand_dims(x, 1), (4,))
    op("expand_dims_last", lambda x: ops.expand_dims(x, -1), (4,))
    op("expand_dims_2", lambda x: ops.expand_dims(x, (1, 3)), (4,))
    op("squeeze", lambda x: ops.squeeze(x, 2), (4, 1))
    op("squeeze_last", lambda x: ops.squeeze(x, -1), (4, 1))
    op("concatenate", lambda x, y: ops.concatenate([x, y], axis=-1), (4, 2), (4, 3))
    op("concatenate_1", lambda x, y: ops.concatenate([x, y], axis=1), (4, 2), (3, 2))
    op("stack", lambda x, y: ops.stack([x, y], axis=1), (4, 2), (4, 2))
    op("stack_last", lambda x, y: ops.stack([x, y], axis=-1), (4, 2), (4, 2))
    for tag, cut in {
        "0": lambda x: x[:, 0], "last": lambda x: x[:, -1], "range": lambda x: x[:, 1:3],
        "step": lambda x: x[:, ::2], "ends": lambda x: x[:, -3:-1],
        "dots": lambda x: x[..., 1], "dots_range": lambda x: x[..., :2],
        "new": lambda x: x[:, None], "new_dots": lambda x: x[..., None],
        "mixed": lambda x: x[:, 1, None, ..., 0:2], "deep": lambda x: x[:, :, 1, -2],
    }.items():
        op("item_" + tag, cut, (4, 3, 2))
    op("clip", lambda x: ops.clip(x, -0.5, 1.0), xs=[unit])
    op("cast", lambda x: ops.cast(x, "int32"), xs=[unit])
    op("cast_bool", lambda x: ops.cast(x, "bool"), xs=[np.round(unit)])
    op("cast_float", lambda x: ops.cast(x, "float32"), xs=[bools])
    op("pad", lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 1))), (4, 2))
    op("pad_value", lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 1)), constant_values=3.0), (4, 2))
    op("pad_constant", lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 0)), "constant", 2), (4, 2))
    op("take", lambda x: ops.take(x, [2, 0], axis=1), (4, 2))
    op("take_one", lambda x: ops.take(x, 1, axis=-1), (4, 2))
    op("repeat", lambda x: ops.repeat(x, 2, axis=1), (4, 2))
    op("tile", lambda x: ops.tile(x, (1, 2, 3)), (4, 2))
    op("flip", lambda x: ops.flip(x, axis=1), (4, 2))
    op("flip_last", lambda x: ops.flip(x, axis=-1), (4, 2))


def tf_case(name, compute, *shapes, xs=None):
    """Traces one function of TensorFlow as a functional model of Keras 2 holds it."""
    f = "tf_operations"
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if xs is None:
        xs = [drawn(rng, (3, *shape), "float") for shape in shapes]
    names = [f"in{i}" for i in range(len(xs))]
    symbols = [tf_keras.Input(x.shape[1:], name=n, dtype=str(x.dtype))
               for n, x in zip(names, xs)]
    model = tf_keras.Model(symbols, compute(*symbols))
    layer = json.loads(model.to_json())["config"]["layers"][-1]
    node = layer["inbound_nodes"][0]
    tensors = [node] if isinstance(node[0], str) else node
    found = []
    def bind(value):
        if (isinstance(value, list) and len(value) in (3, 4)
                and isinstance(value[0], str) and value[0] in names):
            found.append(names.index(value[0]))
            return {"input": len(found) - 1}
        if isinstance(value, list) and value and value[0] == "_CONSTANT_VALUE":
            return value[2]
        if isinstance(value, list):
            return [bind(v) for v in value]
        return value
    args = [bind(t[:3]) for t in tensors]
    if not isinstance(node[0], str) and layer["class_name"] == "TFOpLambda":
        args = [args]
    kwargs = {k: bind(v) for k, v in (tensors[0][3] if len(tensors[0]) > 3 else {}).items()}
    xs = [xs[i] for i in found]
    order = {i: x for i, x in zip(found, xs)}
    out = compute(*[tf.constant(order[i]) for i in range(len(names))])
    cls = layer["class_name"]
    CASES.setdefault(f, []).append({
        "name": name,
        "class": "tf." + layer["config"]["function"] if cls == "TFOpLambda" else cls,
        "dialect": 2,
        "config": {**layer["config"], "args": args, "kwargs": kwargs},
        "weights": [], "input": array(xs[0]), "others": [array(x) for x in xs[1:]],
        "mask": None, "operation": True, "explicit": False, "args": {},
        "output": array(out.numpy()), "outputMask": None, "unknown": [],
    })


def tf_operations():
    rng = np.random.default_rng(13)
    pos = rng.uniform(0.2, 3, (3, 4)).astype("float32")
    real = rng.uniform(-3, 3, (3, 4)).astype("float32")
    def op(name, compute, *shapes, **options):
        try:
            tf_case(name, compute, *shapes, **options)
        except Exception as error:
            print("failed", name, repr(error)[:300])
    for name in "add subtract multiply truediv divide pow maximum minimum greater less".split():
        call = getattr(tf.math, name)
        op(name, call, xs=[pos, np.abs(real)])
        op(name + "_number", lambda x, c=call: c(x, 0.5), xs=[pos])
    op("operator_add", lambda x: x + 1, (4,))
    op("operator_radd", lambda x: 1.5 + x, (4,))
    op("operator_rsub", lambda x: 1 - x, (4,))
    op("operator_mul", lambda x: 2 * x, (4,))
    op("operator_div", lambda x: x / 255.0, (4,))
    op("operator_rdiv", lambda x: 2 / x, xs=[pos])
    op("operator_neg", lambda x: -x, (4,))
    op("operator_pow", lambda x: x ** 2, (4,))
    op("matmul", tf.matmul, (2, 3), (3, 4))
    op("matmul_turned", lambda x, y: tf.matmul(x, y, transpose_b=True), (2, 3), (4, 3))
    for name in "negative abs exp square tanh sigmoid".split():
        op(name, getattr(tf.math, name), xs=[real])
    for name in "log sqrt rsqrt".split():
        op(name, getattr(tf.math, name), xs=[pos])
    for name in "sigmoid tanh relu relu6 silu gelu leaky_relu softmax".split():
        op("nn_" + name, getattr(tf.nn, name), xs=[real])
    op("nn_gelu_tanh", lambda x: tf.nn.gelu(x, approximate=True), xs=[real])
    op("nn_leaky_slope", lambda x: tf.nn.leaky_relu(x, alpha=0.4), xs=[real])
    op("nn_softmax_axis", lambda x: tf.nn.softmax(x, axis=1), (4, 2))
    for name in "mean sum max min".split():
        call = getattr(tf, "reduce_" + name)
        op("reduce_" + name, lambda x, c=call: c(x, axis=1), (4, 2))
        op("reduce_keep_" + name, lambda x, c=call: c(x, axis=[1, 2], keepdims=True), (4, 2))
    op("reshape", lambda x: tf.reshape(x, [-1, 2, 4]), (4, 2))
    op("transpose", lambda x: tf.transpose(x, [0, 2, 1]), (4, 2))
    op("expand_dims", lambda x: tf.expand_dims(x, 1), (4, 2))
    op("expand_dims_last", lambda x: tf.expand_dims(x, -1), (4, 2))
    op("concat", lambda x, y: tf.concat([x, y], axis=-1), (4, 2), (4, 3))
    op("stack", lambda x, y: tf.stack([x, y], axis=1), (4, 2), (4, 2))
    op("stack_last", lambda x, y: tf.stack([x, y], axis=-1), (4, 2), (4, 2))
    op("cast", lambda x: tf.cast(x, tf.int32), xs=[real])
    op("clip", lambda x: tf.clip_by_value(x, -0.5, 1.0), xs=[real])
    op("item_0", lambda x: x[:, 0], (4, 3))
    op("item_last", lambda x: x[:, -1], (4, 3))
    op("item_range", lambda x: x[:, 1:3], (4, 3))
    op("item_step", lambda x: x[:, ::2], (4, 3))
    op("item_dots", lambda x: x[..., 1], (4, 3))
    op("item_new", lambda x: x[:, tf.newaxis], (4, 3))
    op("item_mixed", lambda x: x[..., tf.newaxis, :2], (4, 3))


def main(names):
    for make in (normalization, merging, activation_layers, preprocessing, spectrograms,
                 pictures, regularization, operations, tf_operations):
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
