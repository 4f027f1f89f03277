// The first moment at which a client is of use: the coordinator has accepted it and told of its workers.
import { ClusterError, type ClusterClient } from "./cluster-client.ts";

/** Rejects with ClusterError, and closes the client, when the coordinator refuses it or does not answer. */
export async function untilConnected(client: ClusterClient, address: string): Promise<void> {
  const stops: (() => void)[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      stops.push(
        client.onView(() => resolve()),
        client.onConnection((connection) => {
          if (connection.state === "refused") reject(new ClusterError(connection.message, 401));
          else if (connection.state === "lost") {
            reject(new ClusterError(`No coordinator answers at ${address}. Is it running?`, 0));
          }
        }),
      );
    });
  } catch (error) {
    client.close();
    throw error;
  } finally {
    for (const stop of stops) stop();
  }
}
