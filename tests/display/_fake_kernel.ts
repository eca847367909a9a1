/** A message that was sent to the fake kernel. */
export interface Sent {
  readonly type: string;
  readonly content: {
    readonly data: Readonly<Record<string, unknown>>;
    readonly metadata: Readonly<Record<string, unknown>>;
    readonly transient?: Readonly<Record<string, string>>;
  };
}

/** Runs something as if it were in a notebook, and gives what it sent. */
export async function inFakeKernel(run: () => unknown): Promise<Sent[]> {
  const sent: Sent[] = [];
  const kernel = {
    broadcast(type: string, content: Sent["content"]): Promise<void> {
      sent.push({ type, content });
      return Promise.resolve();
    },
  };
  Object.assign(Deno, { jupyter: kernel });
  try {
    await run();
  } finally {
    Object.assign(Deno, { jupyter: undefined });
  }
  return sent;
}
