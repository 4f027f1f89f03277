// Checks that what a machine gave is summed over visits and tabs, each job once.
import { expect, test } from "vitest";
import { openContributionBook } from "./contribution.ts";
import type { Remembering } from "./remembered.ts";

function createMemory(): Remembering & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    read: (key) => texts.get(key) ?? null,
    write: (key, text) => void texts.set(key, text),
    forget: (key) => void texts.delete(key),
  };
}
const visit = (computeMs: number, tasks: number, ...jobs: string[]) => ({
  computeMs,
  tasks,
  jobs: new Set(jobs),
});

test("a visit's work is added once, however often it is saved", () => {
  const memory = createMemory();
  const book = openContributionBook(memory);
  expect(book.inAll(visit(0, 0))).toEqual({ computeMs: 0, tasks: 0, jobs: 0 });
  book.save(visit(1_000, 10, "a"));
  book.save(visit(1_000, 10, "a"));
  const now = visit(3_000, 25, "a", "b");
  expect(book.inAll(now)).toEqual({ computeMs: 3_000, tasks: 25, jobs: 2 });
  book.save(now);
  expect(openContributionBook(memory).inAll(visit(0, 0))).toEqual({
    computeMs: 3_000,
    tasks: 25,
    jobs: 2,
  });
});

test("a job that goes on after a reload counts once", () => {
  const memory = createMemory();
  openContributionBook(memory).save(visit(1_000, 10, "a"));
  const book = openContributionBook(memory);
  book.save(visit(500, 5, "a"));
  expect(book.inAll(visit(500, 5, "a"))).toEqual({ computeMs: 1_500, tasks: 15, jobs: 1 });
});

test("two tabs add to one book", () => {
  const memory = createMemory();
  const first = openContributionBook(memory);
  const second = openContributionBook(memory);
  first.save(visit(1_000, 10, "a"));
  second.save(visit(2_000, 20, "a", "b"));
  first.save(visit(1_500, 15, "a"));
  expect(openContributionBook(memory).inAll(visit(0, 0))).toEqual({
    computeMs: 3_500,
    tasks: 35,
    jobs: 2,
  });
});

test("a damaged book begins anew, and its list of jobs has a bound", () => {
  const memory = createMemory();
  memory.write("tabswarm-contribution", '{"tasks":"many","jobs":-3,"lastJobs":[1]}');
  const book = openContributionBook(memory);
  expect(book.inAll(visit(0, 0))).toEqual({ computeMs: 0, tasks: 0, jobs: 0 });
  const jobs = Array.from({ length: 1_000 }, (_, index) => `job ${index}`);
  book.save(visit(1, 1, ...jobs));
  book.save(visit(2, 2, ...jobs));
  expect(openContributionBook(memory).inAll(visit(0, 0)).jobs).toBe(1_000);
  expect(memory.texts.get("tabswarm-contribution")?.length).toBeLessThan(4_000);
});
