/** Memory of a process, in bytes. */
export interface ProcessMemory {
  /** What is in memory now. */
  readonly resident: number;
  /** The most that ever was. */
  readonly peak: number;
}

/**
 * Reads what Linux says of a process.
 *
 * @param pid Its number.
 * @returns Its memory.
 */
export function processMemory(pid: number): ProcessMemory {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const bytesOf = (key: string) =>
    Number(new RegExp(`${key}:\\s*(\\d+) kB`).exec(status)![1]) * 1024;
  return { resident: bytesOf("VmRSS"), peak: bytesOf("VmHWM") };
}
