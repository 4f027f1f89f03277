// Traffic of real servers, plain and encrypted: bytes are those that the sockets count.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request as plainRequest, type Server } from "node:http";
import { createServer as createSecureServer, request as secureRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { Traffic } from "./traffic.ts";

const BODY_BYTES = 100_000;
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function listener(): Parameters<typeof createServer>[1] {
  return (incoming, answer) => {
    incoming.resume().on("end", () => answer.end(Buffer.alloc(2 * BODY_BYTES)));
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return (server.address() as AddressInfo).port;
}

async function post(send: typeof plainRequest, port: number): Promise<void> {
  const options = { port, host: "127.0.0.1", method: "POST", rejectUnauthorized: false };
  await new Promise<void>((resolve, reject) => {
    const outgoing = send(options, (answer) => answer.resume().once("close", resolve));
    outgoing.once("error", reject).end(Buffer.alloc(BODY_BYTES));
  });
}

function keyPair(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), "tabswarm-traffic-"));
  closers.push(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-days", "1"];
  const files = ["-keyout", key, "-out", cert];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  execFileSync("openssl", ["req", "-x509", "-nodes", ...kind, ...subject, ...files], {
    stdio: "ignore",
  });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

it.each([false, true])(
  "counts what went in and out, once it is closed, too (TLS: %s)",
  async (isEncrypted) => {
    const traffic = new Traffic();
    const server: Server = isEncrypted
      ? createSecureServer(keyPair(), listener())
      : createServer(listener());
    traffic.watch(server, isEncrypted);
    const port = await listen(server);
    expect(traffic.bytes).toEqual({ in: 0, out: 0 });
    const send = isEncrypted ? secureRequest : plainRequest;
    await post(send, port);
    await post(send, port);
    const { in: bytesIn, out: bytesOut } = traffic.bytes;
    expect(bytesIn).toBeGreaterThanOrEqual(2 * BODY_BYTES);
    expect(bytesIn).toBeLessThan(2.2 * BODY_BYTES);
    expect(bytesOut).toBeGreaterThanOrEqual(4 * BODY_BYTES);
    expect(bytesOut).toBeLessThan(4.4 * BODY_BYTES);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(traffic.bytes.in).toBe(bytesIn);
  },
);
