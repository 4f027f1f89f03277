// "tabswarm/client" in a browser: connects a page to the cluster whose coordinator served it.
import type { Cluster } from "../shared/client/cluster.ts";
import { ClusterError } from "../shared/client/cluster-client.ts";
import { programFailures, untilConnected } from "../shared/client/until-connected.ts";
import { browserCluster } from "./app/browser-cluster.ts";
import { createBrowserClient } from "./app/create-client.ts";

// oxlint-disable-next-line no-barrel-file -- this is the package's entry: bundled, it is one file.
export * from "../shared/client/library.ts";

export interface ConnectOptions {
  /** The coordinator's submit token. Not needed when the address ends in "#t=…", as dashboards' do. */
  readonly token?: string;
}

/**
 * Connects to the coordinator at `url`, which must be the one that served this page: it refuses pages of
 * other sites. The connection is renewed by itself when it is lost later. Rejects with ClusterError.
 */
export async function connect(
  url: string = location.href,
  options: ConnectOptions = {},
): Promise<Cluster> {
  const address = new URL(url, location.href);
  if (address.origin !== location.origin) {
    throw new ClusterError(
      `A page of ${location.origin} cannot use the cluster at ${address.origin}: coordinators refuse ` +
        "pages of other sites. Have the coordinator serve the page, or connect from Node.",
      403,
    );
  }
  const token = options.token ?? new URLSearchParams(address.hash.slice(1)).get("t") ?? "";
  if (token === "") throw new ClusterError("The token is missing: connect(url, { token }).", 401);
  const client = await createBrowserClient(token);
  await untilConnected(client, programFailures(address.origin));
  return browserCluster(client);
}
