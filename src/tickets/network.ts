/** Networks in CIDR form (RFC 4632, RFC 4291 §2.3). Pure. */
import { BlockList, isIPv4 } from 'node:net'

/** One list a family: in a shared one Node matches IPv4 addresses against IPv6 networks as `::ffff:…`. @throws Error when one is no network */
export function networks(list: readonly string[]): Record<'ipv4' | 'ipv6', BlockList> {
  const blocks = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const network of list) {
    const [address = '', bits = ''] = network.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    try {
      blocks[family].addSubnet(address, Number(bits), family)
    } catch (error) {
      throw new Error(`${network} is not a network in CIDR form`, { cause: error })
    }
  }
  return blocks
}

/** As `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  try {
    networks([text])
    return true
  } catch {
    // What is wrong with it is all that it could say.
    return false
  }
}
