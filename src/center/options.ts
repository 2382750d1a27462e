// What a center is told, already read and typed. Sizes in bytes, times in milliseconds.

import type { CacheSize } from '../core/cache/tiered/contract.ts'

export interface ListenAddress {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
}

/** An S3 store, and where in it. */
export interface S3Place {
  readonly endpoint: string
  readonly bucket: string
  readonly region: string | undefined
  readonly accessKey: string
  readonly secretKey: string
  /** Before every key; ends in a slash, or is empty. */
  readonly prefix: string
  readonly addressing: 'path' | 'host' | undefined
}

/** Where objects of an S3 store are kept near at hand, and how much of them. */
export interface CachePlace {
  readonly path: string
  readonly maxSize: CacheSize
}

export interface CenterOptions {
  readonly version: string
  readonly dataDir: string
  /** `sqlite:` (the file lies in the data directory) or postgres://… */
  readonly db: string
  /** Undefined: large bodies lie in the data directory. */
  readonly s3: S3Place | undefined
  /** Undefined: off. Only an S3 store has one. */
  readonly cache: CachePlace | undefined
  /** Undefined: kept from the first start, or made from `listen` at the first start. */
  readonly baseUrl: string | undefined
  readonly listen: ListenAddress
  /** Undefined: no admin listener. */
  readonly adminListen: ListenAddress | undefined
  readonly pods: 'path' | 'host'
  readonly trustProxy: readonly string[]
  readonly allowInternal: readonly string[]
  readonly aclOrigin: boolean
  /** fetch: JSON-LD contexts that are not bundled are fetched when a document that names them is written (rule 13). */
  readonly jsonldContexts: 'bundled' | 'fetch'
  /** Undefined: open when the base URL is loopback, else by invite (rule 17). */
  readonly registration: 'open' | 'invite' | 'closed' | undefined
  /** Pods that one account may make. */
  readonly accountPods: number
  /** Of each kind of thing that strangers make, an address and hour; none when the base URL is loopback (rule 16). */
  readonly addressLimit: number
  /** Notification channels of one pod. */
  readonly notificationLimit: number
  /** The solid-0.1 WebSocket of old apps is served, and named in answers. */
  readonly legacyUpdates: boolean
  /** Undefined: `secret.key` in the data directory. */
  readonly secretFile: string | undefined
  /** Undefined: no mail. */
  readonly smtpUrl: string | undefined
  readonly mailFrom: string | undefined
  readonly maxBodyBytes: number
  readonly podQuotaBytes: number
  readonly podMaxResources: number
  readonly cacheMemoryBytes: number
  readonly accessLog: boolean
  /** Where sockets go when the path of the data directory is too long for one; XDG_RUNTIME_DIR. */
  readonly runtimeDir: string | undefined
}
