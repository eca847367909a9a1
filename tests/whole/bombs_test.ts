/**
 * Files that are made to take all memory or all time, each opened in a separate
 * process, which may take the file's size and 256 MB more than a minimal one.
 *
 * @module
 */
import { sampled } from "../support/extent.ts";
import { assert } from "@std/assert";
import { buildZip, text } from "../support/build_zip.ts";
import { layer } from "../support/keras_spec.ts";
import {
  archiveWith,
  type Bytes,
  DENSE,
  DENSE_WEIGHTS,
  kerasOf,
  modelOf,
  npzOf,
  on,
} from "../support/model_files.ts";

const MEGABYTE = 2 ** 20;
const MOST_MORE = 256;
const GOOD = kerasOf(DENSE, DENSE_WEIGHTS);
const hdf5 = (name: string) =>
  Deno.readFileSync(new URL(`../data/hdf5/${name}.h5`, import.meta.url));

/** A `.keras` with another `config.json`, deflated. */
function described(json: string): Bytes {
  const config = { data: text(json), isDeflated: true };
  return archiveWith(GOOD, { "config.json": config });
}

const keys = (count: number) =>
  Array.from({ length: count }, (_, i) => `"k${i}":1`).join();
const chain = (length: number) =>
  kerasOf(modelOf(
    ...Array.from(
      { length },
      (_, i) => layer(`r${i}`, "ReLU", {}, on(i === 0 ? "x" : `r${i - 1}`)),
    ),
  ));

const BOMBS: Readonly<Record<string, () => Bytes>> = {
  "a dataset of 2^40 values": () => hdf5("huge_shape"),
  "a packed dataset of 2^60 values": () => hdf5("huge_chunked"),
  "64 MB of zeros in 66 kB of HDF5": () => hdf5("packed_zeros"),
  "millions of paths to a few groups": () => hdf5("many"),
  "a gigabyte that unpacks from a megabyte, with a false size": () =>
    archiveWith(GOOD, {
      "assets/zeros": {
        data: new Uint8Array(1024 * MEGABYTE),
        isDeflated: true,
        size: 1000,
      },
    }),
  "as many zeros as may be, as an asset": () =>
    archiveWith(GOOD, {
      "assets/zeros": {
        data: new Uint8Array(47 * MEGABYTE),
        isDeflated: true,
      },
    }),
  "as many zeros as may be, as weights in a packed archive": () => {
    const weights = npzOf({ "layers/dense/vars/0": [11, MEGABYTE] });
    return archiveWith(GOOD, {
      "model.weights.npz": { data: weights, isDeflated: true },
    });
  },
  "a config.json of 47 MB of spaces": () =>
    described(" ".repeat(47 * MEGABYTE)),
  "a config.json of a million keys": () => described(`{${keys(1_300_000)}}`),
  "a config.json of five million objects": () =>
    described(`[${"{},".repeat(5_000_000)}1]`),
  "a config.json of a million levels": () => described("[".repeat(1_000_000)),
  "as many layers as may be": () => chain(19_999),
  "a model of 60,000 layers": () => chain(60_000),
  "65,000 members": () =>
    buildZip([
      ...Array.from({ length: 65_000 }, (_, i) => ({ name: `assets/${i}` })),
      { name: "config.json", data: text("{}") },
    ]),
  "70,000 members, with a true count": () =>
    buildZip(
      Array.from({ length: 70_000 }, (_, i) => ({ name: `assets/${i}` })),
      { isLarge: true },
    ),
};

for (const [what, make] of sampled(Object.entries(BOMBS), 3)) {
  Deno.test({
    name:
      `loadModel() takes ${MOST_MORE} MB more than the file at the most: ${what}`,
    ignore: Deno.build.os !== "linux", // the peak is in /proc
    async fn() {
      const path = await Deno.makeTempFile();
      const bytes = make();
      await Deno.writeFile(path, bytes);
      const script = new URL("../support/bomb_worker.ts", import.meta.url);
      const command = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", script.href, path],
        cwd: new URL("../../", import.meta.url),
      });
      const { stdout, stderr } = await command.output();
      await Deno.remove(path);
      const printed = new TextDecoder().decode(stdout);
      assert(printed !== "", new TextDecoder().decode(stderr));
      const { outcome, megabytes } = JSON.parse(
        printed.trim().split("\n").at(-1)!,
      );
      assert(
        /^(ModelFormatError: Cannot load model|opened)/.test(outcome),
        outcome,
      );
      const most = MOST_MORE + bytes.length / MEGABYTE;
      assert(megabytes <= most, `${megabytes} MB: ${outcome}`);
    },
  });
}
