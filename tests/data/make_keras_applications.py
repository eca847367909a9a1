"""Makes keras.applications with random weights, with real Keras 3 and tf_keras.

    pip install keras==3.15.1 tensorflow-cpu==2.21.0 tf_keras==2.21.0
    python tests/data/make_keras_applications.py [folder] [--only NAME]... [--size N]
    python tests/data/make_keras_applications.py --small

The first writes the networks as they are, 2 GB, into a folder that is not kept
(out/keras_applications), for `deno task applications`. The second writes the
same architectures with few channels and blocks, on small pictures, into
tests/data/keras_applications, for the tests.

A network is `{k2,k3}_<name>.keras`, some are `.h5` as well. What Keras computes
for two pictures is `{k2,k3}_<name>.npz`: `inputs`, `logits`, and `layer0` to
`layer4` of five inner layers, spread over the depth, whose names are in
`{k2,k3}_<name>.json`. Of the networks as they are, that is computed in float64,
as Keras' own float32 is off by more than what is to be shown in some: by
`rounding`, of a layer's largest value. Nothing is downloaded. How weights are drawn, and what is
asserted of them: _seen_weights.py.
"""

import argparse
import contextlib
import json
import os
import pathlib
import zipfile
import zlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import tf_keras
from _seen_weights import (
    assert_differ, assert_scales, assert_seen, assign, draw_weights, is_state, leaves, path_of,
)

tf.config.experimental.enable_op_determinism()
HERE = pathlib.Path(__file__).resolve().parent
NAMES = """MobileNetV2 MobileNetV3Small ResNet50 EfficientNetB0 EfficientNetV2B0 DenseNet121
InceptionV3 Xception NASNetMobile ConvNeXtTiny VGG16""".split()
ALSO_H5 = ("MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "NASNetMobile", "ConvNeXtTiny")
# Networks that take pictures as they come, 0 to 255; the others want -1 to 1.
OWN_SCALE = ("MobileNetV3", "EfficientNet", "ConvNeXt")
ROWS, INNER = 2, 5
PROBES, SMALL_PROBES = 10, 256
USUAL_SIZE = 224
ATTEMPTS = 20
SMALL_SIZE, SMALL_CLASSES = 32, 5


def whole(K, name, size):
    options = {} if size is None else {"input_shape": (size, size, 3)}
    return getattr(K.applications, name)(weights=None, **options)


def small(K, name):
    """The architecture by its own code, with few channels and blocks."""
    is3 = K is keras
    root = keras.src.applications if is3 else tf_keras.src.applications
    options = {"weights": None, "input_shape": (SMALL_SIZE, SMALL_SIZE, 3), "classes": SMALL_CLASSES}
    if name == "MobileNetV2":
        return root.mobilenet_v2.MobileNetV2(alpha=0.1, **options)
    if name == "MobileNetV3Small":
        return K.applications.MobileNetV3Small(alpha=0.1, **options)
    if name == "ResNet":
        module = root.resnet
        stack = module.stack_residual_blocks_v1 if is3 else module.stack1
        def stacks(x):
            x = stack(x, 8, 2, stride1=1, name="conv2")
            return stack(x, 16, 2, name="conv3")
        return module.ResNet(stacks, False, True, name="resnet", **options) if is3 else module.ResNet(
            stacks, False, True, model_name="resnet", **options)
    if name == "EfficientNet":
        return root.efficientnet.EfficientNet(0.1, 0.1, SMALL_SIZE, **options)
    if name == "EfficientNetV2":
        extra = {"name": "efficientnetv2-b0"} if is3 else {"model_name": "efficientnetv2-b0"}
        return root.efficientnet_v2.EfficientNetV2(0.1, 0.1, SMALL_SIZE, **extra, **options)
    if name == "DenseNet":
        return root.densenet.DenseNet([1, 2, 1, 1], **options)
    if name == "NASNet":
        return root.nasnet.NASNet(
            penultimate_filters=288, num_blocks=1, stem_block_filters=16, skip_reduction=False,
            default_size=SMALL_SIZE, **options)
    if name == "ConvNeXt":
        extra = {"name": "convnext"} if is3 else {"model_name": "convnext"}
        return root.convnext.ConvNeXt(
            depths=[1, 1, 2, 1], projection_dims=[8, 12, 16, 24], drop_path_rate=0.1,
            layer_scale_init_value=1.0, default_size=SMALL_SIZE, **extra, **options)
    raise ValueError(name)


SMALL = ["MobileNetV2", "MobileNetV3Small", "ResNet", "EfficientNet", "EfficientNetV2", "DenseNet", "NASNet", "ConvNeXt"]


def pictures(model, name, count, rng):
    """Smooth pictures of different contrast, in the range that the network wants."""
    height, width = (size or USUAL_SIZE for size in model.input_shape[1:3])
    coarse = rng.normal(0, 1, [count, 8, 8, 3]).astype("float32")
    smooth = tf.image.resize(coarse, [height, width], method="bicubic").numpy()
    values = np.tanh(smooth * rng.uniform(0.4, 1.5, [count, 1, 1, 1]) + rng.normal(0, 0.3, smooth.shape))
    if name.startswith(OWN_SCALE):
        values = np.round(127.5 * values + 127.5)
    return values.astype("float32")


@contextlib.contextmanager
def computing(K, model, names, inputs):
    """A function that gives the logits, that is the output without its softmax, and inner layers."""
    last = model.layers[-1]
    is_dense = type(last).__name__ == "Dense"  # or else an Activation of its own
    activation = last.activation
    if is_dense:
        last.activation = K.activations.linear
    logits = model.output if is_dense else last.input
    probe = K.Model(model.inputs, [logits, *(model.get_layer(name).output for name in names)])
    yield lambda: [np.asarray(out) for out in probe([inputs], training=False)]
    last.activation = activation


def in_float64(K, build, model):
    """The same network with the same weights, computed in float64."""
    K.backend.clear_session()  # names are counted anew
    K.backend.set_floatx("float64")
    try:
        exact = build()
    finally:
        K.backend.set_floatx("float32")
    exact.set_weights([np.asarray(weight).astype("float64") for weight in model.get_weights()])
    for layer in exact.layers:
        if hasattr(layer, "finalize_state"):  # Normalization takes its weights over when it is told
            layer.finalize_state()
    return exact


def off(found, exact):
    """The largest difference, of the largest value."""
    return float(max(np.max(np.abs(a - b)) / np.max(np.abs(b)) for a, b in zip(found, exact)))


def spread(model):
    """Names of five inner layers, spread over the depth."""
    inner = [layer.name for layer in model.layers[1:-1]]
    return [inner[(2 * i + 1) * len(inner) // (2 * INNER)] for i in range(INNER)]


def round_weights(model):
    """Leaves 9 bits of each weight's mantissa, so that files pack well."""
    for layer in leaves(model):
        for weight in layer.weights:
            if is_state(path_of(weight)):
                continue
            bits = np.asarray(weight).astype("float32").view("uint32")
            rounded = (bits + np.uint32(1 << 13)) & np.uint32(0xFFFFC000)
            assign(layer, weight, rounded.view("float32"))


def pack(path):
    """Writes an archive anew, with its members deflated and no date in it."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)


def make(K, prefix, name, build, folder, is_small):
    model = build()
    for attempt in range(ATTEMPTS):  # layers of one channel may come out small
        rng = np.random.default_rng([attempt, zlib.crc32(f"{prefix}_{name}".encode())])
        probes = pictures(model, name, SMALL_PROBES if is_small else PROBES, rng)
        draw_weights(model, probes, rng)
        if is_small:
            round_weights(model)
        inputs = probes[:ROWS]
        try:
            low, high = assert_scales(model, inputs)
            break
        except AssertionError:
            if attempt == ATTEMPTS - 1:
                raise
    names = spread(model)
    with computing(K, model, names, inputs) as compute:
        logits, *values = compute()
        share = assert_differ(logits)
        if is_small:
            assert_seen(model, lambda: compute()[:1])
    rounding = None
    if not is_small:
        found = [logits, *values]
        with computing(K, in_float64(K, build, model), names, inputs.astype("float64")) as compute:
            logits, *values = exact = compute()
        assert exact[0].dtype == np.float64
        rounding = off(found, exact)
    path = folder / f"{prefix}_{name}"
    model.save(f"{path}.keras")
    if is_small:
        pack(f"{path}.keras")
    elif name in ALSO_H5:
        model.save(f"{path}.h5")
    arrays = {f"layer{i}": value.astype("float32") for i, value in enumerate(values)}
    logits = logits.astype("float32").reshape(ROWS, -1)
    np.savez_compressed(f"{path}.npz", inputs=inputs, logits=logits, **arrays)
    record = {"network": name, "keras": K.__version__, "layers": names}
    if rounding is not None:
        record["rounding"] = rounding
    pathlib.Path(f"{path}.json").write_text(json.dumps(record) + "\n")
    print(f"{prefix} {name}: {model.count_params():,} weights, scales {low:.2f} to {high:.2f}, "
          f"logits differ by {share:.2f}"
          + ("" if rounding is None else f", float32 is off by {rounding:.1e}"), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=pathlib.Path)
    parser.add_argument("--only", action="append", help="a network's name")
    parser.add_argument("--size", type=int, help="height and width of the pictures")
    parser.add_argument("--small", action="store_true", help="few channels, for the tests")
    options = parser.parse_args()
    usual = HERE / "keras_applications" if options.small else HERE.parents[1] / "out/keras_applications"
    folder = options.folder or usual
    folder.mkdir(parents=True, exist_ok=True)
    for name in options.only or (SMALL if options.small else NAMES):
        for K, prefix in ((keras, "k3"), (tf_keras, "k2")):
            K.backend.clear_session()
            build = (lambda: small(K, name)) if options.small else (lambda: whole(K, name, options.size))
            make(K, prefix, name, build, folder, options.small)
