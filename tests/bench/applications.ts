/**
 * Compares `keras.applications` with what Keras computes, and keeps the table.
 *
 *     .venv-keras/bin/python tests/data/make_keras_applications.py
 *     deno task applications [folder] [--only=NAME]
 *
 * The networks are those of `out/keras_applications`, 2 GB, on `wasm` and
 * `onnx`. Where all are there, the table goes into
 * `tests/bench/results/applications.csv`. Ends with 1 where one differs by more
 * than 2e-5 of a layer's largest value from what Keras computes in float64; how
 * far Keras' own float32 is from that stands beside it.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import {
  compareApplication,
  readApplication,
} from "../support/applications.ts";

/** Of a layer's largest value. */
const TOLERANCE = 2e-5;
const ENGINES = ["wasm", "onnx"] as const;
const NETWORKS = 11;
const COLUMNS =
  "network,keras,file,engine,layers,difference,keras_float32,seconds,date";

const folder = Deno.args.find((arg) => !arg.startsWith("--")) ??
  "out/keras_applications";
const only = Deno.args.find((arg) => arg.startsWith("--only="))?.slice(7);
const files = [...Deno.readDirSync(folder)].map(({ name }) => name)
  .filter((name) => /\.(keras|h5)$/.test(name))
  .filter((name) => only === undefined || name.includes(`_${only}.`)).sort();

const date = new Date().toISOString().slice(0, 10);
const lines: string[] = [];
const networks = new Set<string>();
for (const file of files) {
  const application = await readApplication(
    `${folder}/${file.replace(/\.\w+$/, "")}`,
  );
  const { network, keras, layers, rounding } = application;
  const own = rounding?.toExponential(1) ?? "";
  networks.add(network);
  for (const engine of ENGINES) {
    const { difference, worst, seconds } = await compareApplication(
      `${folder}/${file}`,
      application,
      engine,
    );
    const fails = !(difference <= TOLERANCE);
    if (fails) Deno.exitCode = 1;
    const format = file.slice(file.lastIndexOf(".") + 1);
    const share = difference.toExponential(1);
    lines.push(
      [network, keras, format, engine, layers.size, share, own]
        .join(",") + `,${seconds.toFixed(2)},${date}`,
    );
    console.log(
      `${file.padEnd(30)} ${engine} ${share} ${seconds.toFixed(2)} s${
        fails ? ` DIFFERS at ${worst}` : ""
      }`,
    );
  }
}
if (networks.size === NETWORKS && only === undefined) {
  await Deno.writeTextFile(
    new URL("./results/applications.csv", import.meta.url),
    [COLUMNS, ...lines].map((line) => `${line}\n`).join(""),
  );
}
