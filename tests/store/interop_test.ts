/**
 * Files of features, opened by the programs that they are for: NumPy,
 * safetensors, pyarrow, pandas and DuckDB in Python.
 *
 * `SONDE_PYTHON` names a Python that has them; without it, the test is ignored.
 */
import { assert, assertEquals } from "@std/assert";
import { saveFeatures } from "@sonde/sonde";
import { RUNS_ALL } from "../support/extent.ts";
import { fullSet, inFolder } from "./_sets.ts";

const PYTHON = Deno.env.get("SONDE_PYTHON");

const PROGRAM = `
import glob, json, sys
import duckdb, numpy as np, pandas as pd, pyarrow.parquet as pq
from safetensors import safe_open
from safetensors.numpy import load_file

folder = sys.argv[1]
npz = np.load(folder + "/x.npz")
tensors = load_file(folder + "/x.safetensors")
arrow = pq.read_table(folder + "/x.parquet")
pandas = pd.read_parquet(folder + "/x.parquet")
name = "block/conv:1"
offsets = tensors["sonde.id.offsets"]
raw = tensors["sonde.id"].tobytes()
shards = pd.read_parquet(folder + "/shards")
files = sorted(glob.glob(folder + "/shards/*.parquet"))
query = f"select sum(list_sum(\\"{name}\\")), count(*) from "
answer = {
    "shapes": [list(npz[name].shape), list(tensors[name].shape), list(np.stack(pandas[name]).shape)],
    "sums": [float(npz[name].sum()), float(tensors[name].sum()), float(np.stack(pandas[name]).sum()),
             duckdb.sql(query + f"'{folder}/x.parquet'").fetchall()[0][0],
             duckdb.sql(query + f"read_parquet({files})").fetchall()[0][0],
             float(np.stack(shards[name]).sum())],
    "halves": [str(npz["label"].dtype), str(tensors["label"].dtype), str(arrow.schema.field("label").type)],
    "labels": [npz["sonde.label"].tolist(), tensors["sonde.label"].tolist(), arrow["sonde.label"].to_pylist()],
    "nonFinite": [npz["sonde.nonFinite"].tolist(), tensors["sonde.nonFinite"].tolist(), arrow["sonde.nonFinite"].to_pylist()],
    "ids": [npz["sonde.id"].tolist(), [raw[a:b].decode() for a, b in zip(offsets, offsets[1:])], arrow["sonde.id"].to_pylist()],
    "samples": [json.loads(bytes(npz["sonde"]))["samples"],
                json.loads(safe_open(folder + "/x.safetensors", "np").metadata()["sonde"])["samples"],
                json.loads(pq.read_metadata(folder + "/x.parquet").metadata[b"sonde"])["samples"]],
}
print(json.dumps(answer))
`;

Deno.test({
  name:
    "NumPy, safetensors, pyarrow, pandas and DuckDB open what saveFeatures() wrote",
  ignore: !RUNS_ALL || PYTHON === undefined, // needs a Python with all of them
  fn: () =>
    inFolder(async (folder) => {
      const set = fullSet();
      for (const name of ["x.npz", "x.safetensors", "x.parquet"]) {
        await saveFeatures(set, `${folder}/${name}`);
      }
      const options = { format: "parquet", shardSize: 2 } as const;
      await saveFeatures(set, `${folder}/shards`, options);
      const { success, stdout, stderr } = await new Deno.Command(PYTHON!, {
        args: ["-c", PROGRAM, folder],
      }).output();
      const decoder = new TextDecoder();
      assert(success, decoder.decode(stderr));
      const answer = JSON.parse(decoder.decode(stdout));
      assertEquals(answer.shapes, [[5, 2, 2, 3], [5, 2, 2, 3], [5, 12]]);
      const values = Array.from(set.features[0]!.data);
      const sum = values.reduce((a, b) => a + b, 0);
      for (const found of answer.sums) assert(Math.abs(found - sum) < 1e-4);
      assertEquals(answer.halves.slice(0, 2), ["float16", "float16"]);
      assertEquals(
        answer.halves[2],
        "fixed_size_list<item: float not null>[4]",
      );
      const bad = [false, true, false, true, false];
      const labels = [...set.labels!.data];
      const ids = Array.from(set.ids);
      for (let i = 0; i < 3; i++) {
        assertEquals(answer.labels[i], labels);
        assertEquals(answer.nonFinite[i], bad);
        assertEquals(answer.ids[i], ids);
        assertEquals(answer.samples[i], 5);
      }
    }),
});
