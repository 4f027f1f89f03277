// Leads each WebSocket upgrade to the control sockets or the signalling sockets, and cuts all others.
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { httpPaths } from "../shared/protocol/http.ts";
import { CONTROL_FRAME_BYTES_MAX } from "./control-socket.ts";
import { HttpProblem } from "./problem.ts";
import type { RequestGuard } from "./request-guard.ts";
import type { Signalling } from "./signalling.ts";

export interface UpgradeRouterOptions {
  readonly server: Server;
  readonly guard: RequestGuard;
  readonly signalling: Signalling;
  /** A control connection was opened; it has not said who it is yet. */
  readonly onControl: (socket: WebSocket, address: string) => void;
}

/** Begins routing; the returned function ends it, and every control connection at once. */
export function routeUpgrades(options: UpgradeRouterOptions): () => void {
  const { server, guard, signalling, onControl } = options;
  const control = new WebSocketServer({
    noServer: true,
    maxPayload: CONTROL_FRAME_BYTES_MAX,
    perMessageDeflate: false,
  });

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on("error", () => socket.destroy());
    const address = request.socket.remoteAddress ?? "";
    let url: URL;
    try {
      url = new URL(request.url ?? "/", "http://localhost");
      guard.checkRate(address);
      guard.checkHost(request.headers);
      // Programs send no Origin; they show their token or ticket next, as pages do.
      guard.checkOrigin(request.headers, true);
    } catch (error) {
      refuseUpgrade(socket, error instanceof HttpProblem ? error.status : 400);
      return;
    }
    const { pathname, searchParams } = url;
    if (pathname === httpPaths.control) {
      control.handleUpgrade(request, socket, head, (webSocket) => onControl(webSocket, address));
    } else if (pathname === `${httpPaths.signal}/peerjs`) {
      if (!signalling.accept(request, socket, head, searchParams)) refuseUpgrade(socket, 401);
    } else {
      refuseUpgrade(socket, 404);
    }
  };

  server.on("upgrade", onUpgrade);
  return () => {
    server.off("upgrade", onUpgrade);
    for (const webSocket of control.clients) webSocket.terminate();
    control.close();
  };
}

/** Answers a refused upgrade with a bare status line: browsers show no more to a page. */
function refuseUpgrade(socket: Duplex, status: number): void {
  const response = `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  socket.end(response, () => socket.destroy());
}
