import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { hostname, networkInterfaces } from 'node:os'

/** A refusal: status and words for the person. */
export interface Refusal {
  status: 401 | 403
  text: string
}

export interface Access {
  /** Compares in a time that does not depend on where the tokens differ. */
  isToken(candidate: string | null | undefined): boolean
  /** The Set-Cookie value that lets this browser in. Its name holds the port, since cookies are shared by all ports of a name. */
  cookie(): string
  /** Undefined when the request may be answered; `token` says whether its cookie is asked for, `origin` whether it must come from the window itself. */
  refuse(request: IncomingMessage, needs: { token: boolean; origin: boolean }): Refusal | undefined
}

const loopback = ['127.0.0.1', 'localhost', '::1']
const bracket = (address: string) => (address.includes(':') ? `[${address}]` : address)

/** Whether `address` is reached from this machine only. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127\./.test(address)
}

/** The names that a Host header may carry: loopback, the bound address, and for a wildcard all of this machine's addresses. Anything else is a rebound name. */
export function hostNames(address: string): Set<string> {
  const wildcard = address === '0.0.0.0' || address === '::'
  const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((entry) => entry.address))
  return new Set(
    [...loopback, ...(wildcard ? [hostname(), ...own] : [address])].map((name) => bracket(name).toLowerCase()),
  )
}

/** The checks of one host: Host header against DNS rebinding, token cookie, Origin against other pages. */
export function access(token: string, names: Set<string>, port: number): Access {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  const expected = digest(token)
  const name = `nagare_${port}`
  const isToken = (candidate: string | null | undefined) => timingSafeEqual(digest(candidate ?? ''), expected)
  const hosts = new Set([...names].flatMap((host) => (port === 80 ? [host, `${host}:80`] : [`${host}:${port}`])))

  const cookieOf = (request: IncomingMessage) =>
    (request.headers.cookie ?? '')
      .split(';')
      .map((pair) => pair.trim().split('='))
      .find(([key]) => key === name)?.[1]

  return {
    isToken,
    cookie: () => `${name}=${token}; Path=/; HttpOnly; SameSite=Strict`,
    refuse(request, needs) {
      const host = (request.headers.host ?? '').toLowerCase()
      if (!hosts.has(host))
        return {
          status: 403,
          text: `Nagare does not answer under the name “${host}”. Open the address that it printed.`,
        }
      if (needs.origin && request.headers.origin !== `http://${host}`)
        return { status: 403, text: 'Only the window that Nagare itself served may do this.' }
      if (needs.token && !isToken(cookieOf(request)))
        return { status: 401, text: 'Open the address that Nagare printed at its start, with its token.' }
      return undefined
    },
  }
}
