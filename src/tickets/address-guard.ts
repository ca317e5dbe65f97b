import { lookup, type LookupAddress } from 'node:dns'
import { isIP, isIPv4, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { networks } from './network.ts'
import { DeliveryError } from './verdict.ts'

/** Not globally reachable: IANA special-purpose registries (RFC 6890 and its updates), multicast, reserved. */
const special = {
  ipv4: `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4`,
  // All but global unicast (2000::/3), and in it what is special or carries an IPv4 address.
  ipv6: '::/3 2001::/23 2001:db8::/32 2002::/16 3fff::/20 4000::/2 8000::/1',
}

export interface AddressGuard {
  /** @throws DeliveryError `address-refused`, for good, unless public or allowed. */
  check(address: string): void
  /** Refuses a URL whose host is a literal address that is not allowed. @throws DeliveryError */
  checkUrl(url: URL): void
  /** Connects for undici; names and the address connected to are checked. */
  readonly connector: buildConnector.connector
}

/** @param allowNetworks CIDR. @throws Error when one is not. */
export function addressGuard(allowNetworks: readonly string[]): AddressGuard {
  const closed = networks(Object.values(special).flatMap((list) => list.split(/\s+/)))
  const allowed = networks(allowNetworks)

  const check = (address: string): void => {
    const plain = unmapped(address)
    const family = isIPv4(plain) ? 'ipv4' : 'ipv6'
    if (isIP(plain) && (allowed[family].check(plain, family) || !closed[family].check(plain, family))) return
    throw new DeliveryError('dead', 'address-refused')
  }

  const checkedLookup: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      const [first] = addresses ?? []
      try {
        if (error) throw error
        for (const { address } of addresses) check(address)
      } catch (refused) {
        callback(refused as NodeJS.ErrnoException, '', 0)
        return
      }
      if (options.all) callback(null, addresses)
      else callback(null, first?.address ?? '', first?.family ?? 0)
    })
  }

  const connect = buildConnector({ lookup: checkedLookup, timeout: 10_000 })
  return {
    check,
    checkUrl(url) {
      // The URL parser has turned 2130706433, 0x7f.1 and the like into dotted form.
      const host = url.hostname.replace(/^\[|\]$/g, '')
      if (isIP(host)) check(host)
    },
    connector(options, callback) {
      connect(options, (...[error, socket]) => {
        if (error) return callback(error, null)
        try {
          check(socket.remoteAddress ?? '')
        } catch (refused) {
          socket.destroy()
          return callback(refused as Error, null)
        }
        return callback(null, socket)
      })
    },
  }
}

/** An IPv4 address in IPv6 clothes (`::ffff:127.0.0.1`) as IPv4; a scope (`%eth0`) left out. */
function unmapped(address: string): string {
  const bare = address.replace(/%.*$/, '')
  if (isIP(bare) !== 6) return bare
  const host = new URL(`http://[${bare}]`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host) ?? []
  if (high === undefined || low === undefined) return host
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`
}
