// Checks what the coordinator tells a page of its connection, and in which network an address is.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asPeerId } from "../shared/ids.ts";
import { connectionSchema, httpPaths } from "../shared/protocol/http.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import { whereaboutsOf } from "./network-addresses.ts";
import { ScriptedWorker } from "./scripted-pages.ts";
import type { Coordinator } from "./start-coordinator.ts";

describe("whereaboutsOf", () => {
  const info = (address: string, netmask: string, cidr: string, family: "IPv4" | "IPv6") => ({
    address,
    netmask,
    cidr,
    family,
    internal: false,
    mac: "",
    scopeid: 0,
  });
  const interfaces = {
    lo: [info("127.0.0.1", "255.0.0.0", "127.0.0.1/8", "IPv4")],
    wlan0: [
      info("192.168.1.20", "255.255.255.0", "192.168.1.20/24", "IPv4"),
      info("fd00:1::7", "ffff:ffff:ffff:ffff::", "fd00:1::7/64", "IPv6"),
    ],
  } as unknown as Parameters<typeof whereaboutsOf>[1];

  it("knows its own machine, its networks, and what is beyond them", () => {
    expect(whereaboutsOf("127.0.0.1", interfaces).isOwnMachine).toBe(true);
    expect(whereaboutsOf("192.168.1.20", interfaces).isOwnMachine).toBe(true);
    expect(whereaboutsOf("192.168.1.99", interfaces)).toEqual({
      network: "192.168.1.0/24",
      isOwnMachine: false,
    });
    expect(whereaboutsOf("192.168.2.99", interfaces)).toEqual({
      network: null,
      isOwnMachine: false,
    });
    expect(whereaboutsOf("fd00:1::1:2", interfaces).network).toBe("fd00:1:0:0:0:0:0:0/64");
    expect(whereaboutsOf("fd00:2::1", interfaces).network).toBeNull();
    expect(whereaboutsOf("nowhere", interfaces).network).toBeNull();
  });
});

describe("the connection's routes", () => {
  let fixture: CoordinatorFixture;
  let coordinator: Coordinator;
  beforeEach(async () => {
    fixture = await CoordinatorFixture.create();
    coordinator = await fixture.start();
  });
  afterEach(() => fixture.remove());

  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${coordinator.port}${path}`, {
      headers: { authorization: `Bearer ${coordinator.joinToken}`, ...headers },
    });

  it("tells a page where it is and whom it could have channels with, not of itself", async () => {
    await ScriptedWorker.join(coordinator);
    const path = httpPaths.connection(asPeerId("somebody-else"));
    const seen = connectionSchema.parse(await (await get(path)).json());
    expect(seen).toMatchObject({ address: "127.0.0.1", isOwnMachine: true, isProxied: false });
    expect(seen.peers).toMatchObject([{ isOwnMachine: true }]);
    const own = await get(httpPaths.connection(seen.peers[0]?.peer ?? asPeerId("")));
    expect(connectionSchema.parse(await own.json()).peers).toEqual([]);
    const proxied = await get(path, { via: "1.1 proxy" });
    expect(connectionSchema.parse(await proxied.json()).isProxied).toBe(true);
  });

  it("sends as many bytes as are asked for, to those with a token", async () => {
    const bytes = await (await get(httpPaths.connectionSample(1_000))).arrayBuffer();
    expect(bytes.byteLength).toBe(1_000);
    expect((await get(httpPaths.connectionSample(1e9))).status).toBe(400);
    const path = httpPaths.connectionSample(1);
    expect((await fetch(`http://127.0.0.1:${coordinator.port}${path}`)).status).toBe(401);
  });
});
