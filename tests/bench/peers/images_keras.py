"""Keras' image_dataset_from_directory, for tests/bench/images_bench.ts and
write_bench.ts.

    images_keras.py FOLDER COUNT

Writes COUNT JPEG files of 500 x 375 into two classes of FOLDER, then answers
each line on stdin by one pass over them: batches of 64, 224 x 224. Where the
line has a "target", MobileNetV2 with random weights, pooled, predicts them, and
the features go to that .npz file.
"""
import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf


def write(folder, count):
    random = tf.random.Generator.from_seed(11)
    for i in range(count):
        parts = [(24, 32, 0.7), (94, 125, 0.24), (375, 500, 0.06)]
        image = sum(
            share * tf.image.resize(random.uniform((h, w, 3)), (375, 500), "bicubic")
            for h, w, share in parts
        )
        pixels = tf.saturate_cast(tf.clip_by_value(image, 0, 1) * 255, tf.uint8)
        path = folder / "ab"[i % 2] / f"{i:05}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(tf.io.encode_jpeg(pixels, quality=85).numpy())


def main():
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    write(folder, count)
    data = keras.utils.image_dataset_from_directory(
        folder, image_size=(224, 224), batch_size=64, shuffle=False, verbose=False)
    model = None
    for line in sys.stdin:
        target = json.loads(line).get("target")
        if target is None:
            total = sum(int(x.shape[0]) for x, _ in data)
        else:
            if model is None:
                model = keras.applications.MobileNetV2(weights=None, include_top=False, pooling="avg", input_shape=(224, 224, 3))
            scaled = data.map(lambda x, y: (x / 127.5 - 1, y)).prefetch(tf.data.AUTOTUNE)
            features = model.predict(scaled, verbose=0)
            np.savez(target, features=features)
            total = len(features)
        print(json.dumps({"images": total, "versions": f"TensorFlow {tf.__version__}"}), flush=True)


if __name__ == "__main__":
    main()
