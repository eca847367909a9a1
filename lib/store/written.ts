/**
 * What was written, which shows itself.
 *
 * @module
 */
import { attachView } from "../display/attach_view.ts";
import type { Block } from "../display/view.ts";
import type { SkippedSample } from "../types.ts";

/**
 * What was written. Shows itself in a notebook and in the console.
 *
 * @category Files of features
 */
export interface Written {
  /** Samples in the files. */
  readonly samples: number;
  /** Paths of the files. */
  readonly files: readonly string[];
  /** Bytes of the files. */
  readonly bytes: number;
  /** Samples a second, of those that were computed now. */
  readonly samplesPerSecond: number;
  /** Samples that a source left out, and why. */
  readonly skipped: readonly SkippedSample[];
}

/** Rows of the table of skipped samples. */
const MOST_SHOWN = 20;

class ShownWritten implements Written {
  readonly samples: number;
  readonly files: readonly string[];
  readonly bytes: number;
  readonly samplesPerSecond: number;
  readonly skipped: readonly SkippedSample[];

  constructor(written: Written) {
    this.samples = written.samples;
    this.files = Object.freeze([...written.files]);
    this.bytes = written.bytes;
    this.samplesPerSecond = written.samplesPerSecond;
    this.skipped = Object.freeze([...written.skipped]);
    Object.freeze(this);
  }
}

attachView(ShownWritten.prototype as Written, (written) => {
  const { samples, files, bytes, samplesPerSecond, skipped } = written;
  const [first] = files;
  const name = files.length === 1 ? first! : `${files.length} files`;
  const blocks: Block[] = [{
    kind: "table",
    columns: [{ name: "written" }, { name: "value", align: "left" }],
    rows: [
      ["samples", String(samples)],
      ["files", name],
      ["bytes", String(bytes)],
      ["samples per second", samplesPerSecond.toPrecision(4)],
      ["skipped", String(skipped.length)],
    ],
  }];
  if (skipped.length > 0) {
    blocks.push({
      kind: "table",
      title: skipped.length > MOST_SHOWN
        ? `skipped, the first ${MOST_SHOWN}`
        : "skipped",
      columns: [{ name: "id", align: "left" }, {
        name: "reason",
        align: "left",
      }],
      rows: skipped.slice(0, MOST_SHOWN).map(({ id, reason }) => [id, reason]),
    });
  }
  return { title: `Written: ${samples} samples`, blocks };
});

/**
 * Makes what shows itself of what was written.
 *
 * @param written What was written.
 * @returns The same, frozen.
 */
export function shownWritten(written: Written): Written {
  return new ShownWritten(written);
}
