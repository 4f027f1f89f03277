// Plain http on the port of https: the page that explains the certificate, and the way to https for all else.
import { createServer } from "node:http";
import type { Server as TlsServer } from "node:https";
import type { Socket } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import { guardRequests, type TlsFiles } from "../http-api.ts";
import { nodeClock } from "../node-client.ts";
import { HttpProblem } from "../problem.ts";
import type { RequestGuard } from "../request-guard.ts";
import { addCertificateRoutes } from "./certificate-routes.ts";
import type { LocalAuthority, ServerIdentity } from "./server-identity.ts";

/** What a coordinator shows over https: its owner's files, or an identity that renews itself. */
export interface ServerCertificate {
  readonly files: TlsFiles;
  /** Given where the certificate is of our own authority. */
  readonly authority?: LocalAuthority;
  readonly watch?: ServerIdentity["watch"];
}

/** A connection says something at once, in either protocol; one that does not only takes room. */
const FIRST_BYTE_TIMEOUT_MS = 10_000;
/** A page and a file take a second; what stays longer wants something else. */
const PLAIN_TIMEOUT_MS = 60_000;
/** The first byte of every TLS connection: the record type "handshake". */
const TLS_HANDSHAKE = 0x16;

/**
 * Lets an https server answer plain http as well, and take over renewed certificates. The returned
 * function ends both.
 */
export async function servePlainHttp(
  server: FastifyInstance,
  certificate: ServerCertificate,
  parts: { readonly guard: RequestGuard; readonly log: (line: string) => void },
): Promise<() => Promise<void>> {
  const plain = fastify({
    logger: false,
    // It never listens: connections are handed to it.
    serverFactory: (handle) => createServer((request, response) => handle(request, response)),
  });
  guardRequests(plain, parts);
  if (certificate.authority !== undefined) addCertificateRoutes(plain, certificate.authority);
  plain.setNotFoundHandler((request, reply) => {
    const isRead = request.method === "GET" || request.method === "HEAD";
    // A program's request had its token in it; sending it elsewhere would only hide that.
    if (!isRead || request.url.startsWith("/api/")) {
      throw new HttpProblem(
        403,
        "This coordinator speaks https only: begin the address with https://.",
      );
    }
    // The host was checked by the guard. Browsers carry the fragment over, and with it the token.
    return reply.redirect(`https://${request.headers.host ?? ""}${request.url}`, 307);
  });
  await plain.ready();

  const tls = server.server as unknown as TlsServer;
  const endSwitch = switchByFirstByte(tls, (socket) => plain.server.emit("connection", socket));
  const endWatch = certificate.watch?.(nodeClock, (files) => tls.setSecureContext(files));
  return async () => {
    endWatch?.();
    endSwitch();
    await plain.close();
  };
}

/**
 * One port for both: a browser that is given the address without its "s" finds its way, and a firewall
 * has to be opened once. The server keeps its listening; only connections that do not begin as TLS does
 * go to `onPlain`. The returned function ends those, and what has not said anything.
 */
function switchByFirstByte(server: TlsServer, onPlain: (socket: Socket) => void): () => void {
  const takeTls = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");
  /** A server that does not listen itself knows none of its connections. */
  const held = new Set<Socket>();

  const onConnection = (socket: Socket): void => {
    const drop = (): void => void socket.destroy();
    let timer = setTimeout(drop, FIRST_BYTE_TIMEOUT_MS);
    const release = (): void => {
      clearTimeout(timer);
      held.delete(socket);
    };
    held.add(socket);
    socket.once("close", release);
    socket.on("error", drop);
    socket.once("end", drop);
    socket.once("data", (bytes: Buffer) => {
      release();
      socket.off("end", drop);
      // Whoever takes the socket reads the same bytes again.
      socket.pause();
      socket.unshift(bytes);
      if (bytes[0] === TLS_HANDSHAKE) {
        socket.off("close", release);
        socket.off("error", drop);
        for (const take of takeTls) take.call(server, socket);
      } else {
        held.add(socket);
        timer = setTimeout(drop, PLAIN_TIMEOUT_MS);
        onPlain(socket);
      }
      process.nextTick(() => socket.resume());
    });
  };
  server.on("connection", onConnection);
  return () => {
    for (const socket of held) socket.destroy();
    server.off("connection", onConnection);
    for (const take of takeTls) server.on("connection", take);
  };
}
