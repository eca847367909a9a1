/**
 * Reads the shard of a job from the environment variables of schedulers. Only
 * here and in the command line is the environment read.
 *
 * @module
 */
import { cannot } from "../check.ts";

/** Names of the variables of a scheduler. */
interface Scheduler {
  /** The index of the process. */
  readonly index: string;
  /** The lowest index. */
  readonly first?: string;
  /** The difference between indices. */
  readonly step?: string;
  /** The number of processes. */
  readonly count?: string;
}

const SCHEDULERS: readonly Scheduler[] = [
  // Job arrays of Slurm, as --array=5-9 or --array=0-14:2.
  {
    index: "SLURM_ARRAY_TASK_ID",
    first: "SLURM_ARRAY_TASK_MIN",
    step: "SLURM_ARRAY_TASK_STEP",
    count: "SLURM_ARRAY_TASK_COUNT",
  },
  { index: "SLURM_PROCID", count: "SLURM_NTASKS" },
  // Indexed jobs of Kubernetes.
  { index: "JOB_COMPLETION_INDEX" },
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
  const numberOf = (name: string | undefined) => {
    const text = name === undefined ? undefined : read(name);
    return text ? Number(text) : undefined; // an empty variable is not set
  };
  for (const names of SCHEDULERS) {
    const index = numberOf(names.index);
    if (index === undefined) continue;
    const total = count ?? numberOf(names.count);
    if (total === undefined) {
      const rule =
        `"count" must be passed, as "${names.index}" comes without it`;
      const hint = `pass { shard: { index: "env", count: 8 } }, or --shards 8`;
      throw new RangeError(cannot(action, rule, undefined, hint));
    }
    const position = (index - (numberOf(names.first) ?? 0)) /
      (numberOf(names.step) ?? 1);
    const isInside = Number.isSafeInteger(position) && position >= 0 &&
      position < total;
    if (isInside) return [position, total];
    const rule = `"${names.index}" must be one of ${total} indices`;
    throw new RangeError(cannot(action, rule, read(names.index)));
  }
  const names = SCHEDULERS.map(({ index }) => index);
  const hint = "pass { shard: [index, count] }, or --shard 0/8";
  const rule = "a scheduler must have set its index";
  throw new RangeError(
    cannot(action, rule, `none of ${names.join(", ")}`, hint),
  );
}
