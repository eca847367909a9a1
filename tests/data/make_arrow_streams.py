"""Writes arrow_streams.json: streams of pyarrow that Arrow for JavaScript cannot write.

    sh tests/data/make_venv.sh cluster
    .venv-cluster/bin/python tests/data/make_arrow_streams.py
"""
import base64
import json
import pathlib

import pyarrow as pa


def stream(compression=None, **columns):
    return stream_of([pa.record_batch(columns)], compression=compression)


def stream_of(batches, **options):
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(**options)
    with pa.ipc.new_stream(sink, batches[0].schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return base64.b64encode(sink.getvalue().to_pybytes()).decode()


x = pa.array([[1, 2, 3, 4]], pa.list_(pa.float32(), 4))
runs = pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array(["a"]))
rows = [[1, 2, 3, 4], None, [5, 6, 7, 8]]
columns = pa.record_batch({
    "id": pa.array([10, 11, 12], pa.int64()),
    "name": pa.array(["cat", None, "horse"]),
    "kind": pa.array(["u", "v", "u"]).dictionary_encode(),
    "x": pa.array(rows, pa.list_(pa.float32())),
})
union = pa.UnionArray.from_dense(pa.array([0, 1, 0], pa.int8()), pa.array([0, 0, 1], pa.int32()),
                                 [pa.array([1.5, 2.5]), pa.array(["w"])])
nested = pa.record_batch({
    "s": pa.array([{"p": 1, "q": [True, None]}, None, {"p": 3, "q": []}]),
    "t": pa.array([1, 2, 3], pa.timestamp("us", "UTC")),
    "d": pa.array([1, 2, 3], pa.decimal128(5, 2)),
    "u": union,
    "v": pa.array(["a text of more than 12 bytes", "b", None], pa.string_view()),
    "x": pa.array(rows, pa.list_(pa.float32(), 4)),
})


def encoded(words, indices):
    kind = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int8()), pa.array(words))
    return pa.record_batch({"kind": kind, "x": pa.array(len(indices) * [rows[0]], pa.list_(pa.float32()))})


deltas = [encoded(["a", "b"], [1, 0]), encoded(["a", "b", "c"], [2, 1])]
streams = {
    "pyarrow": pa.__version__,
    "list_view": stream(x=x, views=pa.array([[1]], pa.list_view(pa.int32()))),
    "runs": stream(x=x, outer=pa.StructArray.from_arrays([runs], ["runs"])),
    "lz4": stream("lz4", x=x),
    "views": stream(x=x, text=pa.array(["a text of more than 12 bytes"], pa.string_view()),
                    bytes=pa.array([b"some bytes, more than 12"], pa.binary_view())),
    "zstd": stream("zstd", x=x),
    "columns": stream_of([columns, columns.slice(1)]),
    "nested": stream_of([nested]),
    "deltas": stream_of(deltas, emit_dictionary_deltas=True),
    "version_4": stream_of([pa.record_batch({"u": union.slice(0, 1), "x": x})],
                           metadata_version=pa.ipc.MetadataVersion.V4),
    "same_names": stream_of([pa.record_batch([pa.array(["a"]), pa.array([7]), x], ["k", "k", "x"])]),
    "replaced": stream_of([encoded(["a", "b"], [1, 0]), encoded(["c", "d"], [1, 0])]),
}
path = pathlib.Path(__file__).with_name("arrow_streams.json")
path.write_text(json.dumps(streams, indent=2) + "\n")
