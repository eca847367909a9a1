"""Numbers for the tests of the operations: convolutions, pooling, resizing.

Convolutions are written out as loops over windows, since TensorFlow has no
groups and no strides with dilation on a CPU; wherever it has the case, the two
are compared here. Pooling and resizing are TensorFlow's.

Run once, with TensorFlow 2.15.1 and NumPy 1.26:
    python make_ops_cases.py
"""

import itertools
import json
import pathlib

import numpy as np
import tensorflow as tf

FOLDER = pathlib.Path(__file__).parent
RANDOM = np.random.default_rng(5)


def values(*shape):
    """Numbers of three digits, which are short in a file."""
    return np.round(RANDOM.uniform(-1, 1, shape), 2).astype(np.float32)


def packed(array):
    array = np.asarray(array, np.float64)
    return {
        "shape": list(array.shape),
        "data": [float(f"{x:.6g}") for x in array.ravel()],
    }


def frame(size, reach, stride, padding):
    """Windows along an axis, and the padding before and after."""
    if padding == "valid":
        return -(-(size - reach + 1) // stride), 0, 0
    count = -(-size // stride)
    total = max((count - 1) * stride + reach - size, 0)
    return count, total // 2, total - total // 2


def conv(x, kernel, strides, dilation, padding, groups):
    """Windows one by one."""
    places = len(strides)
    sizes = kernel.shape[:places]
    frames = [
        frame(x.shape[i + 1], (sizes[i] - 1) * dilation[i] + 1, strides[i], padding)
        for i in range(places)
    ]
    padded = np.pad(
        x.astype(np.float64),
        [(0, 0)] + [(before, after) for _, before, after in frames] + [(0, 0)],
    )
    filters = kernel.shape[-1]
    depth = x.shape[-1] // groups
    width = filters // groups
    out = np.zeros((x.shape[0], *[count for count, _, _ in frames], filters))
    for place in itertools.product(*[range(count) for count, _, _ in frames]):
        for offset in itertools.product(*[range(size) for size in sizes]):
            at = tuple(p * s + o * d for p, s, o, d in zip(place, strides, offset, dilation))
            row = padded[(slice(None), *at)]
            for group in range(groups):
                part = row[:, group * depth : (group + 1) * depth]
                columns = slice(group * width, (group + 1) * width)
                out[(slice(None), *place, columns)] += part @ kernel[offset][:, columns]
    return out


def conv_transpose(x, kernel, strides, dilation, padding, output_padding):
    """Each value scattered; sizes by Keras' rules."""
    places = len(strides)
    full, crops, sizes = [], [], []
    for i in range(places):
        reach = (kernel.shape[i] - 1) * dilation[i] + 1
        size, stride = x.shape[i + 1], strides[i]
        whole = (size - 1) * stride + reach
        if output_padding is None:
            count = size * stride if padding == "same" else size * stride + max(reach - stride, 0)
        else:
            pad = reach // 2 if padding == "same" else 0
            count = (size - 1) * stride + reach - 2 * pad + output_padding[i]
        crop = max(whole - count, 0) // 2 if padding == "same" else 0
        full.append(max(whole, crop + count))
        crops.append(crop)
        sizes.append(count)
    filters = kernel.shape[-2]
    out = np.zeros((x.shape[0], *full, filters))
    for place in itertools.product(*[range(size) for size in x.shape[1:-1]]):
        for offset in itertools.product(*[range(size) for size in kernel.shape[:places]]):
            at = tuple(p * s + o * d for p, s, o, d in zip(place, strides, offset, dilation))
            row = x[(slice(None), *place)].astype(np.float64)
            out[(slice(None), *at)] += row @ kernel[offset].T
    cut = tuple(slice(c, c + n) for c, n in zip(crops, sizes))
    return out[(slice(None), *cut)]


def conv_cases():
    grid = [
        # map, kernel, strides, dilation, padding, groups
        ([1, 7, 2], [3, 2, 3], [1], [1], "same", 1),
        ([1, 7, 2], [4, 2, 3], [2], [1], "same", 1),
        ([1, 8, 2], [2, 2, 3], [3], [1], "same", 1),
        ([1, 9, 2], [3, 2, 3], [2], [2], "valid", 1),
        ([1, 8, 2], [2, 2, 2], [2], [3], "same", 1),
        ([1, 6, 4], [3, 2, 6], [1], [1], "valid", 2),
        ([1, 6, 3], [3, 1, 6], [1], [2], "same", 3),
        ([2, 5, 6, 2], [3, 3, 2, 2], [1, 1], [1, 1], "same", 1),
        ([1, 5, 6, 2], [3, 3, 2, 2], [2, 2], [1, 1], "same", 1),
        ([1, 6, 5, 2], [2, 4, 2, 2], [1, 1], [1, 1], "same", 1),
        ([1, 6, 5, 2], [2, 4, 2, 2], [2, 1], [1, 1], "same", 1),
        ([1, 6, 7, 2], [4, 2, 2, 2], [3, 2], [1, 1], "valid", 1),
        ([1, 7, 6, 2], [3, 2, 2, 2], [1, 1], [2, 3], "same", 1),
        ([1, 7, 6, 2], [3, 2, 2, 2], [1, 1], [2, 3], "valid", 1),
        ([1, 7, 8, 2], [3, 2, 2, 2], [2, 3], [2, 2], "same", 1),
        ([1, 7, 8, 2], [3, 2, 2, 2], [2, 3], [2, 2], "valid", 1),
        ([1, 3, 3, 2], [5, 4, 2, 2], [1, 1], [1, 1], "same", 1),
        ([1, 3, 2, 2], [3, 3, 2, 2], [1, 1], [3, 3], "same", 1),
        ([1, 4, 4, 2], [1, 1, 2, 3], [3, 3], [1, 1], "valid", 1),
        ([1, 4, 5, 4], [3, 3, 2, 4], [1, 1], [1, 1], "same", 2),
        ([1, 4, 5, 4], [2, 3, 1, 8], [2, 2], [1, 1], "same", 4),
        ([1, 5, 5, 3], [3, 3, 1, 3], [1, 2], [1, 1], "valid", 3),
        ([1, 6, 5, 3], [2, 3, 1, 6], [1, 1], [2, 2], "same", 3),
        ([1, 6, 6, 2], [3, 3, 1, 2], [2, 2], [2, 2], "same", 2),
        ([1, 3, 4, 5, 2], [2, 3, 2, 2, 2], [1, 1, 1], [1, 1, 1], "same", 1),
        ([1, 4, 5, 4, 2], [3, 2, 3, 2, 2], [2, 1, 2], [1, 1, 1], "same", 1),
        ([1, 4, 5, 4, 2], [2, 3, 2, 2, 2], [1, 2, 1], [1, 1, 1], "valid", 1),
        ([1, 4, 5, 5, 2], [2, 2, 2, 2, 2], [1, 1, 1], [2, 1, 3], "valid", 1),
        ([1, 4, 5, 5, 1], [2, 2, 3, 1, 2], [2, 1, 2], [2, 2, 1], "same", 1),
        ([1, 3, 3, 3, 4], [2, 2, 2, 2, 2], [1, 1, 1], [1, 1, 1], "same", 2),
    ]
    for shape, size, strides, dilation, padding, groups in grid:
        x, kernel = values(*shape), values(*size)
        out = conv(x, kernel, strides, dilation, padding, groups)
        if groups == 1 and (max(strides) == 1 or max(dilation) == 1):
            theirs = tf.nn.convolution(x, kernel, strides, padding.upper(), dilations=dilation)
            np.testing.assert_allclose(out, theirs.numpy(), rtol=1e-4, atol=1e-5)
        options = dict(strides=strides, dilation=dilation, padding=padding, groups=groups)
        yield {"x": packed(x), "kernel": packed(kernel), "options": options, "out": packed(out)}


def transposed_cases():
    grid = [
        # map, kernel, strides, dilation, padding, output padding
        ([1, 4, 2], [3, 3, 2], [1], [1], "same", None),
        ([1, 4, 2], [3, 3, 2], [2], [1], "same", None),
        ([1, 4, 2], [3, 3, 2], [2], [1], "valid", None),
        ([1, 4, 2], [2, 3, 2], [3], [1], "same", None),
        ([1, 4, 2], [2, 3, 2], [3], [1], "valid", None),
        ([1, 4, 2], [4, 2, 2], [1], [1], "same", None),
        ([1, 4, 2], [3, 2, 2], [1], [2], "same", None),
        ([1, 4, 2], [2, 2, 2], [1], [3], "valid", None),
        ([1, 4, 2], [4, 2, 2], [3], [1], "same", [2]),
        ([1, 4, 2], [3, 2, 2], [2], [1], "valid", [1]),
        ([1, 3, 4, 2], [3, 3, 2, 2], [2, 2], [1, 1], "same", None),
        ([2, 3, 2, 2], [2, 4, 3, 2], [2, 3], [1, 1], "valid", None),
        ([1, 3, 2, 2], [3, 3, 2, 2], [2, 2], [1, 1], "same", [1, 1]),
        ([1, 3, 2, 2], [3, 4, 2, 2], [2, 3], [1, 1], "same", [0, 1]),
        ([1, 3, 3, 2], [1, 2, 2, 2], [2, 2], [1, 1], "same", None),
        ([1, 3, 3, 2], [2, 3, 1, 2], [1, 1], [2, 2], "same", None),
        ([1, 2, 3, 2, 2], [2, 2, 2, 2, 2], [2, 2, 2], [1, 1, 1], "same", None),
        ([1, 2, 2, 2, 1], [3, 2, 1, 2, 1], [2, 1, 3], [1, 1, 1], "valid", None),
        ([1, 2, 2, 2, 1], [3, 3, 3, 1, 1], [2, 2, 2], [1, 1, 1], "same", [1, 1, 1]),
    ]
    for shape, size, strides, dilation, padding, output_padding in grid:
        x, kernel = values(*shape), values(*size)
        out = conv_transpose(x, kernel, strides, dilation, padding, output_padding)
        if max(dilation) == 1:
            theirs = tf.nn.conv_transpose(x, kernel, out.shape, strides, padding.upper())
            np.testing.assert_allclose(out, theirs.numpy(), rtol=1e-4, atol=1e-5)
        options = dict(strides=strides, dilation=dilation, padding=padding)
        if output_padding is not None:
            options["outputPadding"] = output_padding
        yield {"x": packed(x), "kernel": packed(kernel), "options": options, "out": packed(out)}


def pool_cases():
    grid = [
        ([1, 7, 2], [2], [2], "same"),
        ([1, 7, 2], [3], [1], "same"),
        ([1, 7, 2], [3], [2], "valid"),
        ([2, 5, 6, 2], [2, 2], [2, 2], "same"),
        ([1, 5, 6, 2], [3, 3], [2, 2], "same"),
        ([1, 6, 5, 2], [3, 2], [1, 2], "valid"),
        ([1, 3, 3, 1], [5, 4], [1, 1], "same"),
        ([1, 3, 5, 4, 2], [2, 2, 2], [2, 2, 2], "same"),
        ([1, 4, 3, 5, 2], [3, 2, 3], [1, 1, 2], "same"),
        ([1, 4, 3, 5, 2], [2, 1, 3], [2, 1, 1], "valid"),
    ]
    for shape, size, strides, padding in grid:
        x = values(*shape) - 1  # negative, so that padding would show
        most, mean = [
            tf.nn.pool(x, size, kind, strides, padding.upper()).numpy() for kind in ("MAX", "AVG")
        ]
        options = dict(size=size, strides=strides, padding=padding)
        yield {"x": packed(x), "options": options, "max": packed(most), "mean": packed(mean)}


def resize_cases():
    for shape, size in [
        ([1, 3, 4, 2], [6, 8]),
        ([1, 3, 4, 1], [5, 7]),
        ([2, 5, 7, 1], [3, 2]),
        ([1, 2, 3, 1], [7, 1]),
        ([1, 1, 1, 2], [3, 2]),
        ([1, 6, 5, 1], [6, 11]),
        ([1, 10, 1, 1], [3, 1]),
    ]:
        x = values(*shape)
        outs = {
            kind: packed(tf.image.resize(x, size, kind, antialias=False))
            for kind in ("nearest", "bilinear", "bicubic")
        }
        yield {"x": packed(x), "size": size, **outs}


for name, cases in {
    "conv": conv_cases,
    "conv_transpose": transposed_cases,
    "pool": pool_cases,
    "resize": resize_cases,
}.items():
    text = json.dumps(list(cases()), separators=(",", ":"))
    (FOLDER / f"{name}.json").write_text(text.replace('},{"x"', '},\n{"x"') + "\n")
