// The small parts of commands: addresses, files, extremes, and undoing.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endOf, type WorkerEnd, workerUrl } from "../browser/headless-worker.ts";
import { createCleanups } from "./cleanups.ts";
import { CommandError } from "./command-error.ts";
import { parseCoordinator } from "./connect.ts";
import { readExtremePairs } from "./extreme-pairs.ts";
import { checkWritable, writeFileAtomically } from "./write-file.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tabswarm-parts-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("addresses", () => {
  test("the dashboard's whole address is as good as address and token", () => {
    const expected = { baseUrl: "http://10.0.0.5:7070", token: "abc" };
    expect(parseCoordinator("http://10.0.0.5:7070", "abc")).toEqual(expected);
    expect(parseCoordinator("http://10.0.0.5:7070/#t=abc", undefined)).toEqual(expected);
    expect(() => parseCoordinator("10.0.0.5:7070", "abc")).toThrow(CommandError);
    expect(() => parseCoordinator("http://10.0.0.5:7070", undefined)).toThrow(/token/);
  });

  test("a headless worker's address says its name and threads, and keeps the token", () => {
    const url = workerUrl("http://10.0.0.5:7070/join#t=abc", "big box 1", { threads: 4 });
    expect(url.pathname).toBe("/join");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      auto: "1",
      yield: "0",
      name: "big box 1",
      threads: "4",
    });
    expect(url.hash).toBe("#t=abc");
    const plain = workerUrl("http://h/join#t=a", "x").searchParams;
    expect([plain.has("threads"), plain.has("functions")]).toEqual([false, false]);
    const agreeing = workerUrl("http://h/join#t=a", "x", { runsFunctions: true });
    expect(agreeing.searchParams.get("functions")).toBe("1");
  });
});

describe("headless workers", () => {
  function three() {
    const said: string[] = [];
    const stopped: number[] = [];
    const ends: ((why: WorkerEnd["why"]) => void)[] = [];
    const workers = [0, 1, 2].map((index) => ({
      ended: new Promise<WorkerEnd>((resolve) => {
        ends.push((why) => resolve({ why, sentence: `${index} was ${why}.` }));
      }),
      stop: async () => void stopped.push(index),
    }));
    const end = endOf(workers, (line) => said.push(line));
    return {
      said,
      stopped,
      end,
      letGo: (index: number, why: WorkerEnd["why"]) => ends[index]?.(why),
    };
  }

  test("go on without those that were let go, saying so, and end with the last", async () => {
    const { said, stopped, end, letGo } = three();
    letGo(1, "retired");
    await Promise.resolve();
    letGo(0, "retired");
    await Promise.resolve();
    expect(said).toEqual(["1 was retired. 2 others go on.", "0 was retired. 1 other goes on."]);
    expect(stopped).toEqual([1, 0]);
    letGo(2, "retired");
    expect(await end).toEqual({ why: "retired", sentence: "2 was retired." });
  });

  test("end with the first that was not let go gently, and at once when one dies", async () => {
    const removed = three();
    removed.letGo(0, "removed");
    removed.letGo(1, "refused");
    removed.letGo(2, "retired");
    expect(await removed.end).toMatchObject({ why: "removed" });
    const dead = three();
    dead.letGo(2, "lost");
    expect(await dead.end).toMatchObject({ why: "lost" });
    expect([dead.said, dead.stopped]).toEqual([[], []]);
  });
});

describe("writeFileAtomically", () => {
  async function* chunksOf(...texts: string[]): AsyncGenerator<Uint8Array> {
    for (const text of texts) yield new TextEncoder().encode(text);
  }

  test("writes all chunks and nothing else", async () => {
    const path = join(folder, "a.csv");
    await writeFileAtomically(path, chunksOf("one,", "two"));
    expect(await readFile(path, "utf8")).toBe("one,two");
    expect(await readdir(folder)).toEqual(["a.csv"]);
  });

  test("a failure half way leaves the old file and no draft", async () => {
    const path = join(folder, "a.csv");
    await writeFile(path, "old");
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* chunksOf("new");
      throw new Error("no more");
    }
    await expect(writeFileAtomically(path, failing())).rejects.toThrow("no more");
    const aborted = AbortSignal.abort(new Error("stopped"));
    await expect(writeFileAtomically(path, chunksOf("new"), aborted)).rejects.toThrow("stopped");
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["a.csv"]);
  });

  test("what the disk refuses is a sentence", async () => {
    const path = join(folder, "gone", "a.csv");
    await expect(checkWritable(path)).rejects.toMatchObject({ exitStatus: 2 });
    await expect(checkWritable(folder)).rejects.toThrow(/is a folder/);
    await expect(writeFileAtomically(path, chunksOf("x"))).rejects.toMatchObject({
      name: "CommandError",
      exitStatus: 1,
    });
  });
});

describe("readExtremePairs", () => {
  test("finds the highest and lowest, skipping undefined ones", async () => {
    const path = join(folder, "pairs.csv");
    const rows = ["A,B,0.5,10", 'A,"C, D",-0.9,11', "A,E,,0", 'B,"C, D",0.99,12', "B,E,-0.1,9"];
    await writeFile(path, `series_1,series_2,correlation,observations\n${rows.join("\n")}\n`);
    const { strongest, weakest } = await readExtremePairs(path, 2);
    expect(strongest.map(({ correlation }) => correlation)).toEqual([0.99, 0.5]);
    expect(weakest).toEqual([
      { first: "A", second: "C, D", correlation: -0.9, observations: 11 },
      { first: "B", second: "E", correlation: -0.1, observations: 9 },
    ]);
    expect((await readExtremePairs(path, 10)).strongest).toHaveLength(4);
  });
});

describe("createCleanups", () => {
  test("undoes in reverse order, once", async () => {
    const order: string[] = [];
    const cleanups = createCleanups();
    cleanups.add(() => void order.push("first"));
    cleanups.add(async () => void order.push("second"));
    await cleanups.run();
    await cleanups.run();
    expect(order).toEqual(["second", "first"]);
  });
});
