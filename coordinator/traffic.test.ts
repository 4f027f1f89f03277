// Traffic of real servers, plain and encrypted: bytes are those that the sockets count.
import { createServer, request as plainRequest, type Server } from "node:http";
import { createServer as createSecureServer, request as secureRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { type CertifiedKey, makeAuthority, signServer } from "./https/x509.ts";
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

function keyPair(): CertifiedKey {
  const spec = { validDays: 1, nowMs: Date.now() };
  const authority = makeAuthority({ ...spec, name: "Test", permitted: ["127.0.0.0/8"] });
  return signServer(authority, { ...spec, names: ["127.0.0.1"] });
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
