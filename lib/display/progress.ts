/**
 * Progress bars: live in a notebook and on a terminal, nothing elsewhere, and
 * never on stdout.
 *
 * @module
 */
import { escapeMarkup, lineText, numberText } from "./cell.ts";
import { broadcast, inNotebook, settle } from "./kernel.ts";
import { terminalColumns, writeAll } from "./terminal.ts";

/** Settings of {@linkcode progressBar}. */
export interface ProgressBarOptions {
  /** The label, such as `predict`. */
  readonly label: string;
  /** Total number of samples, if known. */
  readonly total?: number | undefined;
}

/** An active progress bar. */
export interface ProgressBar {
  /**
   * Updates the bar. Cheap: it is redrawn at most ten times per second.
   *
   * @param samples Number of finished samples.
   * @param samplesPerSecond Since the start of the run.
   */
  update(samples: number, samplesPerSecond: number): void;
  /**
   * Shows the final state.
   *
   * @param samples Number of finished samples.
   * @param samplesPerSecond Since the start of the run.
   * @returns A promise that resolves when it is shown.
   */
  finish(samples: number, samplesPerSecond: number): Promise<void>;
  /**
   * Shows that the run ended early.
   *
   * @param message The reason, in a few words.
   * @returns A promise that resolves when it is shown.
   */
  fail(message: string): Promise<void>;
}

const INTERVAL_MS = 100;
const BAR_CELLS = 20;

interface State {
  readonly samples: number;
  readonly samplesPerSecond: number;
  readonly ended?: "finished" | "failed";
  readonly message?: string;
}

/** The output of a bar. */
interface Surface {
  draw(state: State): void;
  end(): Promise<void>;
}

/**
 * Whether a run shows a bar by default.
 *
 * @returns True in a notebook, and where stderr is a terminal.
 */
export function defaultProgress(): boolean {
  return inNotebook() || Deno.stderr.isTerminal();
}

/**
 * Starts a bar.
 *
 * @param options Label, and total number of samples.
 * @returns The bar; a silent one if there is neither a notebook nor a terminal.
 */
export function progressBar(options: ProgressBarOptions): ProgressBar {
  const surface = inNotebook()
    ? new NotebookSurface(options)
    : Deno.stderr.isTerminal()
    ? new TerminalSurface(options)
    : undefined;
  return new ThrottledBar(surface);
}

/**
 * Formats a bar as text, such as `predict ████░░░░ 320 / 1000, 510 samples/s`.
 *
 * @param options Label, and total number of samples.
 * @param state The progress.
 * @returns The line.
 */
export function progressText(
  { label, total }: ProgressBarOptions,
  state: State,
): string {
  const { samples, samplesPerSecond, ended, message } = state;
  const parts: string[] = [];
  if (total !== undefined && total > 0) {
    const full = Math.round(BAR_CELLS * Math.min(1, samples / total));
    parts.push("█".repeat(full) + "░".repeat(BAR_CELLS - full));
  }
  const count = total === undefined
    ? numberText(samples)
    : `${numberText(samples)} / ${numberText(total)}`;
  const facts = [`${count} ${(total ?? samples) === 1 ? "sample" : "samples"}`];
  if (samplesPerSecond > 0) {
    facts.push(`${numberText(rounded(samplesPerSecond))} samples/s`);
    if (ended === undefined && total !== undefined && total > samples) {
      facts.push(`${timeText((total - samples) / samplesPerSecond)} left`);
    }
  }
  if (message !== undefined) facts.push(message);
  return lineText([label, ...parts, facts.join(", ")].join(" "), 400);
}

class ThrottledBar implements ProgressBar {
  #drawn = -Infinity;
  #state: State = { samples: 0, samplesPerSecond: 0 };
  readonly #surface: Surface | undefined;

  constructor(surface: Surface | undefined) {
    this.#surface = surface;
    this.#draw();
  }

  update(samples: number, samplesPerSecond: number): void {
    if (this.#state.ended !== undefined) return;
    this.#state = { samples, samplesPerSecond };
    if (performance.now() - this.#drawn >= INTERVAL_MS) this.#draw();
  }

  async finish(samples: number, samplesPerSecond: number): Promise<void> {
    await this.#end({ samples, samplesPerSecond, ended: "finished" });
  }

  async fail(message: string): Promise<void> {
    await this.#end({ ...this.#state, ended: "failed", message });
  }

  async #end(state: State): Promise<void> {
    if (this.#state.ended !== undefined) return;
    this.#state = state;
    this.#draw();
    await this.#surface?.end();
  }

  #draw(): void {
    this.#surface?.draw(this.#state);
    this.#drawn = performance.now();
  }
}

class NotebookSurface implements Surface {
  readonly #options: ProgressBarOptions;
  readonly #id = crypto.randomUUID();
  #isShown = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: ProgressBarOptions) {
    this.#options = options;
  }

  draw(state: State): void {
    const type = this.#isShown ? "update_display_data" : "display_data";
    this.#isShown = true;
    // Not awaited here; errors are thrown by end().
    broadcast(type, {
      data: {
        "text/html": progressHtml(this.#options, state),
        "text/plain": progressText(this.#options, state),
      },
      metadata: {},
      transient: { display_id: this.#id },
    }).catch((error) => this.#failure ??= { error });
  }

  async end(): Promise<void> {
    await settle();
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

class TerminalSurface implements Surface {
  readonly #options: ProgressBarOptions;

  constructor(options: ProgressBarOptions) {
    this.#options = options;
  }

  draw(state: State): void {
    const text = progressText(this.#options, state)
      .slice(0, terminalColumns() - 1);
    const end = state.ended === undefined ? "" : "\n";
    writeAll(Deno.stderr, `\r${text}\x1b[K${end}`); // K: clears the rest of the line
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

function progressHtml(options: ProgressBarOptions, state: State): string {
  const { label, total } = options;
  const { samples, ended } = state;
  const text = progressText({ label: "", total }, state)
    .replace(/^[\s█░]+/, "");
  const value = total === undefined
    ? (ended === "finished" ? ' value="1"' : "") // without a value it is animated
    : ` value="${Math.min(samples, total)}" max="${total}"`;
  const bar = ended === "failed" && total === undefined
    ? ""
    : `<progress${value}></progress> `;
  return `<div>${escapeMarkup(lineText(label))} ${bar}${
    escapeMarkup(text)
  }</div>`;
}

function rounded(rate: number): number {
  return rate >= 100 ? Math.round(rate) : rate;
}

function timeText(seconds: number): string {
  const whole = Math.ceil(seconds); // first, so that 59.7 s are not "60 s"
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes} min ${whole % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
