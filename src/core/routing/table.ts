// Host and raw target → pod. The table of a node: every pod by its base, in memory, a lookup without a promise. Pods below
// the base URL are found by their first segment, pods with a host of their own by that; former bases redirect.
// Nothing is decoded here: what is looked up is written as in the pod's base.

import { hostOf, isLoopbackName, portOf } from './host.ts'
import { PackedMap, type Packing } from './packed-map.ts'
import type { Route } from './route.ts'

export interface RoutingTableOptions<Pod> {
  /** Canonical origin with a trailing slash. */
  readonly baseUrl: string
  /** This node; the home of every pod as long as there is one node. */
  readonly node: string
  /** How a pod is kept while nobody asks for it. */
  readonly packing: Packing<Pod>
}

/** Where a request goes that no pod answers. */
export type Elsewhere =
  /** Another name of something: the absolute URL to answer 308 with. */
  | { readonly redirect: string }
  /** The server's own pages at the base origin: the raw path without the query, or `*`. */
  | { readonly origin: string }

export type Destination<Pod> = Route<Pod> | Elsewhere

export interface RoutingTable<Pod> {
  /** `host` as in the Host header. Undefined: nobody here has this name. */
  find(host: string, target: string): Destination<Pod> | undefined
  /** `base` as `http://host/name/` at the base URL's own host, or as `http://name.host/`. */
  set(base: string, pod: Pod, aliases: readonly string[]): void
  delete(base: string): void
  readonly size: number
}

export function createRoutingTable<Pod>(options: RoutingTableOptions<Pod>): RoutingTable<Pod> {
  return new Table<Pod>(options)
}

class Table<Pod> implements RoutingTable<Pod> {
  readonly #origin: string
  readonly #scheme: string
  readonly #host: string
  readonly #port: string
  readonly #isLoopback: boolean
  readonly #node: string
  readonly #byName: PackedMap<Pod>
  readonly #byHost: PackedMap<Pod>
  /** Former bases, few: `host` or `host/name` → present base; and which ones a base brought with it. */
  readonly #aliases = new Map<string, string>()
  readonly #aliasesOf = new Map<string, readonly string[]>()

  constructor(options: RoutingTableOptions<Pod>) {
    this.#byName = new PackedMap(options.packing)
    this.#byHost = new PackedMap(options.packing)
    const base = new URL(options.baseUrl)
    this.#origin = base.origin
    this.#scheme = base.protocol
    this.#host = base.host
    this.#port = portOf(base)
    this.#isLoopback = isLoopbackName(base.hostname)
    this.#node = options.node
  }

  get size(): number {
    return this.#byName.size + this.#byHost.size
  }

  find(host: string, target: string): Destination<Pod> | undefined {
    if (target.charCodeAt(0) !== slash) return this.#findOther(host, target)
    if (host === this.#host) return this.#atOrigin(target)
    return this.#atOtherHost(this.#normalHost(host), target)
  }

  set(base: string, pod: Pod, aliases: readonly string[]): void {
    this.#deleteAliases(base)
    const { host, name } = this.#placeOf(base)
    if (name === '') this.#byHost.set(host, pod)
    else this.#byName.set(name, pod)
    if (aliases.length === 0) return
    const keys = aliases.map(keyOf)
    for (const key of keys) this.#aliases.set(key, base)
    this.#aliasesOf.set(base, keys)
  }

  delete(base: string): void {
    const { host, name } = this.#placeOf(base)
    if (name === '') this.#byHost.delete(host)
    else this.#byName.delete(name)
    this.#deleteAliases(base)
  }

  #deleteAliases(base: string): void {
    const keys = this.#aliasesOf.get(base)
    if (keys === undefined) return
    for (const key of keys) this.#aliases.delete(key)
    this.#aliasesOf.delete(base)
  }

  /** Where most pods are, below the base URL, is found without taking a URL apart: there may be a million of them. */
  #placeOf(base: string): { readonly host: string; readonly name: string } {
    const below = this.#origin.length + 1
    if (!base.startsWith(this.#origin) || base[below - 1] !== '/' || base.length === below) return placeOf(base)
    return { host: this.#host, name: base.slice(below, -1) }
  }

  /** At the host of the base URL. */
  #atOrigin(target: string): Destination<Pod> {
    const query = target.indexOf('?')
    const end = query < 0 ? target.length : query
    const second = target.indexOf('/', 1)
    const nameEnd = second < 0 || second > end ? end : second
    const pod = this.#byName.get(target.slice(1, nameEnd))
    if (pod !== undefined) {
      if (nameEnd === end) return { redirect: `${this.#origin}${target.slice(0, end)}/${target.slice(end)}` }
      return { pod, rawPath: target.slice(nameEnd, end), node: this.#node, epoch: 1 }
    }
    return this.#atAlias(this.#host, target) ?? { origin: target.slice(0, end) }
  }

  #atOtherHost(host: string, target: string): Destination<Pod> | undefined {
    if (host === this.#host) return this.#atOrigin(target)
    const pod = this.#byHost.get(host)
    if (pod === undefined) return this.#atAlias(host, target)
    return { pod, rawPath: target.split('?', 1)[0]!, node: this.#node, epoch: 1 }
  }

  /** Lower case, without the default port; one loopback name for all when the base URL is a loopback name. */
  #normalHost(host: string): string {
    const parsed = hostOf(`${this.#scheme}//${host}`)
    if (parsed === undefined) return host
    const isBase = this.#isLoopback && parsed.port === this.#port && isLoopbackAlias(parsed.hostname)
    return isBase ? this.#host : parsed.host
  }

  #atAlias(host: string, target: string): { readonly redirect: string } | undefined {
    if (this.#aliases.size === 0) return undefined
    const whole = this.#aliases.get(host)
    if (whole !== undefined) return { redirect: whole + target.slice(1) }
    const [name = ''] = target.slice(1).split(/[/?]/, 1)
    const base = this.#aliases.get(`${host}/${name}`)
    return base === undefined ? undefined : { redirect: base + target.slice(1 + name.length).replace(/^\//, '') }
  }

  /** Absolute form names its host itself (RFC 9112 section 3.2.2); `*` is about the server. */
  #findOther(host: string, target: string): Destination<Pod> | undefined {
    if (target === '*') return this.#normalHost(host) === this.#host ? { origin: '*' } : undefined
    const match = /^https?:\/\/([^/?#]+)(.*)$/i.exec(target)
    if (match === null) return undefined
    const rest = match[2]!
    return this.find(match[1]!, rest.startsWith('/') ? rest : `/${rest}`)
  }
}

const slash = 0x2f

/** Of loopback names, those that mean the server itself; alice.localhost is a host of its own. */
function isLoopbackAlias(hostname: string): boolean {
  return isLoopbackName(hostname) && !hostname.endsWith('.localhost')
}

function placeOf(base: string): { readonly host: string; readonly name: string } {
  const url = new URL(base)
  return { host: url.host, name: url.pathname.slice(1, -1) }
}

function keyOf(base: string): string {
  const { host, name } = placeOf(base)
  return name === '' ? host : `${host}/${name}`
}
