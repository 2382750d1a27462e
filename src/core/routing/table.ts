// Host and raw target → pod. The table of a node: every pod by its name, in memory, a lookup without a promise. Path pods
// are found by their first segment below the base URL, host pods by the label before it; other names of a pod redirect.
// Nothing is decoded here: a pod name in a URL is written one way, so an encoded spelling of it finds nothing.

import { hostOf, isLoopbackName, portOf } from './host.ts'
import type { Route } from './route.ts'

export type PodNames = 'path' | 'host'

export interface RoutingTableOptions {
  /** Canonical origin with a trailing slash. */
  readonly baseUrl: string
  readonly pods: PodNames
  /** This node; the home of every pod as long as there is one node. */
  readonly node: string
}

/** Where a request goes that no pod answers. */
export type Elsewhere =
  /** Another name of something: the absolute URL to answer 308 with. */
  | { readonly redirect: string }
  /** The server's own pages at the base origin; the raw path without the query. */
  | { readonly origin: string }

export interface RoutingTable<Pod> {
  /** `host` as in the Host header. Undefined: nobody here has this name. */
  find(host: string, target: string): Route<Pod> | Elsewhere | undefined
  /** The pod that an absolute URL lies in, under its canonical base only, and the raw path inside it. */
  findUrl(url: string): Route<Pod> | undefined
  set(name: string, pod: Pod, aliases: readonly string[]): void
  delete(name: string): void
  readonly size: number
}

export function createRoutingTable<Pod>(options: RoutingTableOptions): RoutingTable<Pod> {
  return new Table<Pod>(options)
}

class Table<Pod> implements RoutingTable<Pod> {
  readonly #origin: string
  readonly #scheme: string
  readonly #host: string
  readonly #port: string
  readonly #isLoopback: boolean
  readonly #hostPods: boolean
  readonly #node: string
  readonly #pods = new Map<string, Pod>()
  /** Former bases, few: `host` or `host/name` → canonical base, and which names a pod brought with it. */
  readonly #aliases = new Map<string, string>()
  readonly #aliasesOf = new Map<string, readonly string[]>()

  constructor(options: RoutingTableOptions) {
    const base = new URL(options.baseUrl)
    this.#origin = base.origin
    this.#scheme = base.protocol
    this.#host = base.host
    this.#port = portOf(base)
    this.#isLoopback = isLoopbackName(base.hostname)
    this.#hostPods = options.pods === 'host'
    this.#node = options.node
  }

  get size(): number {
    return this.#pods.size
  }

  find(host: string, target: string): Route<Pod> | Elsewhere | undefined {
    if (target.charCodeAt(0) !== slash) return this.#findOther(host, target)
    const end = pathEnd(target)
    if (host === this.#host) return this.#atOrigin(target, end)
    return this.#atOtherHost(host.toLowerCase(), target, end)
  }

  findUrl(url: string): Route<Pod> | undefined {
    const scheme = `${this.#scheme}//`
    if (!url.startsWith(scheme)) return undefined
    const at = url.indexOf('/', scheme.length)
    if (at < 0) return undefined
    const found = this.find(url.slice(scheme.length, at), url.slice(at))
    return found !== undefined && 'pod' in found ? found : undefined
  }

  set(name: string, pod: Pod, aliases: readonly string[]): void {
    this.delete(name)
    this.#pods.set(name, pod)
    if (aliases.length === 0) return
    const keys = aliases.map(aliasKey)
    for (const key of keys) this.#aliases.set(key, this.#baseOf(name))
    this.#aliasesOf.set(name, keys)
  }

  delete(name: string): void {
    this.#pods.delete(name)
    for (const key of this.#aliasesOf.get(name) ?? []) this.#aliases.delete(key)
    this.#aliasesOf.delete(name)
  }

  #baseOf(name: string): string {
    return this.#hostPods ? `${this.#scheme}//${name}.${this.#host}/` : `${this.#origin}/${name}/`
  }

  /** At the host of the base URL. */
  #atOrigin(target: string, end: number): Route<Pod> | Elsewhere {
    const second = target.indexOf('/', 1)
    const nameEnd = second < 0 || second > end ? end : second
    const name = target.slice(1, nameEnd)
    if (!this.#hostPods) {
      const pod = this.#pods.get(name)
      if (pod !== undefined) {
        if (nameEnd === end) return { redirect: `${this.#origin}/${name}/${target.slice(end)}` }
        return { pod, rawPath: target.slice(nameEnd, end), node: this.#node, epoch: 1 }
      }
    }
    return (this.#aliases.size > 0 && this.#atAlias(this.#host, target)) || { origin: target.slice(0, end) }
  }

  #atOtherHost(host: string, target: string, end: number): Route<Pod> | Elsewhere | undefined {
    if (this.#isSameHost(host)) return this.#atOrigin(target, end)
    if (this.#hostPods) {
      const name = this.#labelOf(host)
      const pod = name === undefined ? undefined : this.#pods.get(name)
      if (pod !== undefined) return { pod, rawPath: target.slice(0, end), node: this.#node, epoch: 1 }
    }
    return this.#aliases.size > 0 ? this.#atAlias(host, target) : undefined
  }

  /** `alice` of alice.example.org, or of alice.localhost when the base is a loopback name on the same port. */
  #labelOf(host: string): string | undefined {
    const dot = host.indexOf('.')
    return dot > 0 && this.#isSameHost(host.slice(dot + 1)) ? host.slice(0, dot) : undefined
  }

  /** The same host in another spelling: another case, the default port written out, another loopback name. */
  #isSameHost(host: string): boolean {
    if (host === this.#host) return true
    const parsed = hostOf(`${this.#scheme}//${host}`)
    if (parsed === undefined || parsed.port !== this.#port) return false
    return parsed.host === this.#host || (this.#isLoopback && isLoopbackName(parsed.hostname))
  }

  #atAlias(host: string, target: string): { readonly redirect: string } | undefined {
    const whole = this.#aliases.get(host)
    if (whole !== undefined) return { redirect: whole + target.slice(1) }
    const [name = ''] = target.slice(1).split(/[/?]/, 1)
    const base = this.#aliases.get(`${host}/${name}`)
    if (base === undefined) return undefined
    const rest = target.slice(1 + name.length)
    return { redirect: base + (rest.startsWith('/') ? rest.slice(1) : rest) }
  }

  /** Absolute form names its host itself (RFC 9112 section 3.2.2); `*` is about the server. */
  #findOther(host: string, target: string): Route<Pod> | Elsewhere | undefined {
    if (target === '*') return this.#isSameHost(host.toLowerCase()) ? { origin: '*' } : undefined
    const match = /^https?:\/\/([^/?#]+)(.*)$/i.exec(target)
    if (match === null) return undefined
    const rest = match[2]!
    return this.find(match[1]!, rest.startsWith('/') ? rest : `/${rest}`)
  }
}

const slash = 0x2f

/** Where the path ends and the query begins. */
function pathEnd(target: string): number {
  const query = target.indexOf('?')
  return query < 0 ? target.length : query
}

function aliasKey(base: string): string {
  const url = new URL(base)
  return url.pathname === '/' ? url.host : `${url.host}${url.pathname.replace(/\/$/, '')}`
}
