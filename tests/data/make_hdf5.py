"""Makes tests/data/hdf5: small HDF5 files, good ones and ones to refuse.

Run with h5py 3.16: python make_hdf5.py
"""

import json
from pathlib import Path

import h5py
import numpy as np

OUT = Path(__file__).parent / "hdf5"
OUT.mkdir(exist_ok=True)
VALUES = np.arange(12, dtype="<f4").reshape(3, 4)


def make(name, **options):
    return h5py.File(OUT / f"{name}.h5", "w", **options)


with make("types") as f:
    for code in ["f2", "f4", "f8", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]:
        f.create_dataset(code, data=np.array([[1, 2, 3]], dtype="<" + code))
    f["bool"] = np.array([True, False])
    f["scalar"] = np.float32(2.5)
    f["empty"] = np.zeros((0, 3), "f4")
    bits = np.array([0x3F80, 0xC000], "<u2").view("V2")  # 1 and -2
    f["bfloat16"] = bits
    f["bfloat16"].attrs["dtype"] = "bfloat16"
    f.attrs["text"] = "größe"
    f.attrs["fixed"] = np.array([b"one", b"three"])
    f.attrs["list"] = ["a", "bb"]
    f.attrs["none"] = np.zeros(0)
    f.attrs["number"] = 3

with make("filters") as f:
    options = {"chunks": (2, 2)}
    f.create_dataset("chunks", data=VALUES, **options)
    f.create_dataset("gzip", data=VALUES, compression="gzip", shuffle=True, fletcher32=True, **options)

with make("latest", libver="latest") as f:
    f["group/values"] = VALUES
    f["group/values"].attrs["name"] = "text"

with make("soft_link") as f:
    f["values"] = VALUES
    f["link"] = h5py.SoftLink("/values")

with make("broken_link") as f:
    f["link"] = h5py.SoftLink("/nothing")

with make("external_link") as f:
    f["link"] = h5py.ExternalLink("types.h5", "/f4")

with make("external_storage") as f:
    f.create_dataset("values", (4,), "u1", external=[("/etc/passwd", 0, 4)])

with make("virtual") as f:
    layout = h5py.VirtualLayout((3, 4), "f4")
    layout[:] = h5py.VirtualSource("types.h5", "f4", (3, 4))
    f.create_virtual_dataset("values", layout)

with make("huge_shape") as f:
    f.create_dataset("values", (2**20, 2**20), "f4")

with make("nothing_stored") as f:
    f.create_dataset("values", (64, 64), "f4")

with make("no_chunk_stored") as f:
    f.create_dataset("values", (64, 64), "f4", chunks=(8, 8))

with make("big_endian") as f:
    f["values"] = VALUES.astype(">f4")

with make("complex") as f:
    f["values"] = VALUES.astype("c8")

with make("text") as f:
    f["values"] = np.array([b"one"])

with make("compound") as f:
    f["values"] = np.zeros(2, [("a", "f4")])

with make("lzf") as f:
    f.create_dataset("values", data=np.zeros((64, 64), "f4"), compression="lzf")

with make("deep") as f:
    f.create_group("/".join("g" for _ in range(70)))

with make("cycle") as f:
    f["group/again"] = f["/"]

with make("shared") as f:
    f["values"] = VALUES
    f["again"] = f["values"]

with make("huge_chunked") as f:
    f.create_dataset("values", (2**20, 2**20, 2**20), "f4", chunks=(8, 8, 8))

with make("packed_zeros") as f:
    f.create_dataset("values", data=np.zeros(2**24, "f4"), chunks=(2**22,), compression="gzip")

with make("reference") as f:
    f["target"] = VALUES
    f.create_dataset("values", data=np.array([f["target"].ref], h5py.ref_dtype))

with make("opaque") as f:
    f["values"] = np.zeros(4, "V3")

# Floats that are said to be others: Keras would round them.
with make("own_type") as f:
    f["values"] = VALUES
    f["values"].attrs["dtype"] = "bfloat16"

with make("ragged") as f:
    f.create_dataset("values", (2,), h5py.vlen_dtype("f4"))
    f["values"][0] = [1, 2]

with make("scale_offset") as f:
    f.create_dataset("values", data=np.arange(64), chunks=(8,), scaleoffset=0)

# Ten links to each group, one below the other: millions of paths to few groups.
with make("many") as f:
    group = f.create_group("0")
    for level in range(1, 7):
        above = f.create_group(str(level))
        for i in range(10):
            above[f"g{i}"] = group
        group = above

# A model whose one weight is packed, with checksums.
with make("checksum") as f:
    layer = {"class_name": "Dense", "config": {"name": "d", "units": 4, "use_bias": False, "batch_input_shape": [None, 3]}}
    f.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": [layer]}})
    f.attrs["keras_version"] = "2.15.0"
    f.create_group("model_weights").attrs["layer_names"] = ["d"]
    f["model_weights"].create_group("d").attrs["weight_names"] = ["d/kernel:0"]
    f["model_weights/d"].create_dataset("d/kernel:0", data=VALUES, chunks=VALUES.shape, fletcher32=True)
