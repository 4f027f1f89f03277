// "tabswarm/client" in Node: connects a program to a cluster.
import type { Cluster } from "../shared/client/cluster.ts";
import { ClusterError } from "../shared/client/cluster-client.ts";
import { programFailures, untilConnected } from "../shared/client/until-connected.ts";
import { clusterOf } from "./node-cluster.ts";
import { createNodeTools, openNodeClient } from "./node-client.ts";
import { createTrust, whyUnanswered } from "./node-trust.ts";

// oxlint-disable-next-line no-barrel-file -- this is the package's entry: bundled, it is one file.
export * from "../shared/client/library.ts";

export interface ConnectOptions {
  /** The coordinator's submit token. Not needed when the address ends in "#t=…", as dashboards' do. */
  readonly token?: string;
  /**
   * Over https: the certificate authority of the coordinator in PEM format, which its page /certificate
   * gives. Not needed where Node trusts it already, as with NODE_EXTRA_CA_CERTS.
   */
  readonly ca?: string;
}

/**
 * Connects to a coordinator: `connect("http://192.168.1.20:7070", { token })`. The connection is renewed
 * by itself when it is lost later. Rejects with ClusterError.
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Cluster> {
  const { baseUrl, token } = parseAddress(url, options.token);
  const tools = await createNodeTools();
  const { ca } = options;
  const trusted = ca === undefined ? {} : { ca };
  const client = openNodeClient({ baseUrl, token, ...trusted }, tools);
  const { refused, unanswered } = programFailures(baseUrl);
  await untilConnected(client, {
    refused,
    unanswered: async () => {
      const why = await whyUnanswered(baseUrl, createTrust(ca), "connect(url, { ca })");
      return why === null ? unanswered() : new ClusterError(why, 0);
    },
  });
  return clusterOf(client, tools);
}

function parseAddress(
  text: string,
  given: string | undefined,
): { readonly baseUrl: string; readonly token: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new ClusterError(`"${text}" is not an address. Give one such as http://host:7070.`, 0);
  }
  const token = given ?? new URLSearchParams(url.hash.slice(1)).get("t") ?? "";
  if (token === "") {
    throw new ClusterError(
      "The token is missing: connect(url, { token }), with what follows #t= in the dashboard's address.",
      401,
    );
  }
  return { baseUrl: url.origin, token };
}
