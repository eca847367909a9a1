"""Makes tests/data/hdf5_changed: models that h5py changed after Keras wrote them.

Run with tf_keras 2.21 and h5py 3.14: python make_changed_hdf5.py
Keras opens each of them, with the weights of whole.h5.
"""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

from pathlib import Path

import h5py
import numpy as np
import tf_keras as keras

OUT = Path(__file__).parent / "hdf5_changed"
OUT.mkdir(exist_ok=True)
os.chdir(OUT)
layers = keras.layers
inputs = keras.Input((4,), name="v")
hidden = layers.Dense(5, activation="relu", name="d")(inputs)
model = keras.Model(inputs, layers.Dense(2, name="o")(hidden))
model.compile("adam", "mse")
model.fit(np.ones((4, 4)), np.ones((4, 2)), verbose=0)
for name in ["whole", "stripped", "renamed", "with_names"]:
    model.save(f"{name}.h5")

# The optimiser's weights deleted in place: their bytes stay.
with h5py.File("stripped.h5", "r+") as f:
    del f["optimizer_weights"]

# A group moved in place.
with h5py.File("renamed.h5", "r+") as f:
    group = f["model_weights/d"]
    group.move("d", "d_1")
    group.attrs["weight_names"] = np.array([b"d_1/kernel:0", b"d_1/bias:0"])

# A dataset of strings beside the model.
with h5py.File("with_names.h5", "r+") as f:
    names = np.array(["cat", "dog"], dtype=object)
    f.create_dataset("class_names", data=names, dtype=h5py.string_dtype())

# The same as stripped.h5, copied object by object.
with h5py.File("stripped.h5") as old, h5py.File("stripped_copied.h5", "w") as f:
    for key, value in old.attrs.items():
        f.attrs[key] = value
    for key in old:
        old.copy(key, f)
