"""One opening of a model by Keras 3, in a fresh process; prints what it took.

    .venv-keras/bin/python tests/bench/peers/opening_keras.py out/peers/resnet50 2 predict|call

`predict` compiles before it runs; `call` runs the model as it is, layer by layer.
The first logits are those of a model of the head without its softmax.
"""

import json
import os
import re
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

folder, threads, way = sys.argv[1:]
tf.config.threading.set_intra_op_parallelism_threads(int(threads))
tf.config.threading.set_inter_op_parallelism_threads(int(threads))
x = np.full((1, 224, 224, 3), 0.5, "float32")

begin = time.perf_counter()
model = keras.models.load_model(f"{folder}/model.keras", compile=False)
lines = []
model.summary(print_fn=lambda line, **_: lines.append(line))
table_ms = 1000 * (time.perf_counter() - begin)
model.layers[-1].activation = keras.activations.linear
if way == "predict":
    logits = model.predict(x, verbose=0)
else:
    logits = model(x, training=False).numpy()
logits_ms = 1000 * (time.perf_counter() - begin)

status = open("/proc/self/status").read()
peak = 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", status).group(1))
found = {"tableMs": table_ms, "logitsMs": logits_ms, "peak": peak}
print(json.dumps({**found, "logits": logits[0].tolist()}), flush=True)
os._exit(0)  # how long it takes to end is no part of opening
