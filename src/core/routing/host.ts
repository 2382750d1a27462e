// Host names as they stand in URLs and Host headers.

export interface Host {
  /** As in `URL.host`: lower case, without the default port. */
  readonly host: string
  /** Without port and brackets. */
  readonly hostname: string
  readonly port: string
}

/** Of an origin such as `http://LOCALHOST:3000`; undefined when it is none. */
export function hostOf(origin: string): Host | undefined {
  const url = URL.parse(origin)
  if (url === null || url.pathname !== '/' || url.search !== '' || url.username !== '' || url.password !== '') {
    return undefined
  }
  return { host: url.host, hostname: url.hostname.replace(/^\[|\]$/g, ''), port: portOf(url) }
}

/** The port that a connection goes to. */
export function portOf(url: URL): string {
  if (url.port !== '') return url.port
  return url.protocol === 'https:' ? '443' : '80'
}

/** localhost, names below it (RFC 6761), 127.0.0.0/8 and ::1. */
export function isLoopbackName(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '')
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name)
}
