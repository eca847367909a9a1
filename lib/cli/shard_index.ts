/**
 * Reads the shard of a job from the environment variables of schedulers. Only
 * here and in the command line is the environment read.
 *
 * @module
 */
import { cannot } from "../check.ts";

/** Variables of schedulers: the index, the first index, and the count. */
const SCHEDULERS: readonly (readonly [
  index: string,
  first: string | undefined,
  count: string | undefined,
])[] = [
  // Slurm's job arrays, whose indices may start at any number.
  ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_COUNT"],
  ["SLURM_PROCID", undefined, "SLURM_NTASKS"],
  // Kubernetes' indexed jobs set only the index.
  ["JOB_COMPLETION_INDEX", undefined, undefined],
];

/**
 * Reads the shard of a job from the environment.
 *
 * @param count The number of shards, if the scheduler does not set it.
 * @param read Reads a variable of the environment.
 * @returns The index, from 0, and the number of shards.
 * @throws {RangeError} If no scheduler has set the index, or it is invalid.
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
      const hint = `pass { shard: { index: "env", count: 8 } }, or --shards 8`;
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
  const hint = "pass { shard: [index, count] }, or --shard 0/8";
  const rule = "a scheduler must have set its index";
  throw new RangeError(
    cannot(action, rule, `none of ${names.join(", ")}`, hint),
  );
}
