// Random graphs on workers that fail, return and vanish give what evaluating them in sequence gives.
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connect, lazy, type Cluster, type Future, type Lazy } from "./client.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import type { Coordinator } from "./start-coordinator.ts";
import { FunctionWorker, type Fault } from "./testing/function-worker.ts";

let fixture: CoordinatorFixture;
let coordinator: Coordinator;

beforeAll(async () => {
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start();
});
afterAll(() => fixture.remove());

type Value = number | Float64Array;

/** Of any number of arguments. Each is complete in itself, as its text is all that travels. */
const operations = {
  sum: (...all: Value[]): Value =>
    all.reduce((a: number, b) => a + (typeof b === "number" ? b : (b[0] ?? 0)), 0),
  /** Throws for some arguments: what depends on it fails with the same error. */
  half: (...all: Value[]): Value => {
    const total = all.reduce((a: number, b) => a + (typeof b === "number" ? b : (b[0] ?? 0)), 0);
    if (total % 7 === 0) throw new RangeError(`${total} is a multiple of seven`);
    return total / 2;
  },
  /** A large result, which stays with its worker and is lost with it. */
  spread: (...all: Value[]): Value => {
    const [first = 0] = all;
    return new Float64Array(3_000).fill(typeof first === "number" ? first : (first[0] ?? 0) + 1);
  },
} as const;

interface Node {
  readonly operation: keyof typeof operations;
  /** Literals, and nodes by how many places they are before this one. */
  readonly args: readonly ({ readonly literal: number } | { readonly back: number })[];
}

const argument = fc.oneof(
  fc.record({ literal: fc.integer({ min: -20, max: 20 }) }),
  fc.record({ back: fc.integer({ min: 1, max: 8 }) }),
);
const graphs = fc.array(
  fc.record({
    operation: fc.constantFrom<Node["operation"]>("sum", "half", "spread"),
    args: fc.array(argument, { minLength: 1, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 25, size: "max" },
);
// A task forgives two deaths of its workers and, here, three failures: more would be told as its error.
const faultLists = fc
  .record({
    vanish: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 2 }),
    "out-of-memory": fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }),
    // One that returns a lease rests for two seconds.
    return: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 1 }),
  })
  .map((places) => {
    const faults: Fault[] = [];
    for (const fault of ["vanish", "out-of-memory", "return"] as const) {
      for (const place of places[fault]) faults[place] ??= fault;
    }
    return faults;
  });

type Expected = { readonly value: Value } | { readonly errors: ReadonlySet<string> };

/** The values, or the messages of the errors that may be told: any of those behind a node. */
function evaluate(nodes: readonly Node[]): Expected[] {
  const results: Expected[] = [];
  for (const [i, { operation, args }] of nodes.entries()) {
    const values: Value[] = [];
    const errors = new Set<string>();
    for (const arg of args) {
      const known: Expected =
        "literal" in arg ? { value: arg.literal } : (results[i - arg.back] ?? { value: 1 });
      if ("value" in known) values.push(known.value);
      else for (const error of known.errors) errors.add(error);
    }
    if (errors.size > 0) {
      results.push({ errors });
      continue;
    }
    try {
      results.push({ value: operations[operation](...values) });
    } catch (error) {
      results.push({ errors: new Set([(error as Error).message]) });
    }
  }
  return results;
}

/** As futures, each at once, or as one lazy graph. */
async function submit(
  cluster: Cluster,
  nodes: readonly Node[],
  isLazy: boolean,
): Promise<readonly Future[]> {
  const made: (Future | Lazy)[] = [];
  for (const [i, { operation, args }] of nodes.entries()) {
    const values = args.map((arg) => ("literal" in arg ? arg.literal : (made[i - arg.back] ?? 1)));
    const fn = operations[operation];
    made.push(
      isLazy ? lazy(fn)(...(values as never[])) : cluster.submit(fn, ...(values as never[])),
    );
  }
  if (!isLazy) return made as Future[];
  return (await cluster.compute(made as Lazy[])).futures;
}

async function runOnce(
  nodes: readonly Node[],
  faults: readonly Fault[],
  isLazy: boolean,
): Promise<void> {
  const left = [...faults];
  const workers: Promise<FunctionWorker>[] = [];
  const join = (): void => {
    const fault = (): Fault => left.shift() ?? "none";
    workers.push(FunctionWorker.join(coordinator, { fault, onVanished: join }));
  };
  join();
  join();
  const url = `http://127.0.0.1:${coordinator.port}`;
  const root = await connect(url, { token: coordinator.submitToken });
  try {
    // Equal nodes of earlier graphs would need no worker.
    const cluster = root.options({ retries: 3, pure: false });
    const futures = await submit(cluster, nodes, isLazy);
    const expected = evaluate(nodes);
    for (const [i, future] of futures.entries()) {
      const wanted = expected[i];
      const outcome = await future.result().catch((error: unknown) => error);
      if (wanted !== undefined && "value" in wanted) expect(outcome).toEqual(wanted.value);
      else expect([...(wanted?.errors ?? [])]).toContain((outcome as Error).message);
    }
    for (const future of futures) future.release();
  } finally {
    await root.close();
    for (const worker of await Promise.all(workers)) await worker.vanish();
  }
}

it("random graphs under random faults give what a sequential evaluation gives", async () => {
  await fc.assert(fc.asyncProperty(graphs, faultLists, fc.boolean(), runOnce), {
    numRuns: 25,
    endOnFailure: true,
  });
}, 120_000);
