// Which of this machine's addresses other machines on the same network can open.
import type { NetworkInterfaceInfo } from "node:os";

/** What `os.networkInterfaces()` returns. */
export type NetworkInterfaces = Readonly<
  Record<string, readonly NetworkInterfaceInfo[] | undefined>
>;

/**
 * Interfaces of containers, virtual machines and overlay networks: other machines of the home or
 * office cannot reach them, so their addresses would only mislead.
 */
const VIRTUAL_INTERFACE =
  /^(docker|br-|veth|virbr|vmnet|vboxnet|vethernet|cni|flannel|cali|lxc|lxd|podman|tailscale|zt|tun|tap|utun|wg|awdl|llw|anpi)/i;

const isPrivateIpv4 = (address: string): boolean =>
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address);
const isLinkLocal = (address: string): boolean => /^(169\.254\.|fe[89ab])/i.test(address);
const isUniqueLocal = (address: string): boolean => /^f[cd]/i.test(address);

/** Lower is better: what home networks use comes first. */
function rank(address: string): number {
  if (isPrivateIpv4(address)) return address.startsWith("192.168.") ? 0 : 1;
  return isUniqueLocal(address) ? 3 : 2;
}

/**
 * The addresses under which other machines can join, best first. IPv6 addresses are offered only
 * where there is no IPv4: they are long to type, and browsers treat a global one as public.
 */
export function joinAddresses(interfaces: NetworkInterfaces): string[] {
  const reachable = Object.entries(interfaces)
    .filter(([name]) => !VIRTUAL_INTERFACE.test(name))
    .flatMap(([, infos]) => infos ?? [])
    .filter((info) => !info.internal && !isLinkLocal(info.address));
  const ipv4 = reachable.filter((info) => info.family === "IPv4");
  const fitting = ipv4.length > 0 ? ipv4 : reachable;
  return [...new Set(fitting.map((info) => info.address))].toSorted((a, b) => rank(a) - rank(b));
}

/** Every address of this machine, loopback and virtual ones too: what a Host header may name. */
export function ownAddresses(interfaces: NetworkInterfaces): string[] {
  return Object.values(interfaces).flatMap((infos) => (infos ?? []).map((info) => info.address));
}

/** An address as it stands in a URL. */
export const urlHost = (address: string): string =>
  address.includes(":") ? `[${address}]` : address;
