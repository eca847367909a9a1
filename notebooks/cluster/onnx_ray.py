"""Features of a Parquet dataset, by Ray Data and a file of `extractor.toOnnx`: no Deno on the nodes.

    python onnx_ray.py IN OUT features.onnx COLUMN

Needs ray[data], numpy and onnxruntime. Images must be decoded and scaled before, and nothing
is checked but shapes: the worker of Sonde (ray_features.py) does both.
"""
import pathlib
import sys

import numpy as np
import onnxruntime
import ray


class Extract:
    """Keeps one session. A batch that goes in comes out with its features."""

    def __init__(self, model, column):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # as many actors as cores share the work
        self.session = onnxruntime.InferenceSession(model, options)
        self.column, self.input = column, self.session.get_inputs()[0]

    def __call__(self, batch):
        rows = np.stack(batch.pop(self.column)).astype(np.float32)
        rows = rows.reshape(-1, *self.input.shape[1:])
        outputs = self.session.run(None, {self.input.name: rows})
        names = [output.name for output in self.session.get_outputs()]
        return batch | dict(zip(names, outputs))


if __name__ == "__main__":
    source, target, path, column = sys.argv[1:]
    model = pathlib.Path(path).read_bytes()  # goes to the nodes with the class
    ray.init(ignore_reinit_error=True)
    # With as many actors as CPUs, none is left for the tasks that read.
    actors = max(1, int(ray.cluster_resources()["CPU"]) - 1)
    ray.data.read_parquet(source).map_batches(
        Extract, fn_constructor_args=[model, column], batch_format="numpy", batch_size=512,
        compute=ray.data.ActorPoolStrategy(size=actors),
    ).write_parquet(target)
