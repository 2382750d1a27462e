// The types a setting can have: from text to value, and what the text must look like. Each throws a plain sentence; the
// loader adds which setting it was and where it came from.

import { isIP } from 'node:net'

import { parseSize } from '../base/bytes.ts'
import type { CacheSize } from '../core/cache/tiered/contract.ts'

export interface SettingType<T> {
  /** As shown in help: HOST:PORT. */
  readonly placeholder: string
  parse(text: string): T
  /** JSON Schema of the value in a configuration file. */
  readonly schema: Readonly<Record<string, unknown>>
}

export interface Address {
  readonly host: string
  readonly port: number
}

export const path: SettingType<string> = {
  placeholder: 'PATH',
  parse(value) {
    if (value === '') throw new Error('the path is empty')
    return value
  },
  schema: { type: 'string', minLength: 1 },
}

export const flag: SettingType<boolean> = {
  placeholder: '',
  parse(value) {
    if (/^(?:true|yes|on|1)$/i.test(value)) return true
    if (/^(?:false|no|off|0)$/i.test(value)) return false
    throw new Error('write true or false')
  },
  schema: { type: 'boolean' },
}

export function oneOf<const T extends string>(...values: readonly T[]): SettingType<T> {
  return {
    placeholder: values.join('|'),
    parse(value) {
      const found = values.find((one) => one === value)
      if (found === undefined) throw new Error(`write one of ${values.join(', ')}`)
      return found
    },
    schema: { enum: values },
  }
}

export const size: SettingType<number> = {
  placeholder: 'SIZE',
  parse(value) {
    const bytes = parseSize(value)
    if (bytes === undefined) throw new Error('write a size such as 500MB or 2 GiB')
    return bytes
  },
  schema: { type: ['string', 'integer'] },
}

/** A size, a share of the file system, or off (0). */
export const cacheSize: SettingType<CacheSize> = {
  placeholder: 'SIZE|PERCENT|off',
  parse(value) {
    const text = value.trim()
    if (/^off$/i.test(text)) return 0
    const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text) ?? []
    if (percent !== undefined && Number(percent) <= 100) return Number(percent) === 0 ? 0 : { percent: Number(percent) }
    const bytes = parseSize(text)
    if (bytes === undefined)
      throw new Error('write it as 50GB, 50GiB, 50000000000 (bytes), 80% (of the disk), 0 or off')
    return bytes
  },
  schema: { type: ['string', 'integer'] },
}

export const count: SettingType<number> = {
  placeholder: 'N',
  parse(value) {
    const number = Number(value)
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(number)) throw new Error('write a whole number')
    return number
  },
  schema: { type: 'integer', minimum: 0 },
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds; a bare number is seconds. */
export const duration: SettingType<number> = {
  placeholder: 'TIME',
  parse(value) {
    const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(value)
    if (match === null) throw new Error('write a time such as 5s or 2m')
    return Number(match[1]) * unitMs[match[2] ?? 's']!
  },
  schema: { type: ['string', 'integer'] },
}

/** `127.0.0.1:3000`, `[::1]:3000`, `:3000` (all addresses). */
export const address: SettingType<Address> = {
  placeholder: 'HOST:PORT',
  parse(value) {
    const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(value)
    const port = Number(match?.[3])
    if (match === null || port > 65_535) throw new Error('write it as 127.0.0.1:3000')
    if (match[1] !== undefined && isIP(match[1]) !== 6) throw new Error('only an IPv6 address stands in brackets')
    return { host: match[1] ?? (match[2] === '' ? '::' : match[2]!), port }
  },
  schema: { type: 'string' },
}

export const addressOrOff: SettingType<Address | undefined> = {
  placeholder: 'HOST:PORT|off',
  parse: (value) => (value === 'off' ? undefined : address.parse(value)),
  schema: { type: 'string' },
}

/** An http(s) URL of an origin, with a trailing slash. */
export const originUrl: SettingType<string> = {
  placeholder: 'URL',
  parse(value) {
    const url = URL.parse(value)
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      throw new Error('write it as https://example.org/')
    }
    if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
      throw new Error('it is the root of a host, without path, query or password')
    }
    return url.href
  },
  schema: { type: 'string', format: 'uri' },
}

/** `sqlite:`, the file in the data directory, or the URL of a PostgreSQL. */
export const databaseUrl: SettingType<string> = {
  placeholder: 'URL',
  parse(value) {
    if (value === 'sqlite:' || /^postgres(?:ql)?:\/\/[^/?#]/.test(value)) return value
    throw new Error('write sqlite: (the file lies in the data directory) or postgres://USER:PASSWORD@HOST/DATABASE')
  },
  schema: { type: 'string' },
}

export interface S3Url {
  /** http:// or https://, a host and perhaps a port. */
  readonly endpoint: string
  readonly bucket: string | undefined
  /** Before the keys of objects; ends in a slash, or is empty. */
  readonly prefix: string
  readonly accessKey: string | undefined
  readonly secretKey: string | undefined
}

/** `https://HOST`, `https://KEY:SECRET@HOST/BUCKET/PREFIX`; a bare `HOST:PORT`, as others write it, is https. */
export const s3Url: SettingType<S3Url> = {
  placeholder: 'URL',
  parse(value) {
    const url = URL.parse(value.includes('://') ? value : `https://${value}`)
    const isStore = url !== null && /^https?:$/.test(url.protocol) && url.hostname !== ''
    if (!isStore || url.search !== '' || url.hash !== '') throw new Error('write it as https://s3.example.org/bucket')
    const [bucket = '', ...prefix] = url.pathname
      .slice(1)
      .split('/')
      .filter((segment) => segment !== '')
    if (!prefix.every((segment) => /^[A-Za-z0-9._-]+$/.test(segment))) throw new Error('its path has odd characters')
    return {
      endpoint: url.origin,
      bucket: bucket === '' ? undefined : bucketName.parse(bucket),
      prefix: prefix.map((segment) => `${segment}/`).join(''),
      accessKey: url.username === '' ? undefined : decodeURIComponent(url.username),
      secretKey: url.password === '' ? undefined : decodeURIComponent(url.password),
    }
  },
  schema: { type: 'string' },
}

/** As S3 allows them; dots included, which https with the bucket in the host name cannot serve. */
export const bucketName: SettingType<string> = {
  placeholder: 'NAME',
  parse(value) {
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(value)) throw new Error('write 3 to 63 of a-z, 0-9, - and .')
    return value
  },
  schema: { type: 'string', minLength: 3, maxLength: 63 },
}

export const regionName: SettingType<string> = {
  placeholder: 'NAME',
  parse(value) {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(value)) throw new Error('write a region such as eu-central-1')
    return value
  },
  schema: { type: 'string' },
}

/** A key or a token: anything without white space. */
export const word: SettingType<string> = {
  placeholder: 'TEXT',
  parse(value) {
    if (!/^\S+$/.test(value)) throw new Error('it is empty, or has white space in it')
    return value
  },
  schema: { type: 'string', minLength: 1 },
}

/** smtp:// or smtps://, with a host. */
export const smtpUrl: SettingType<string> = {
  placeholder: 'URL',
  parse(value) {
    const url = URL.parse(value)
    const isSmtp = url !== null && (url.protocol === 'smtp:' || url.protocol === 'smtps:') && url.hostname !== ''
    if (!isSmtp) throw new Error('write it as smtps://user:password@mail.example.org')
    return value
  },
  schema: { type: 'string', format: 'uri' },
}

/** `xpod@example.org` or `Pods of Example <xpod@example.org>`. */
export const mailAddress: SettingType<string> = {
  placeholder: 'ADDRESS',
  parse(value) {
    const [, address = value] = /^[^<>\r\n]*<([^<>]+)>$/.exec(value) ?? []
    if (!/^[^\s@<>]+@[^\s@<>]+$/.test(address)) throw new Error('write an e-mail address')
    return value
  },
  schema: { type: 'string' },
}

/** Several values: a flag given again, a comma between them, or an array in a file. */
export interface ListType<T> extends SettingType<readonly T[]> {
  readonly many: true
}

export function listOf<T>(type: SettingType<T>): ListType<T> {
  return {
    many: true,
    placeholder: type.placeholder,
    parse: (value) =>
      value
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== '')
        .map((one) => type.parse(one)),
    schema: { type: 'array', items: type.schema },
  }
}

export const cidr: SettingType<string> = {
  placeholder: 'CIDR',
  parse(value) {
    const [ip = '', bits, ...rest] = value.split('/')
    const version = isIP(ip)
    const most = version === 6 ? 128 : 32
    const isBlock =
      version !== 0 && rest.length === 0 && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= most))
    if (!isBlock) throw new Error('write an address or a block such as 10.0.0.0/8')
    return value
  },
  schema: { type: 'string' },
}

/** A host name or a CIDR block. */
export const hostOrCidr: SettingType<string> = {
  placeholder: 'HOST|CIDR',
  parse(value) {
    if (/^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/i.test(value) && isIP(value) === 0) return value.toLowerCase()
    return cidr.parse(value)
  },
  schema: { type: 'string' },
}
