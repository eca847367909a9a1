/**
 * Which part of the work a job is to do, as schedulers say it: the one place,
 * with the command line, where the environment is read.
 *
 * @module
 */
import { cannot } from "../check.ts";

/** Variables of schedulers: the index, the first index, and how many there are. */
const SCHEDULERS: readonly (readonly [
  index: string,
  first: string | undefined,
  count: string | undefined,
])[] = [
  // Slurm's job arrays, whose indices may begin anywhere.
  ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_COUNT"],
  ["SLURM_PROCID", undefined, "SLURM_NTASKS"],
  // Kubernetes' indexed jobs say the index alone.
  ["JOB_COMPLETION_INDEX", undefined, undefined],
];

/**
 * The part of a job, out of the environment.
 *
 * @param count How many parts there are, where the scheduler does not say so.
 * @param read Reads a variable of the environment.
 * @returns The part, from 0, and how many there are.
 * @throws {RangeError} If no scheduler says so, or says something else.
 */
export function shardOfJob(
  count?: number,
  read: (name: string) => string | undefined = (name) => Deno.env.get(name),
): readonly [number, number] {
  const action = "choose the shard";
  for (const [indexName, firstName, countName] of SCHEDULERS) {
    const index = read(indexName);
    if (index === undefined) continue;
    const first = firstName === undefined ? "0" : read(firstName);
    const found = countName === undefined ? undefined : read(countName);
    const total = count ?? (found === undefined ? undefined : Number(found));
    if (total === undefined) {
      const rule = `"count" must be passed, as "${indexName}" comes without it`;
      const hint = `pass { shard: { index: "env", count: 8 } }`;
      throw new RangeError(cannot(action, rule, undefined, hint));
    }
    const position = Number(index) - Number(first ?? 0);
    const isInside = Number.isSafeInteger(position) && position >= 0 &&
      position < total;
    if (isInside) return [position, total];
    const rule = `"${indexName}" must be one of ${total} indices`;
    throw new RangeError(cannot(action, rule, index));
  }
  const names = SCHEDULERS.map(([name]) => name);
  const hint = "pass { shard: [index, count] }";
  const rule = "a scheduler must have set its index";
  throw new RangeError(
    cannot(action, rule, `none of ${names.join(", ")}`, hint),
  );
}
