// Tests of the rules about blocks and their replicas (B).
import { describe, expect, it } from "vitest";
import { asAttemptId, asIncarnation, asJobId, asWorkerId } from "../ids.ts";
import { block, createFixture, granted, only, task } from "../testing/scheduler-fixture.ts";

const stores = (commands: Parameters<typeof only>[0]) =>
  only(commands, "store-block").map((command) => `${command.holder}:${command.block}`);

const finished = (worker: string, attempt: number) =>
  ({
    type: "attempt-finished",
    worker: asWorkerId(worker),
    incarnation: asIncarnation(1),
    attempt: asAttemptId(attempt),
    computeMs: 10,
  }) as const;

describe("inputs", () => {
  it("[B1] waits for a block that nobody holds, and says so", () => {
    const f = createFixture();
    f.join("w");
    expect(f.submit("j", [task("a", ["p"])])).toEqual([]);
    expect(f.counts("j")).toMatchObject({ waiting: 1, waitingForData: 1 });
    expect(granted(f.hold("c_tab", "p"))).toEqual(["w:a"]);
    expect(f.counts("j")).toMatchObject({ leased: 1, waitingForData: 0 });
  });

  it("[B2] computes a lost result again, with its lost inputs", () => {
    const f = createFixture();
    f.join("w");
    f.join("gate", 0);
    f.submit("j", [task("a"), task("b", ["a.0"]), task("c", ["b.0", "p"])]);
    f.finish("w", "a");
    const commands = f.finish("w", "b");
    expect(only(commands, "release-blocks")).toMatchObject([{ blocks: ["a.0"] }]);
    // Only c is left, which waits for data. Its input is lost, and that one's input was let go.
    expect(granted(f.drop("w", "b.0"))).toEqual(["w:a"]);
    expect(granted(f.finish("w", "a"))).toEqual(["w:b"]);
    f.finish("w", "b");
    expect(granted(f.hold("store", "p"))).toEqual(["w:c"]);
  });

  it("[B2] does not compute again what a leased task may have fetched", () => {
    const f = createFixture();
    f.join("w");
    f.join("v");
    f.submit("j", [task("a"), task("b", ["a.0"])]);
    f.finish("w", "a");
    f.drop("w", "a.0");
    expect(f.leases()).toEqual(["w:b"]);
    expect(granted(f.leave("w", true))).toEqual(["v:a"]);
  });

  it("[B3] releases outputs that nobody needs any more", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a"), task("b", ["a.0"]), task("c", ["b.0"])]);
    f.finish("w", "a");
    f.hold("c_tab", "a.0");
    expect(only(f.finish("w", "b"), "release-blocks")).toEqual([
      { type: "release-blocks", worker: "w", blocks: ["a.0"] },
    ]);
  });

  it("[B3] releases what a task produced before it produced something else", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a"), task("b", ["a.0", "gone"])]);
    f.finish("w", "a", ["x", "y"]);
    f.drop("w", "x");
    expect(only(f.finish("w", "a", ["x2", "y2"]), "release-blocks")).toEqual([
      { type: "release-blocks", worker: "w", blocks: ["y"] },
    ]);
  });

  it("[B3] releases a known result that the targets do not need", () => {
    const f = createFixture();
    f.join("w", 0);
    f.hold("w", "a.0", "b.0");
    const known = { a: ["a.0"], b: ["b.0"] };
    const commands = f.submit("j", [task("a"), task("b", ["a.0"]), task("c", ["b.0"])], { known });
    expect(commands).toEqual([{ type: "release-blocks", worker: "w", blocks: ["a.0"] }]);
    expect(f.counts("j")).toMatchObject({ ready: 1, done: 2 });
  });

  it("[B3] keeps what another task still needs", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a"), task("b", ["a.0"]), task("c", ["a.0", "gone"])], {
      targets: ["b", "c"],
    });
    f.finish("w", "a");
    expect(only(f.finish("w", "b"), "release-blocks")).toEqual([]);
  });

  it("[B6] takes a returning holder's word for a lost result", () => {
    const f = createFixture();
    f.join("w", 1, 1);
    f.submit("j", [task("a")]);
    f.finish("w", "a");
    f.leave("w", true);
    expect(f.counts("j")).toMatchObject({ ready: 1 });
    f.join("v", 0);
    expect(stores(f.hold("v", "a.0"))).toEqual(["v:a.0"]);
    expect(f.counts("j")).toMatchObject({ ready: 0, done: 1 });
  });

  it("[B7] asks doubted holders of a missing block for its bytes", () => {
    const f = createFixture();
    f.hold("c_tab", "p");
    f.join("w");
    f.submit("j", [task("a", ["p"])]);
    f.nowMs += 20_000;
    f.heard("w");
    f.fail("w", "a", "input-unavailable", { block: "p" });
    expect(f.counts("j")).toMatchObject({ waitingForData: 1 });
    expect(stores(f.pass(1_000, "w"))).toEqual(["c_tab:p"]);
    expect(stores(f.pass(5_000, "w"))).toEqual([]);
    expect(stores(f.pass(5_000, "w"))).toEqual(["c_tab:p"]);
    expect(granted(f.hold("store", "p"))).toEqual(["w:a"]);
  });

  it("[B7] does not ask a doubted holder that disowned the block, or left", () => {
    const f = createFixture();
    f.hold("c_tab", "p");
    f.hold("c_other", "p");
    f.join("w");
    f.submit("j", [task("a", ["p"])]);
    f.fail("w", "a", "input-unavailable", { block: "p" });
    f.drop("c_tab", "p");
    f.send({ type: "holder-left", holder: "c_other" });
    expect(stores(f.pass(11_000, "w"))).toEqual([]);
  });

  it("[B8] loses a client's replicas when its tab closes", () => {
    const f = createFixture();
    f.hold("c_tab", "p");
    f.submit("j", [task("a", ["p"])]);
    expect(f.counts("j")).toMatchObject({ ready: 1 });
    f.send({ type: "holder-left", holder: "c_tab" });
    expect(f.counts("j")).toMatchObject({ ready: 0, waitingForData: 1 });
    expect([...f.state.holders.keys()]).toEqual(["store"]);
  });

  it("[B8] computes a target again that the store lost", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a"), task("b")], { targets: ["a", "b"] });
    f.finish("w", "a");
    f.hold("store", "a.0");
    f.drop("w", "a.0");
    expect(f.counts("j")).toMatchObject({ targetsDone: 1 });
    f.drop("store", "a.0");
    expect(f.counts("j")).toMatchObject({ targetsDone: 0 });
    expect(f.leases()).toEqual(["w:b", "w:a"]);
  });

  it("[B9] drops announcements by strangers, and those beyond the bound", () => {
    const f = createFixture({ limits: { blocksPerHolderMax: 2 } });
    expect(f.hold("w_stranger", "x")).toEqual([]);
    expect(f.state.blocks.size).toBe(0);
    f.submit("j", [task("a", ["wanted"])]);
    f.hold("c_tab", "x", "y", "z", "wanted");
    expect([...f.state.blocks.keys()].toSorted()).toEqual(["wanted", "x", "y"]);
    expect(f.state.counters.dropped).toBe(2);
    f.hold("store", "x1", "x2", "x3");
    expect(f.state.blocks.size).toBe(6);
  });
});

describe("small blocks", () => {
  const small = (name: string) => block(name, 100);

  it("[B10] are replicas of the store when they came with their result", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a"), task("b", ["a.0"])], { targets: ["a", "b"] });
    expect(stores(f.finishSmall("w", "a"))).toEqual([]);
    expect(f.counts("j")?.targetsDone).toBe(1);
    f.leave("w", true);
    const [lease] = only(f.join("v"), "grant-lease");
    expect(lease).toMatchObject({ task: "b", inputs: [{ block: "a.0", holders: ["store"] }] });
  });

  it("[B10][L5] are so when their result came too late", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a"), task("b", ["a.0", "gone"])]);
    const late = f.attempt("w", "a");
    f.join("v");
    f.pass(30_000, "w", "v");
    // The same bytes, but this worker kept them.
    f.send({ ...finished("v", f.attempt("v", "a")), outputs: [small("a.0")] });
    f.send({ ...finished("w", late), outputs: [{ ...small("a.0"), isStored: true }] });
    f.leave("v", true);
    f.leave("w", true);
    expect(f.counts("j")).toMatchObject({ done: 1, waiting: 1 });
  });

  it("[B11] are forgotten when nothing points at them any more", () => {
    const f = createFixture();
    f.join("w");
    const blocks = [small("p"), block("q")];
    f.send({ type: "blocks-held", holder: "store", blocks });
    f.submit("j", [{ ...task("a"), inputs: blocks }]);
    f.finishSmall("w", "a");
    expect([...f.state.blocks.keys()]).toEqual(["q", "a.0"]);
    // The result lingers for a minute.
    f.pass(60_000, "w");
    expect([...f.state.blocks.keys()]).toEqual(["q"]);
    expect([...f.state.store.blocks].map(({ id }) => id)).toEqual(["q"]);
  });

  it("[B11] are kept while a worker has them as well", () => {
    const f = createFixture();
    f.join("w", 0);
    for (const holder of ["store", "w"] as const) {
      f.send({ type: "blocks-held", holder: holder as "store", blocks: [small("p")] });
    }
    f.pass(500, "w");
    expect(f.state.blocks.size).toBe(1);
    f.leave("w", true);
    expect(f.state.blocks.size).toBe(0);
  });

  it("[B11] are forgotten when nothing came to point at them until the next tick", () => {
    const f = createFixture();
    const blocks = [small("used"), small("unused"), block("large")];
    f.send({ type: "blocks-held", holder: "store", blocks });
    f.submit("j", [{ ...task("a"), inputs: [small("used")] }]);
    expect(f.state.blocks.size).toBe(3);
    f.pass(500);
    expect([...f.state.blocks.keys()]).toEqual(["used", "large"]);
  });
});

describe("copies to the store", () => {
  it("[B4] asks one holder for each block, and a holder for four at a time", () => {
    const f = createFixture();
    f.join("w", 6);
    f.join("v", 0);
    const names = ["a", "b", "c", "d", "e", "f"];
    f.submit(
      "j",
      names.map((name) => task(name)),
      { targets: names },
    );
    const asked = names.flatMap((name) => stores(f.finish("w", name)));
    expect(asked).toEqual(["w:a.0", "w:b.0", "w:c.0", "w:d.0"]);
    expect(f.hold("v", "a.0")).toEqual([]);
    expect(stores(f.hold("store", "b.0"))).toEqual(["w:e.0"]);
    expect(stores(f.drop("w", "a.0"))).toEqual(["w:f.0", "v:a.0"]);
  });

  it("[B4] goes on with a holder's next block when others are not wanted any more", () => {
    const f = createFixture();
    f.join("w", 5);
    const names = ["a", "b", "c", "d"];
    f.submit(
      "j1",
      names.map((name) => task(name)),
      { targets: names },
    );
    f.submit("j2", [task("e")]);
    for (const name of [...names, "e"]) f.finish("w", name);
    f.send({ type: "job-cancelled", job: asJobId("j1") });
    expect(stores(f.pass(500, "w"))).toEqual(["w:e.0"]);
  });

  it("[B5] turns to another holder when a copy does not come", () => {
    const f = createFixture();
    f.join("w");
    f.join("v", 0);
    f.submit("j", [task("a")]);
    f.finish("w", "a");
    f.hold("v", "a.0");
    for (let i = 0; i < 6; i += 1) expect(stores(f.pass(5_000, "w", "v"))).toEqual([]);
    expect(stores(f.pass(5_000, "w", "v"))).toEqual(["v:a.0"]);
  });

  it("[B5] stops believing the only holder after three times", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    f.finish("w", "a");
    const history = Array.from({ length: 21 }, () => f.pass(5_000, "w"));
    expect(history.flatMap(stores)).toEqual(["w:a.0", "w:a.0"]);
    expect(history.flatMap(granted)).toEqual(["w:a"]);
  });
});
