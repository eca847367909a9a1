/**
 * Programs in a separate Deno process with restricted permissions.
 *
 * @module
 */
import { assert } from "@std/assert";
import { assertAsKeras, kerasRecord, modelPath } from "./keras_models.ts";

/** The root of the repository, with a slash at its end. */
export const ROOT: string = decodeURIComponent(
  new URL("../../", import.meta.url).pathname,
);

/** A model of Keras, with known outputs. */
export const MODEL: string = modelPath("k3_mlp.keras");

const RECORD = kerasRecord("k3_mlp");

/** What Deno and the system need to find their files. */
const KEPT =
  /^(PATH|HOME|TMPDIR|XDG_CACHE_HOME|DENO_(?:DIR|CERT|TLS_CA_STORE)|USERPROFILE|.*APPDATA|SYSTEMROOT|TE?MP)$/i;
/**
 * Variables of the process. Some, such as "CI", disable telemetry that would be
 * sent otherwise.
 */
const ENV: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => KEPT.test(name)),
  ),
  NO_COLOR: "1",
  // Deno looks for newer releases of itself from time to time.
  DENO_NO_UPDATE_CHECK: "1",
};

/** A program of `tests/support/programs`. */
export type Program =
  | "run_model"
  | "draw_figures"
  | "fit_stream"
  | "wait"
  | "read_sources";

/** What a run of the model says. */
export interface Answer {
  readonly engine: string;
  readonly reason: string;
  /** The output of the last layer. */
  readonly data: readonly number[];
}

/** How a process is run. */
export interface ProcessOptions {
  /** Its permissions, as flags. */
  readonly allowed?: readonly string[];
  /** Its arguments. */
  readonly args?: readonly string[];
  /** The command, with its arguments, that runs it; none by default. */
  readonly under?: readonly string[];
}

/**
 * Runs a program in a separate process, with the imports of this repository.
 *
 * @param program The program.
 * @param options Permissions, arguments and variables.
 * @returns The last line that it prints.
 */
export async function runProgram(
  program: Program,
  { allowed = [], args = [], under = [] }: ProcessOptions = {},
): Promise<string> {
  const [command, ...rest] = [
    ...under,
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--quiet",
    "--frozen", // or Deno may write deno.lock
    `--config=${ROOT}deno.json`,
    ...allowed,
    `${ROOT}tests/support/programs/${program}.ts`,
    ...args,
  ];
  const process = new Deno.Command(command!, {
    args: rest,
    clearEnv: true,
    env: ENV,
  });
  const { success, stdout, stderr } = await process.output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stderr));
  return decoder.decode(stdout).trim().split("\n").at(-1)!;
}

/**
 * Runs the model in a separate process, and checks its numbers.
 *
 * @param options Permissions and variables; its `args` follow those of the run.
 * @param engine "onnx", or a backend of TF.js; default: chosen by the library.
 * @param path The model's file, if it is another one with the same weights.
 * @returns The printed result.
 */
export async function runModel(
  options: ProcessOptions,
  engine = "",
  path: string = MODEL,
): Promise<Answer> {
  const { data, shape } = RECORD.inputs[0]!;
  const run = [path, JSON.stringify([...data]), JSON.stringify(shape), engine];
  const args = [...run, ...options.args ?? []];
  const answer: Answer = JSON.parse(
    await runProgram("run_model", { ...options, args }),
  );
  const expected = RECORD.outputs[0]!;
  const found = {
    data: Float32Array.from(answer.data),
    shape: expected.shape,
    dtype: "float32",
  } as const;
  assertAsKeras(found, expected, answer.engine);
  return answer;
}
