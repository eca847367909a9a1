"""Writes arrow_streams.json: streams of pyarrow that Arrow for JavaScript cannot write.

    sh tests/data/make_venv.sh cluster
    .venv-cluster/bin/python tests/data/make_arrow_streams.py
"""
import base64
import json
import pathlib

import pyarrow as pa


def stream(compression=None, **columns):
    batch = pa.record_batch(columns)
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    return base64.b64encode(sink.getvalue().to_pybytes()).decode()


x = pa.array([[1, 2, 3, 4]], pa.list_(pa.float32(), 4))
runs = pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array(["a"]))
streams = {
    "pyarrow": pa.__version__,
    "list_view": stream(x=x, views=pa.array([[1]], pa.list_view(pa.int32()))),
    "runs": stream(x=x, outer=pa.StructArray.from_arrays([runs], ["runs"])),
    "lz4": stream("lz4", x=x),
    "views": stream(x=x, text=pa.array(["a text of more than 12 bytes"], pa.string_view()),
                    bytes=pa.array([b"some bytes, more than 12"], pa.binary_view())),
}
path = pathlib.Path(__file__).with_name("arrow_streams.json")
path.write_text(json.dumps(streams, indent=2) + "\n")
