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
  /**
   * Samples per second, over those computed in this run; 0 if the target was
   * already complete, or only had to be merged.
   */
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
  readonly #title: string;

  constructor(written: Written, title: string) {
    this.samples = written.samples;
    this.files = Object.freeze([...written.files]);
    this.bytes = written.bytes;
    this.samplesPerSecond = written.samplesPerSecond;
    this.skipped = Object.freeze([...written.skipped]);
    this.#title = title;
    Object.freeze(this);
  }

  static {
    attachView(this.prototype, (self) => self.#view());
  }

  #view() {
    const { samples, files, bytes, samplesPerSecond, skipped } = this;
    const [first] = files;
    const name = files.length === 1 ? first! : `${files.length} files`;
    const rate = samplesPerSecond === 0
      ? []
      : [["samples per second", rateText(samplesPerSecond)]];
    const blocks: Block[] = [{
      kind: "table",
      columns: [{ name: "written" }, { name: "value", align: "left" }],
      rows: [
        ["samples", numberText(samples)],
        ["files", name],
        ["bytes", numberText(bytes)],
        ...rate,
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
        rows: skipped.slice(0, MOST_SHOWN).map(({ id, reason }) => [
          id,
          reason,
        ]),
      });
    }
    const title = `${this.#title}: ${countText(samples, "sample")}`;
    return { title, blocks };
  }
}

/**
 * Creates the summary.
 *
 * @param written Its properties.
 * @param title The title of its view.
 * @returns The summary, frozen.
 */
export function shownWritten(written: Written, title = "Written"): Written {
  return new ShownWritten(written, title);
}

/**
 * Formats a rate with three digits.
 *
 * @param samplesPerSecond The rate.
 * @returns As in `1,230`.
 */
export function rateText(samplesPerSecond: number): string {
  return numberText(Number(samplesPerSecond.toPrecision(3)));
}
