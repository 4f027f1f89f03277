// The control connection over the browser's WebSocket, to the coordinator that served this page.
import {
  type ControlSocket,
  openControlSocket,
  type SocketHandlers,
  type SocketLike,
} from "../../shared/client/control-socket.ts";
import type { Clock } from "../../shared/data-plane/clock.ts";
import { httpPaths } from "../../shared/protocol/http.ts";
import type { ClientMessage, Hello, WorkerMessage } from "../../shared/protocol/messages.ts";
import { browserClock } from "./browser-clock.ts";

/** The network came, went, or the page woke from being frozen. */
const NETWORK_EVENTS = ["online", "offline", "resume"] as const;

function openWebSocket(handlers: SocketHandlers): SocketLike {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}${httpPaths.control}`);
  const silence = new AbortController();
  const { signal } = silence;
  socket.addEventListener("open", () => handlers.onOpen(), { signal });
  socket.addEventListener("close", () => handlers.onClose(), { signal });
  socket.addEventListener(
    "message",
    (event: MessageEvent<unknown>) => {
      if (typeof event.data === "string") handlers.onText(event.data);
    },
    { signal },
  );
  return {
    send: (text) => socket.send(text),
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    close() {
      silence.abort();
      socket.close();
    },
  };
}

/** Opens the control connection; `hello` is asked anew at each attempt. */
export function openBrowserControl<Sent extends WorkerMessage | ClientMessage>(
  hello: () => Hello,
  clock: Clock = browserClock,
): ControlSocket<Sent> {
  // Timers of hidden pages are slow, and a socket of another network stays silent: these moments are
  // worth an attempt at once, and a doubt about what still seems to be open.
  const doubt = (): void => control.doubt();
  const doubtIfVisible = (): void => {
    if (document.visibilityState === "visible") doubt();
  };
  // A message of a channel, as timers of hidden pages are slow: it comes after those that came before.
  const turns = new MessageChannel();
  let endTurn = (): void => undefined;
  turns.port1.onmessage = () => endTurn();
  const control = openControlSocket<Sent>({
    createSocket: openWebSocket,
    soon(callback) {
      endTurn = callback;
      turns.port2.postMessage(null);
    },
    hello,
    clock,
    random: Math.random,
    onMalformed: (text) => console.warn("Ignored a message that this page does not know:", text),
    onClosed: () => {
      turns.port1.close();
      for (const event of NETWORK_EVENTS) removeEventListener(event, doubt);
      document.removeEventListener("visibilitychange", doubtIfVisible);
    },
  });
  for (const event of NETWORK_EVENTS) addEventListener(event, doubt);
  document.addEventListener("visibilitychange", doubtIfVisible);
  return control;
}
