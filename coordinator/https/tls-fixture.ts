// For tests of https: real TLS connections that trust one authority and nothing else.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { checkServerIdentity, connect, createServer, type PeerCertificate } from "node:tls";
import type { CertifiedKey } from "./x509.ts";

/** Shakes hands with a server that shows `shown`, as a client that trusts `ca` and wants `name`. Rejects as the client does. */
export async function shakeHands(
  shown: CertifiedKey,
  ca: string,
  name: string,
): Promise<PeerCertificate> {
  const server = createServer({ cert: shown.cert, key: shown.key }, (socket) => socket.end());
  // The client's refusal is seen there, too.
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await peerAt((server.address() as AddressInfo).port, ca, name);
  } finally {
    server.close();
  }
}

/** What the server at the port of this machine shows to a client that trusts `ca` and wants `name`. */
export async function peerAt(port: number, ca: string, name: string): Promise<PeerCertificate> {
  const socket = connect({
    port,
    host: "127.0.0.1",
    ca,
    // The address is this machine's, whatever the name that is wanted.
    checkServerIdentity: (_host, peer) => checkServerIdentity(name, peer),
  });
  socket.on("error", () => {});
  try {
    await once(socket, "secureConnect");
    return socket.getPeerCertificate();
  } finally {
    socket.destroy();
  }
}
