"""Trains the network of `notebooks/05_images.ipynb` with the real Keras.

    deno run -A notebooks/draw_images.ts out/train 300 1
    deno run -A notebooks/draw_images.ts out/held-out 60 2
    python tests/data/make_images_keras.py out/train out/held-out   # Keras 3.15.1

Writes `notebooks/models/images/images.keras`: a small convolutional network for
six of the eight kinds of drawings. Boats and leaves are left out, so that the
notebook can show what its features say of kinds that it has no class for.
"""

import pathlib
import sys

import keras

FILE = pathlib.Path(__file__).parents[2] / "notebooks/models/images/images.keras"
KINDS = ["balloon", "butterfly", "fish", "flower", "house", "mushroom"]
SIDE = 64


def images(folder, shuffle):
    return keras.utils.image_dataset_from_directory(
        folder, class_names=KINDS, image_size=(SIDE, SIDE), batch_size=32,
        shuffle=shuffle, seed=7,
    )


def network():
    layers = keras.layers
    image = keras.Input((SIDE, SIDE, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescale")(image)
    for i, filters in enumerate([16, 32, 48, 64], 1):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"conv{i}")(x)
        x = layers.BatchNormalization(name=f"norm{i}")(x)
        x = layers.ReLU(name=f"relu{i}")(x)
        x = layers.MaxPooling2D(2, name=f"halve{i}")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dropout(0.3, name="dropout")(x)
    x = layers.Dense(len(KINDS), activation="softmax", name="kinds")(x)
    return keras.Model(image, x, name="images")


def train(folder, held_out):
    keras.utils.set_random_seed(7)
    model = network()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images(folder, True), epochs=8, verbose=2)
    accuracy = model.evaluate(images(held_out, False), verbose=0)[1]
    print(f"accuracy on held-out drawings: {accuracy:.4f}")
    model.optimizer = None
    FILE.parent.mkdir(parents=True, exist_ok=True)
    model.save(FILE)


if __name__ == "__main__":
    train(*sys.argv[1:])
