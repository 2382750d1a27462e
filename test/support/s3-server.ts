// A real S3 server (versitygw, built from the Go module proxy by install-servers.sh) for tests: checks signatures, has
// conditional puts and multipart. Each on a free port of 127.0.0.1, with a folder of its own and an empty bucket. Its objects
// are plain files in that folder. It dies with the test process. XPOD_TEST_SERVERS names the folder of the program.

import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

import { Client } from 'minio'

import type { TestCertificate } from './certificate.ts'
import { type ChildServer, startChildServer } from './child-server.ts'
import { lacks } from './needs.ts'
import { startOnFreePort } from './free-port.ts'
import { until } from './until.ts'

interface S3Asks {
  readonly accessKey: string
  readonly secretKey: string
  readonly region: string
}

export interface S3Server extends AsyncDisposable {
  readonly port: number
  readonly endpoint: string
  readonly bucket: string
  readonly region: string
  readonly accessKey: string
  readonly secretKey: string
  /** The folder of the bucket. */
  readonly dir: string
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** On the same port and folder, when it does not run; what it asks for from now on, where that is something else. */
  start(asks?: Partial<S3Asks>): Promise<void>
  /** The bare client, to look behind the store's back. */
  client(): Client
  log(): string
  /** It no longer keeps this process alive. */
  unref(): void
}

const servers =
  process.env.XPOD_TEST_SERVERS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'xpod-test-servers')
const program = join(servers, 'versitygw')
const bucket = 'xpod-tests'
const first: S3Asks = { accessKey: 'xpod-test-access', secretKey: 'xpod-test-secret', region: 'us-east-1' }

/** For a test's `skip` option. */
export const lacksS3 = lacks('s3', existsSync(program))

/** With a certificate it speaks TLS only. */
export async function startS3Server(tls?: Pick<TestCertificate, 'file' | 'keyFile'>): Promise<S3Server> {
  const server = new Server(await mkdtemp(join(tmpdir(), 'xpod-s3-')), tls)
  try {
    await startOnFreePort({
      async start(port) {
        server.port = port
        await server.start()
      },
      stop: () => server.stop('SIGKILL'),
      log: () => server.log(),
    })
    await server.client().makeBucket(bucket, server.region)
    return server
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

class Server implements S3Server {
  readonly bucket = bucket
  readonly #root: string
  readonly #tls: Pick<TestCertificate, 'file' | 'keyFile'> | undefined
  #child: ChildServer | undefined
  #asks = first
  port = 0

  constructor(root: string, tls: Pick<TestCertificate, 'file' | 'keyFile'> | undefined) {
    this.#root = root
    this.#tls = tls
  }

  get endpoint(): string {
    return `${this.#tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`
  }

  get dir(): string {
    return join(this.#root, bucket)
  }

  get region(): string {
    return this.#asks.region
  }

  get accessKey(): string {
    return this.#asks.accessKey
  }

  get secretKey(): string {
    return this.#asks.secretKey
  }

  client(): Client {
    const useSSL = this.#tls !== undefined
    const retryOptions = { disableRetry: true }
    const client = new Client({ endPoint: '127.0.0.1', port: this.port, useSSL, retryOptions, ...this.#asks })
    // Whose certificate counts is not what this client is for.
    client.setRequestOptions({ rejectUnauthorized: false })
    return client
  }

  async start(asks: Partial<S3Asks> = {}): Promise<void> {
    if (this.#child?.isRunning() === true) return
    this.#asks = { ...this.#asks, ...asks }
    const { accessKey, secretKey, region } = this.#asks
    const tls = this.#tls === undefined ? [] : ['--cert', this.#tls.file, '--key', this.#tls.keyFile]
    this.#child = startChildServer({
      command: program,
      args: ['--port', `127.0.0.1:${this.port}`, '--region', region, ...tls, 'posix', this.#root],
      cwd: this.#root,
      env: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
    })
    await until('the S3 server answers', () => this.#answers())
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#child?.end(signal)
  }

  log(): string {
    return this.#child?.output() ?? ''
  }

  unref(): void {
    this.#child?.unref()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL')
    await rm(this.#root, { recursive: true, force: true })
  }

  async #answers(): Promise<boolean> {
    if (this.#child?.isRunning() !== true) throw new Error(`the S3 server ended:\n${this.log()}`)
    return this.client()
      .listBuckets()
      .then(
        () => true,
        () => false,
      )
  }
}
