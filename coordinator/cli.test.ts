// The command line's contract as its users meet it: exit status, and one clear line on stderr.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** Node starts several times in each test, on machines that do other things as well. */
const TIMEOUT_MS = 120_000;
const bin = join(import.meta.dirname, "tabswarm.js");
let folder = "";
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tabswarm-cli-"));
  await writeFile(file("empty.csv"), "");
  await writeFile(file("header.csv"), "date,A,B\n");
  await writeFile(file("one-column.csv"), "date\n2024-01-01\n2024-01-02\n2024-01-03\n");
  await writeFile(
    file("binary.csv"),
    new Uint8Array(4_096).map((_, i) => (i * 7) % 256),
  );
  await writeFile(file("text.csv"), "date,A,B\n2024-01-01,x,y\n2024-01-02,y,z\n2024-01-03,z,x\n");
  await writeFile(file("good.csv"), "date,A,B\n2024-01-01,1,2\n2024-01-02,2,1\n2024-01-03,3,5\n");
  await writeFile(
    file("gaps.csv"),
    "date,A,B\n2024-01-01,1,2\n2024-01-02,2,1\n2024-01-03,3,5\n2024-01-04,3,\n",
  );
  await mkdir(file("folder.csv"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

const linesOf = (text: string): string[] => text.trimEnd().split("\n");

async function takenPort(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return server;
}
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

describe("help", () => {
  test(
    "explains every command, and each command its options",
    async () => {
      const all = await run("--help");
      expect(all.status).toBe(0);
      for (const word of [
        "serve",
        "work",
        "correlate",
        "monte-carlo",
        "demo",
        "build",
        "TABSWARM_BROWSER",
      ]) {
        expect(all.stdout).toContain(word);
      }
      const one = await run("correlate", "--help");
      const options = "out matrix coordinator token workers layout date series value min-periods";
      const choices = "method precision fast shrink covariance common-dates tile json";
      for (const option of `${options} ${choices}`.split(" ")) {
        expect(one.stdout).toContain(`--${option} `.trim());
      }
    },
    TIMEOUT_MS,
  );
});

describe.concurrent("bad usage and bad input end with 2 and one line", () => {
  const out = ["--out", "pairs.csv"];
  // A table is refused before anybody answers, or does not.
  const nowhere = ["--coordinator", "http://127.0.0.1:1/#t=token"];
  test.each([
    ["an unknown command", () => ["corelate"], /unknown command 'corelate'/],
    ["an unknown option", () => ["serve", "--prot", "1"], /unknown option '--prot'/],
    ["no --out", () => ["correlate", file("good.csv")], /--out/],
    ["a tile too small", () => ["correlate", "x.csv", ...out, "--tile", "3"], /8 to 2048/],
    ["no such precision", () => ["correlate", "x", ...out, "--precision", "f8"], /f64, f32, f16/],
    ["no such method", () => ["correlate", "x", ...out, "--method", "tau"], /pearson, spearman/],
    [
      "Spearman in half precision",
      () => ["correlate", file("good.csv"), ...out, "--method", "spearman", "--precision", "f16"],
      /Spearman cannot use f16.*Choose f64 or f32/,
    ],
    [
      "Spearman by the fast kernel",
      () => ["correlate", file("good.csv"), ...out, "--method", "spearman", "--fast"],
      /Pearson only/,
    ],
    [
      "shrinkage in half precision",
      () => ["correlate", file("good.csv"), ...out, "--shrink", "--precision", "f16"],
      /variance of each series/,
    ],
    [
      "a covariance without shrinkage",
      () => ["correlate", file("good.csv"), ...out, "--covariance", file("c.npy")],
      /add --shrink/,
    ],
    [
      "nowhere to write the covariance",
      () => ["correlate", file("good.csv"), ...out, "--shrink", "--covariance", file("no/c.npy")],
      /does not exist/,
    ],
    [
      "shrinkage over gaps",
      () => ["correlate", file("gaps.csv"), ...out, "--shrink", ...nowhere],
      /1 of 2 series lack values, at 1 of 4 dates\. Keep the 3 dates .* --common-dates/,
    ],
    [
      "two clusters at once",
      () => ["correlate", "x", ...out, "--coordinator", "http://h", "--workers", "3"],
      /cannot be used with option '--workers/,
    ],
    ["an authority alone", () => ["correlate", "x.csv", ...out, "--ca", "c.pem"], /--coordinator/],
    [
      "an authority for plain http",
      () => ["correlate", file("good.csv"), ...out, "--ca", file("good.csv"), ...nowhere],
      /--ca is for https/,
    ],
    [
      "an authority that is not there",
      () => ["work", "https://127.0.0.1:1/join#t=token", "--ca", file("gone.pem")],
      /gone\.pem cannot be read.*--ca/,
    ],
    [
      "an authority that is none",
      () => ["work", "https://127.0.0.1:1/join#t=token", "--ca", file("good.csv")],
      /no certificate in PEM format/,
    ],
    ["a token alone", () => ["correlate", "x.csv", ...out, "--token", "t"], /--coordinator/],
    [
      "a coordinator without a token",
      () => ["correlate", file("good.csv"), ...out, "--coordinator", "http://127.0.0.1:1"],
      /token is missing/,
    ],
    ["no such file", () => ["correlate", file("gone.csv"), ...out], /gone\.csv does not exist/],
    ["a folder", () => ["correlate", file("folder.csv"), ...out], /is no file/],
    [
      "nowhere to write",
      () => ["correlate", file("good.csv"), "--out", file("no/pairs.csv")],
      /does not exist/,
    ],
    ["an empty file", () => ["correlate", file("empty.csv"), ...out], /is empty/],
    ["a header only", () => ["correlate", file("header.csv"), ...out], /no rows/],
    ["one column", () => ["correlate", file("one-column.csv"), ...out], /column/],
    ["a binary file", () => ["correlate", file("binary.csv"), ...out], /binary\.csv: /],
    ["no numbers", () => ["correlate", file("text.csv"), ...out], /numbers/],
    [
      "no such column",
      () => ["correlate", file("good.csv"), ...out, "--date", "day"],
      /good\.csv: .*day/,
    ],
    ["no address to join", () => ["work", "here"], /"here" is not an address/],
    ["a join address without its token", () => ["work", "http://127.0.0.1:1/join"], /token/],
    [
      "half a certificate",
      () => ["serve", "--cert", "cert.pem", "--data", file("data")],
      /--cert and --key belong together/,
    ],
  ])(
    "%s",
    async (_, args, message) => {
      const { status, stdout, stderr } = await run(...args());
      expect(linesOf(stderr)).toHaveLength(1);
      expect(stderr).toMatch(message);
      expect(stdout).toBe("");
      expect(status).toBe(2);
    },
    TIMEOUT_MS,
  );
});

describe("failures end with 1 and one line", () => {
  test(
    "no coordinator at the address",
    async () => {
      const server = await takenPort();
      const port = portOf(server);
      await new Promise((done) => server.close(done));
      const url = `http://127.0.0.1:${port}/#t=token`;
      const args = [file("good.csv"), "--out", file("pairs.csv"), "--coordinator", url];
      const { status, stderr } = await run("correlate", ...args);
      expect(linesOf(stderr)).toHaveLength(1);
      expect(stderr).toMatch(/No coordinator answers/);
      expect(status).toBe(1);
    },
    TIMEOUT_MS,
  );

  test(
    "a port that is taken: the message names the way out",
    async () => {
      const server = await takenPort();
      const port = portOf(server);
      const args = ["--host", "127.0.0.1", "--port", String(port), "--data", file("data")];
      const { status, stderr } = await run("serve", ...args);
      await new Promise((done) => server.close(done));
      expect(linesOf(stderr).at(-1)).toMatch(new RegExp(`Port ${port} is taken.*--port`));
      expect(status).toBe(1);
    },
    TIMEOUT_MS,
  );
});
