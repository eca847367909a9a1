/**
 * A summary of what was written.
 *
 * @module
 */
import { attachView } from "../display/attach_view.ts";
import { countText, numberText } from "../display/cell.ts";
import type { Block } from "../display/view.ts";
import type { SkippedSample } from "../types.ts";

/**
 * A summary of what was written. Shows itself in a notebook and in the console.
 *
 * @category Files of features
 */
export interface Written {
  /** Number of samples in the files. */
  readonly samples: number;
  /** Paths of the files. */
  readonly files: readonly string[];
  /** Total size of the files in bytes. */
  readonly bytes: number;
  /** Samples per second, over those computed in this run. */
  readonly samplesPerSecond: number;
  /** Samples that a source skipped, and why. */
  readonly skipped: readonly SkippedSample[];
}

/** Maximum number of rows of the table of skipped samples. */
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
      ["samples", numberText(samples)],
      ["files", name],
      ["bytes", numberText(bytes)],
      ["samples per second", numberText(samplesPerSecond)],
      ["skipped", numberText(skipped.length)],
    ],
  }];
  if (skipped.length > 0) {
    blocks.push({
      kind: "table",
      title: skipped.length > MOST_SHOWN
        ? `skipped, the first ${MOST_SHOWN} of ${skipped.length}`
        : "skipped",
      columns: [{ name: "id", align: "left" }, {
        name: "reason",
        align: "left",
      }],
      rows: skipped.slice(0, MOST_SHOWN).map(({ id, reason }) => [id, reason]),
    });
  }
  return { title: `Written: ${countText(samples, "sample")}`, blocks };
});

/**
 * Creates the summary.
 *
 * @param written Its properties.
 * @returns The summary, frozen.
 */
export function shownWritten(written: Written): Written {
  return new ShownWritten(written);
}
