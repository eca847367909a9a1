import { assert, assertEquals, assertRejects } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import {
  download,
  isPrivateAddress,
} from "../../../lib/models/files/download.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { modelJsonOf, modelOf, on } from "../../support/model_files.ts";
import { dense } from "../../support/keras_spec.ts";

/** A server, and how many bytes it was asked for at the most. */
async function served(
  answer: (path: string) => Response,
  run: (base: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve(
    { port: 0, onListen() {} },
    ({ url }) => answer(new URL(url).pathname),
  );
  await run(`http://127.0.0.1:${server.addr.port}`);
  await server.shutdown();
}

/** A body that never ends, and whether it was given up. */
function endless(first: Uint8Array): { body: ReadableStream; sent: number[] } {
  const sent: number[] = [];
  const body = new ReadableStream({
    pull(controller) {
      const piece = sent.length === 0 ? first : new Uint8Array(65_536);
      sent.push(piece.length);
      controller.enqueue(piece);
    },
  });
  return { body, sent };
}

Deno.test("download() stops one byte past what may come", async () => {
  await served(
    () => new Response(endless(new Uint8Array(10)).body),
    async (base) => {
      const budget = { left: 100_000 };
      await assertRejects(
        () => download(new URL(`${base}/w.bin`), { budget: budget }),
        ModelFormatError,
        `Cannot load model "${base}/w.bin" as it must have at most 100000 bytes: current value is more`,
      );
    },
  );
  await served(() => new Response(new Uint8Array(10)), async (base) => {
    const budget = { left: 25 };
    const url = new URL(base);
    for (const left of [15, 5]) {
      assertEquals((await download(url, { budget: budget })).length, 10);
      assertEquals(budget.left, left);
    }
    await assertRejects(
      () => download(url, { budget: budget }),
      ModelFormatError,
    );
  });
});

Deno.test("loadModel() tells a missing file from a server that refuses or is not there", async () => {
  const codes = [404, 410, 403, 500];
  const answer = (path: string) =>
    new Response("no", { status: Number(path.slice(1)) });
  let address = "";
  await served(answer, async (base) => {
    address = base;
    for (const code of codes) {
      const isMissing = code === 404 || code === 410;
      const { message } = await assertRejects(
        () => loadModel(`${base}/${code}`),
        isMissing ? Deno.errors.NotFound : Deno.errors.Http,
        `/${code}`,
      );
      assertEquals(message.includes("; download it with"), code === 403);
    }
  });
  await assertRejects(
    () => loadModel(`${address}/m.keras`), // the server is closed
    TypeError,
    `Cannot load model as the server of ${address}/m.keras must answer: `,
  );
  await assertRejects(
    () => loadModel("s3://models/m.keras"),
    TypeError,
    'must be a path or a URL of file: or http(s):, a Uint8Array or a Blob: current value is "s3://models/m.keras"',
  );
});

Deno.test("loadModel() gives up a download whose first bytes are no model's", async () => {
  const html = new TextEncoder().encode("<!doctype html>".padEnd(5000));
  await served(() => new Response(endless(html).body), async (base) => {
    await assertRejects(
      () => loadModel(`${base}/m.keras`),
      ModelFormatError,
      "an HTML or XML page",
    );
  });
});

Deno.test("loadModel() reads no more of an .h5 than its head says, nor of weights than the manifest", async () => {
  const path = new URL("../../data/keras_models/k3_mlp.h5", import.meta.url);
  const whole = await Deno.readFile(path);
  await served(() => new Response(endless(whole).body), async (base) => {
    await assertRejects(
      () => loadModel(`${base}/m.h5`),
      ModelFormatError,
      `must have at most ${whole.length} bytes: current value is more`,
    );
  });
  const files = modelJsonOf(modelOf(dense("d", 2, on("x"))));
  await served((path) => {
    const file = files[path.slice(1)];
    return path === "/model.json"
      ? new Response(file)
      : new Response(endless(file!).body);
  }, async (base) => {
    await assertRejects(
      () => loadModel(`${base}/model.json`),
      ModelFormatError,
      '/weights.bin" as it must have at most 24 bytes',
    );
  });
});

Deno.test("download() follows redirects; names beside a model go by the URL that was requested", async () => {
  const files = modelJsonOf(modelOf(dense("d", 2, on("x"))));
  const requested: string[] = [];
  await served((path) => {
    requested.push(path);
    if (path === "/hub/model.json") {
      return new Response(null, {
        status: 302,
        headers: { location: "/storage/abc?x=1" },
      });
    }
    const name = path === "/storage/abc" ? "model.json" : path.slice(5);
    return new Response(files[name]);
  }, async (base) => {
    await using model = await loadModel(`${base}/hub/model.json`);
    assert(model.layers.length > 0);
  });
  assertEquals(requested, [
    "/hub/model.json",
    "/storage/abc",
    "/hub/weights.bin",
  ]);
});

/** The error of a download whose server sends it on. */
async function refused(from: string, to: string): Promise<string> {
  const original = globalThis.fetch;
  globalThis.fetch = ((url: URL) =>
    Promise.resolve(
      url.href === from
        ? new Response(null, { status: 302, headers: { location: to } })
        : new Response("here"),
    )) as typeof fetch;
  try {
    return new TextDecoder().decode(await download(new URL(from)));
  } catch (error) {
    assert(error instanceof ModelFormatError);
    return error.message;
  } finally {
    globalThis.fetch = original;
  }
}

Deno.test("download() is sent on from https to https only, and never into a network that is not public", async () => {
  const from = "https://203.0.113.7/m.keras";
  assertEquals(await refused(from, "https://198.51.100.1/x"), "here");
  assertEquals(await refused(from, "/x"), "here");
  for (
    const [to, rule] of [
      ["http://198.51.100.1/x", "a URL of https:"],
      ["file:///etc/passwd", "a URL of http(s):"],
      ["https://127.0.0.1/x", "a public address"],
      ["https://localhost/x", "a public address"],
      ["https://a.localhost./x", "a public address"],
      ["https://10.1.2.3/x", "a public address"],
      ["https://192.168.0.1/x", "a public address"],
      ["https://169.254.169.254/latest/meta-data", "a public address"],
      ["https://[::1]/x", "a public address"],
      ["https://[fe80::1]/x", "a public address"],
      ["https://[fd00::1]/x", "a public address"],
      ["https://[::ffff:127.0.0.1]/x", "a public address"],
      ["https://2130706433/x", "a public address"], // 127.0.0.1
    ] as const
  ) {
    const message = await refused(from, to);
    assert(
      message.includes(`must redirect it to ${rule}`),
      `${to}: ${message}`,
    );
    assert(message.startsWith(`Cannot load model "${from}"`), message);
  }
  const local = "http://127.0.0.1/m.keras";
  assertEquals(await refused(local, "http://127.0.0.1/x"), "here");
  assertEquals(await refused(local, "http://10.0.0.1/x"), "here");
  const loop = "https://203.0.113.7/loop";
  assert((await refused(loop, loop)).includes("at most 10 times"));
});

Deno.test("isPrivateAddress() tells addresses that are not public", () => {
  const told = (list: string) =>
    list.split(" ").map((address) => isPrivateAddress(address));
  assert(
    told(
      "127.0.0.1 10.0.0.1 172.16.0.1 172.31.9.9 192.168.1.1 169.254.1.1 0.0.0.0 100.64.0.1 :: ::1 fe80::1 fc00::1 fdab::1 ::ffff:10.0.0.1 ::ffff:7f00:1",
    ).every((isPrivate) => isPrivate),
  );
  assert(
    told(
      "8.8.8.8 172.32.0.1 192.169.0.1 100.128.0.1 2606:4700::1 ::ffff:8.8.8.8 example.org",
    )
      .every((isPrivate) => !isPrivate),
  );
});
