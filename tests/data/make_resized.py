"""Images resized by TensorFlow and Keras, and preprocessed by Keras.

    .venv-images/bin/python tests/data/make_resized.py     (TensorFlow 2.21, Keras 3.15.1)

Writes tests/data/images/resized.npz. Names of the arrays: "source H W", and for
each "plain|antialias|nearest|crop|pad H W to H W"; preprocessed: "caffe",
"tf", "torch" of "pixels".
"""
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend import tensorflow as tf_backend
from keras.src.utils import image_utils

FILE = pathlib.Path(__file__).parent / "images" / "resized.npz"
RANDOM = np.random.default_rng(3)
SIZES = [
    ((37, 50), (22, 22)), ((37, 50), (37, 50)), ((13, 7), (31, 24)), ((50, 37), (7, 19)),
    ((1, 9), (9, 4)), ((2, 9), (5, 5)), ((48, 48), (24, 24)), ((29, 31), (30, 30)), ((60, 5), (20, 20)),
]


def main():
    found = {}
    for (h, w), (th, tw) in SIZES:
        image = found.setdefault(
            f"source {h} {w}", RANDOM.integers(0, 256, (h, w, 3), dtype=np.uint8))
        to = f"{h} {w} to {th} {tw}"
        resize = tf.image.resize
        found[f"plain {to}"] = resize(image, (th, tw))
        found[f"antialias {to}"] = resize(image, (th, tw), antialias=True)
        found[f"nearest {to}"] = tf.cast(resize(image, (th, tw), "nearest"), tf.float32)

        # Eager: a graph multiplies by 1 / size, and loses a row of 50x37 to 7x19.
        found[f"crop {to}"] = image_utils.smart_resize(
            image, (th, tw), interpolation="bilinear", data_format="channels_last",
            backend_module=tf_backend)
        if h > 1:  # TensorFlow fails where a side is below a pixel
            found[f"pad {to}"] = tf.image.resize_with_pad(image, th, tw, method="bilinear")
    pixels = RANDOM.uniform(0, 255, (2, 3, 4, 3)).astype(np.float32)
    found["pixels"] = pixels
    for mode in ("caffe", "tf", "torch"):
        found[mode] = keras.applications.imagenet_utils.preprocess_input(
            pixels.copy(), data_format="channels_last", mode=mode)
    np.savez_compressed(FILE, **{key: np.asarray(value) for key, value in found.items()})


if __name__ == "__main__":
    main()
