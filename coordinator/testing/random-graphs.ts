// Random graphs of calls: what they are made of, what a sequential evaluation gives, how a client asks for them.
import fc from "fast-check";
import { lazy, type Cluster, type Future, type Job, type Lazy } from "../client.ts";
import type { Fault } from "./function-worker.ts";

export type Value = number | Float64Array;

/** What every call is told beside its arguments; it makes the keys of a scenario's tasks its own. */
export interface About {
  readonly scenario: string;
  readonly node: number;
}

/** Each is complete in itself, as its text is all that travels. */
const operations = {
  sum: (_about: About, ...all: Value[]): Value =>
    all.reduce((a: number, b) => a + (typeof b === "number" ? b : (b[0] ?? 0)), 0),
  /** Throws for some arguments: what depends on it fails with the same error. */
  half: (_about: About, ...all: Value[]): Value => {
    const total = all.reduce((a: number, b) => a + (typeof b === "number" ? b : (b[0] ?? 0)), 0);
    if (total % 7 === 0) throw new RangeError(`${total} is a multiple of seven`);
    return total / 2;
  },
  /** A large result, which stays with its worker and is lost with it. */
  spread: (_about: About, ...all: Value[]): Value => {
    const [first = 0] = all;
    return new Float64Array(3_000).fill(typeof first === "number" ? first : (first[0] ?? 0) + 1);
  },
  /** Takes its time, so that something may happen meanwhile. */
  slow: async (_about: About, ...all: Value[]): Promise<Value> => {
    await new Promise((resolve) => setTimeout(resolve, 15));
    return all.reduce((a: number, b) => 2 * a + (typeof b === "number" ? b : (b[0] ?? 0)), 1);
  },
} as const;

type Operation = keyof typeof operations;

export interface Node {
  readonly operation: Operation;
  /** Literals, and nodes by how many places they are before this one. */
  readonly args: readonly ({ readonly literal: number } | { readonly back: number })[];
  /** What befalls its first calls. */
  readonly faults: readonly Fault[];
}

/** Futures one by one, a job of lazy calls, or lazy calls in the open job. */
export type Way = "submit" | "compute" | "persist";

/** What its client does with the graph while it runs. */
export interface Step {
  readonly act: "cancel" | "cancel-and-retry" | "release" | "lose-connection";
  readonly node: number;
  readonly waitMs: number;
}

export interface Scenario {
  readonly nodes: readonly Node[];
  readonly way: Way;
  readonly steps: readonly Step[];
  /** A second client asks for the same, in this way. */
  readonly second: Way | null;
}

const argument = fc.oneof(
  fc.record({ literal: fc.integer({ min: -20, max: 20 }) }),
  fc.record({ back: fc.integer({ min: 1, max: 8 }) }),
);
const ways = fc.constantFrom<Way>("submit", "compute", "persist");
const someFaults = fc.array(
  fc.constantFrom<Fault>(
    "vanish",
    "reconnect",
    "late",
    "twice",
    "drop",
    "throw",
    "out-of-memory",
    "return",
  ),
  { minLength: 1, maxLength: 3 },
);

/** Graphs of up to 20 calls; one in `calm` of them has a fault. */
export const scenarios = (calm: number): fc.Arbitrary<Scenario> =>
  fc.record({
    nodes: fc.array(
      fc.record({
        operation: fc.constantFrom<Operation>("sum", "half", "spread", "slow"),
        args: fc.array(argument, { minLength: 1, maxLength: 4 }),
        faults: fc.oneof(
          { weight: calm, arbitrary: fc.constant<readonly Fault[]>([]) },
          { weight: 1, arbitrary: someFaults },
        ),
      }),
      { minLength: 1, maxLength: 20, size: "max" },
    ),
    way: ways,
    steps: fc.array(
      fc.record({
        // Coming back takes half a second, which is what most of the time goes into.
        act: fc.oneof(
          {
            weight: 6,
            arbitrary: fc.constantFrom<Step["act"]>("cancel", "cancel-and-retry", "release"),
          },
          { weight: 1, arbitrary: fc.constant<Step["act"]>("lose-connection") },
        ),
        node: fc.nat({ max: 19 }),
        waitMs: fc.nat({ max: 20 }),
      }),
      { maxLength: 4 },
    ),
    second: fc.option(ways, { nil: null }),
  });

export type Expected = { readonly value: Value } | { readonly errors: ReadonlySet<string> };

/** The values, or the messages of the errors that may be told: any of those behind a node. */
export async function evaluate(nodes: readonly Node[]): Promise<Expected[]> {
  const results: Expected[] = [];
  for (const [node, { operation, args }] of nodes.entries()) {
    const values: Value[] = [];
    const errors = new Set<string>();
    for (const arg of args) {
      const known: Expected =
        "literal" in arg ? { value: arg.literal } : (results[node - arg.back] ?? { value: 1 });
      if ("value" in known) values.push(known.value);
      else for (const error of known.errors) errors.add(error);
    }
    if (errors.size > 0) {
      results.push({ errors });
      continue;
    }
    try {
      results.push({ value: await operations[operation]({ scenario: "", node }, ...values) });
    } catch (error) {
      results.push({ errors: new Set([(error as Error).message]) });
    }
  }
  return results;
}

export interface Asked {
  /** By node. */
  readonly futures: readonly Future<Value>[];
  /** The job of its own, if it has one. */
  readonly job: Job<Value> | null;
}

/** Asks for all of it. */
export async function ask(
  cluster: Cluster,
  { nodes }: Pick<Scenario, "nodes">,
  scenario: string,
  way: Way,
): Promise<Asked> {
  const made: (Future | Lazy)[] = [];
  for (const [node, { operation, args }] of nodes.entries()) {
    const values = args.map((arg) =>
      "literal" in arg ? arg.literal : (made[node - arg.back] ?? 1),
    );
    const fn = operations[operation] as (...all: unknown[]) => Value;
    const about: About = { scenario, node };
    made.push(way === "submit" ? cluster.submit(fn, about, ...values) : lazy(fn)(about, ...values));
  }
  if (way === "submit") return { futures: made as Future<Value>[], job: null };
  if (way === "persist") return { futures: cluster.persist(made as Lazy<Value>[]), job: null };
  const job = await cluster.compute(made as Lazy<Value>[]);
  return { futures: job.futures, job };
}
