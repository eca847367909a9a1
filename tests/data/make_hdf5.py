"""Makes tests/data/hdf5: small HDF5 files, good ones and ones to refuse.

Run with h5py 3.14: python make_hdf5.py
"""

import json
import zlib
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

OUT = Path(__file__).parent / "hdf5"
OUT.mkdir(exist_ok=True)
VALUES = np.arange(12, dtype="<f4").reshape(3, 4)


def make(name, **options):
    return h5py.File(OUT / f"{name}.h5", "w", **options)


@contextmanager
def model(name, **options):
    """A model of one Dense layer, whose kernel the caller makes.

    It stands where an .h5 file has it, and where the weights of a .keras do.
    """
    with make(name, **options) as f:
        layer = {"class_name": "Dense", "config": {"name": "d", "units": 4, "use_bias": False, "batch_input_shape": [None, 3]}}
        f.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": [layer]}})
        f.attrs["keras_version"] = "2.15.0"
        f.create_group("model_weights").attrs["layer_names"] = ["d"]
        group = f["model_weights"].create_group("d")
        group.attrs["weight_names"] = ["kernel"]
        yield group
        if group.get("kernel") is not None:
            f["layers/dense/vars/0"] = group["kernel"]


def place_early(group, name, shape, chunks, most):
    """A dataset whose chunks are stored one after the other, without an index."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk(chunks)
    plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    space = h5py.h5s.create_simple(shape, most)
    id = h5py.h5d.create(group.id, name.encode(), h5py.h5t.IEEE_F32LE, space, plist)
    h5py.Dataset(id)[...] = counted(shape)


def counted(shape, code="<f4"):
    return np.arange(np.prod(shape), dtype=code).reshape(shape)


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

# Every dataset of these files counts from 0.
with make("filters") as f:
    options = {"chunks": (2, 2)}
    f.create_dataset("chunks", data=VALUES, **options)
    f.create_dataset("gzip", data=VALUES, compression="gzip", shuffle=True, fletcher32=True, **options)
    for compression in [None, "gzip", "lzf"]:
        for shuffle in [False, True]:
            for fletcher32 in [False, True]:
                filters = {"compression": compression, "shuffle": shuffle, "fletcher32": fletcher32}
                name = "_".join(["all", compression or "plain", *(key for key in ["shuffle", "fletcher32"] if filters[key])])
                f.create_dataset(name, data=counted((7, 30), "<i4"), chunks=(5, 30), **filters)
    # A chunk that does not get smaller is stored without lzf.
    noise = np.random.default_rng(1).permutation(256).astype("u1")
    f.create_dataset("noise/lzf", data=noise, chunks=(128,), compression="lzf")

for name, libver in [("indexes", "latest"), ("indexes_v110", ("v110", "v110"))]:
    with make(name, libver=libver) as f:
        f.create_dataset("single", data=VALUES, chunks=(3, 4))
        f.create_dataset("single_filtered", data=VALUES, chunks=(3, 4), compression="gzip")
        place_early(f, "implicit", (3, 4), (2, 3), (3, 4))
        place_early(f, "implicit_larger", (3, 4), (2, 3), (5, 8))
        f.create_dataset("fixed", data=counted((5, 7)), chunks=(2, 3))
        f.create_dataset("fixed_larger", data=counted((5, 7)), chunks=(2, 3), maxshape=(9, 20), compression="gzip")
        f.create_dataset("fixed_paged", data=counted((1030,), "u2"), chunks=(1,))
        f.create_dataset("extensible", data=counted((40, 3)), chunks=(1, 2), maxshape=(None, 3))
        f.create_dataset("extensible_second", data=counted((3, 90), "u2"), chunks=(2, 1), maxshape=(4, None), fletcher32=True)
        f.create_dataset("tree", data=counted((20, 10)), chunks=(1, 2), maxshape=(None, None))
        f.create_dataset("tree_filtered", data=counted((9, 9)), chunks=(2, 2), maxshape=(None, None), shuffle=True, compression="gzip")

with make("old_index") as f:
    f.create_dataset("deep", data=counted((70, 3), "u1"), chunks=(1, 2), maxshape=(None, None))

with make("layouts") as f:
    f.create_dataset("big_endian", data=VALUES.astype(">f4"))
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    id = h5py.h5d.create(f.id, b"compact", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((3, 4)), plist)
    h5py.Dataset(id)[...] = VALUES
    f["type"] = np.dtype("<i2")
    f.create_dataset("named_type", data=VALUES, dtype=f["type"])
    f["group/hard"] = f["compact"]
    f["group/soft"] = h5py.SoftLink("/named_type")
    f["group/near"] = h5py.SoftLink("./hard")
    f["through"] = h5py.SoftLink("group/soft")

# More members and attributes than headers hold, and an attribute of 5 kB.
with make("latest", libver="latest") as f:
    f["group/values"] = VALUES
    f["group/values"].attrs["name"] = "text"
    for i in range(40):
        f[f"many/member{i}"] = VALUES
    for i in range(12):
        f["many"].attrs[f"attribute{i}"] = f"value {i}"
    f["many"].attrs["long"] = np.array([b"x" * 5000])
    f.create_group("empty")

with make("ordered", track_order=True) as f:
    for name in "zyx":
        f[name] = VALUES

with make("soft_link") as f:
    f["values"] = VALUES
    f["link"] = h5py.SoftLink("/values")

with make("soft_cycle") as f:
    f["one"] = h5py.SoftLink("/other")
    f["other"] = h5py.SoftLink("/one")

with make("broken_link") as f:
    f["link"] = h5py.SoftLink("/nothing")

with make("external_link") as f:
    f["link"] = h5py.ExternalLink("types.h5", "/f4")

with model("external_storage") as f:
    f.create_dataset("kernel", (4,), "u1", external=[("/etc/passwd", 0, 4)])

with model("virtual") as f:
    layout = h5py.VirtualLayout((3, 4), "f4")
    layout[:] = h5py.VirtualSource("types.h5", "f4", (3, 4))
    f.create_virtual_dataset("kernel", layout)

with model("huge_shape") as f:
    f.create_dataset("kernel", (2**20, 2**20), "f4")

with model("nothing_stored") as f:
    f.create_dataset("kernel", (64, 64), "f4")

with model("no_chunk_stored") as f:
    f.create_dataset("kernel", (64, 64), "f4", chunks=(8, 8))

with model("complex") as f:
    f["kernel"] = VALUES.astype("c8")

with model("text") as f:
    f["kernel"] = np.array([b"one"])

with model("compound") as f:
    f["kernel"] = np.zeros(2, [("a", "f4")])

with make("deep") as f:
    f.create_group("/".join("g" for _ in range(70)))

with make("cycle") as f:
    f["group/again"] = f["/"]

with make("shared") as f:
    f["values"] = VALUES
    f["again"] = f["values"]

with model("huge_chunked") as f:
    f.create_dataset("kernel", (2**20, 2**20, 2**20), "f4", chunks=(8, 8, 8))

with model("huge_chunk") as f:
    kernel = f.create_dataset("kernel", (3, 4), "f4", maxshape=(None, 4), chunks=(2**26, 4), compression="gzip")
    kernel.id.write_direct_chunk((0, 0), zlib.compress(VALUES.tobytes()))

with model("packed_zeros") as f:
    f.create_dataset("kernel", data=np.zeros(2**24, "f4"), chunks=(2**22,), compression="gzip")

with model("reference") as f:
    f.file["target"] = VALUES
    f.create_dataset("kernel", data=np.array([f.file["target"].ref], h5py.ref_dtype))

with model("opaque") as f:
    f["kernel"] = np.zeros(4, "V3")

# Floats that are said to be others: Keras would round them.
with model("own_type") as f:
    f["kernel"] = VALUES
    f["kernel"].attrs["dtype"] = "bfloat16"

with model("ragged") as f:
    f.create_dataset("kernel", (2,), h5py.vlen_dtype("f4"))
    f["kernel"][0] = [1, 2]

with model("scale_offset") as f:
    f.create_dataset("kernel", data=np.arange(64), chunks=(8,), scaleoffset=0)

# Ten links to each group, one below the other: millions of paths to few groups.
with make("many") as f:
    group = f.create_group("0")
    for level in range(1, 7):
        above = f.create_group(str(level))
        for i in range(10):
            above[f"g{i}"] = group
        group = above

# A model whose one weight has checksums.
with model("checksum") as f:
    f.create_dataset("kernel", data=VALUES, chunks=VALUES.shape, fletcher32=True)

# Kernels that Keras opens too.
with model("lzf") as f:
    f.create_dataset("kernel", data=VALUES, compression="lzf", shuffle=True, fletcher32=True)

with model("big_endian") as f:
    f["kernel"] = VALUES.astype(">f4")

with model("linked") as f:
    f.file["stored"] = VALUES
    f["kernel"] = h5py.SoftLink("/stored")

with model("newest", libver="latest") as f:
    f.create_dataset("kernel", data=VALUES, compression="gzip", shuffle=True)

with model("replaced") as f:
    f.file["old"] = np.ones((300, 4), "f4")
    f["kernel"] = VALUES + 1
    f.file.flush()
    del f.file["old"], f["kernel"]
    f.file["class_names"] = ["cat", "dog"]
    f["kernel"] = VALUES
