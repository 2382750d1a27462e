// bin/xpod with --s3 and its cache, as a whole: what was read or written is there without the store, the limit holds whatever
// happens and also when it is lowered at run time, and nothing that happens to the disk of the cache is seen in an answer.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { bytesIn, namesIn } from '../core/cache/tiered/world.ts'
import { type Running, Scene } from '../support/load-scene.ts'
import { rounds } from '../support/needs.ts'
import { lacksS3, type S3Server, startS3Server } from '../support/s3-server.ts'
import { runXpod, spawnXpod } from '../support/spawn.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const MB = 1_000_000
const type = { 'content-type': 'application/octet-stream' }

/** A center with a bucket and a cache of its own. */
class CachedScene implements AsyncDisposable {
  readonly scene: Scene
  readonly cache: string
  readonly proxy: TcpProxy
  readonly #env: Record<string, string>
  #stack: AsyncDisposableStack
  running!: Running
  pod!: string

  static async open(server: S3Server, maxSize: string): Promise<CachedScene> {
    await using stack = new AsyncDisposableStack()
    const scene = stack.use(await Scene.open())
    const proxy = stack.use(await startTcpProxy(server.port))
    const opened = new CachedScene({ scene, proxy, server }, stack)
    await opened.configure({ 'cache-max-size': maxSize })
    await opened.start()
    opened.pod = new URL(await scene.createPod('alice'), scene.baseUrl).href
    opened.#stack = stack.move()
    return opened
  }

  constructor(
    { scene, proxy, server }: { scene: Scene; proxy: TcpProxy; server: S3Server },
    stack: AsyncDisposableStack,
  ) {
    this.scene = scene
    this.proxy = proxy
    this.#stack = stack
    this.cache = scene.path('cache')
    const { bucket, region, accessKey, secretKey } = server
    this.#env = {
      XPOD_S3: `http://127.0.0.1:${proxy.port}/${bucket}/${scene.port}/`,
      XPOD_S3_REGION: region,
      XPOD_S3_ACCESS_KEY: accessKey,
      XPOD_S3_SECRET_KEY: secretKey,
      XPOD_CACHE_PATH: this.cache,
      XPOD_CONFIG: scene.path('config.json'),
    }
  }

  get env(): Readonly<Record<string, string>> {
    return this.#env
  }

  async start(): Promise<void> {
    this.running = await this.scene.start({ env: this.#env })
  }

  async configure(settings: Readonly<Record<string, string>>): Promise<void> {
    await writeFile(this.scene.path('config.json'), JSON.stringify(settings))
  }

  async put(name: string, body: Buffer): Promise<void> {
    const answer = await fetch(this.pod + name, { method: 'PUT', headers: type, body: new Uint8Array(body) })
    assert.ok(answer.ok, `PUT ${name}: ${answer.status} ${await answer.text()}`)
  }

  async get(name: string): Promise<Buffer> {
    const answer = await fetch(this.pod + name)
    assert.equal(answer.status, 200, name)
    return Buffer.from(await answer.arrayBuffer())
  }

  async metric(line: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.scene.adminPort}/metrics`)).text()
    const found = text.split('\n').find((one) => one.startsWith(`${line} `))
    assert.ok(found !== undefined, `no metric ${line}`)
    return Number(found.slice(line.length + 1))
  }

  /** Nothing of S3 is there any more; as soon as it is certain that this is not needed. */
  async withoutStore(action: () => Promise<void>): Promise<void> {
    await this.proxy.refuse()
    this.proxy.cut()
    await action()
    await this.proxy.heal()
  }

  /** What was put lies on the disk, however long that takes. */
  async holds(blocks: number): Promise<void> {
    await until(`${blocks} blocks`, async () => (await namesIn(this.cache)).length >= blocks)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

describe('a center with a cache before its S3 store', { skip: lacksS3 }, () => {
  let server: S3Server
  before(async () => {
    server = await startS3Server()
  })
  after(() => server[Symbol.asyncDispose]())

  test('what was written, and what was read after a restart, is served while the store is gone', async () => {
    await using center = await CachedScene.open(server, '1GB')
    const written = randomBytes(9 * MB)
    // So large that the center itself does not keep it in memory, and that the cache takes it at its second request.
    const read = randomBytes(700_000)
    await center.put('written', written)
    await center.put('read', read)
    await center.holds(4)
    await center.withoutStore(async () => assert.ok(written.equals(await center.get('written'))))
    await center.running.stop()
    await rm(center.cache, { recursive: true })
    await center.start()
    for (let turn = 0; turn < 2; turn++) assert.ok(read.equals(await center.get('read')))
    await center.holds(1)
    await center.withoutStore(async () => assert.ok(read.equals(await center.get('read'))))
    assert.ok((await center.metric('xpod_cache_hits_total{class="large"}')) >= 1)
  })

  test('the limit holds under load, also when it is lowered by SIGHUP, and is raised the same way', async () => {
    await using center = await CachedScene.open(server, '30MB')
    const bodies = Array.from({ length: 90 }, (_, index) => randomBytes(100_000 + ((index * 7919) % 900_000)))
    for (const [index, body] of bodies.entries()) await center.put(`o${index}`, body)
    let limit = 30 * MB
    let most = 0
    const over = new AbortController()
    const watching = (async () => {
      while (!over.signal.aborted) {
        const atMost = limit
        const used = await bytesIn(center.cache)
        // Lowered meanwhile: only what is said to hold is judged.
        if (atMost === limit) assert.ok(used <= limit, `${used} of ${limit}`)
        most = Math.max(most, used)
      }
    })()
    const reading = Array.from({ length: 4 }, async (_, reader) => {
      for (let turn = 0; !over.signal.aborted; turn++) {
        const index = (turn * 37 + reader * 31) % bodies.length
        // Twice: large ones are taken in when they are asked for again.
        for (let time = 0; time < 2; time++) assert.ok(bodies[index]!.equals(await center.get(`o${index}`)))
      }
    })
    const failed = Promise.race([watching, ...reading]).then(() => undefined)
    const used = (): Promise<number> => center.metric('xpod_cache_used_bytes')
    const evicted = async (): Promise<number> =>
      (await center.metric('xpod_cache_evictions_total{queue="small"}')) +
      (await center.metric('xpod_cache_evictions_total{queue="main"}'))
    const steps = async (): Promise<void> => {
      await until('it is well used', async () => (await bytesIn(center.cache)) > 20 * MB)
      await center.configure({ 'cache-max-size': '5 MB' })
      process.kill(center.running.pid, 'SIGHUP')
      await until('it is told', () => center.running.output().includes('center.reloaded'))
      limit = 5 * MB
      assert.ok((await used()) <= limit)
      assert.equal(await center.metric('xpod_cache_limit_bytes'), limit)
      const before = await evicted()
      await until('others have come and gone', async () => (await evicted()) > before + 20)
      limit = 30 * MB
      await center.configure({ 'cache-max-size': '30 MB' })
      process.kill(center.running.pid, 'SIGHUP')
      await until('it is used again', async () => (await bytesIn(center.cache)) > 20 * MB)
    }
    await Promise.race([steps(), failed]).finally(() => over.abort())
    await Promise.all([watching, ...reading])
    assert.ok(most > 20 * MB)
  })

  test('kill -9 while it is filled: what is served afterwards is right, and no more lies there than may', async () => {
    await using center = await CachedScene.open(server, '20MB')
    const bodies = Array.from({ length: 30 }, () => randomBytes(600_000))
    for (const [index, body] of bodies.entries()) await center.put(`o${index}`, body)
    for (let round = 0; round < Math.min(3, rounds('FILLS', 2)); round++) {
      await center.running.kill()
      // Half of what was there, so that there is always something to fill.
      const names = await namesIn(center.cache)
      for (const path of names.slice(0, names.length >> 1)) await rm(path)
      await center.start()
      const before = (await namesIn(center.cache)).length
      const reading = [...bodies.keys(), ...bodies.keys()].map((index) =>
        center.get(`o${index}`).catch(() => undefined),
      )
      await until('some were written', async () => (await namesIn(center.cache)).length > before + (round % 8))
      await center.running.kill()
      await Promise.all(reading)
      await center.start()
      for (const [index, body] of bodies.entries()) assert.ok(body.equals(await center.get(`o${index}`)), `o${index}`)
      assert.ok((await bytesIn(center.cache)) <= 20 * MB)
      assert.equal(await center.metric('xpod_cache_corrupt_total'), 0)
    }
  })

  test('flipped bits, a removed directory and one that others took are no matter to who reads', async () => {
    await using center = await CachedScene.open(server, '100MB')
    const bodies = Array.from({ length: 6 }, () => randomBytes(400_000))
    for (const [index, body] of bodies.entries()) await center.put(`o${index}`, body)
    await center.holds(6)
    const readAll = async (): Promise<void> => {
      for (const [index, body] of bodies.entries()) assert.ok(body.equals(await center.get(`o${index}`)), `o${index}`)
    }
    for (const path of await namesIn(center.cache)) {
      const file = await readFile(path)
      file[4096 + 100_000]! ^= 16
      await writeFile(path, file)
    }
    await readAll()
    assert.equal(await center.metric('xpod_cache_corrupt_total'), 6)
    const isWhole = async (): Promise<boolean> => {
      await readAll()
      return (await namesIn(center.cache)).length >= 6
    }
    await until('they are here again', isWhole, 30_000)
    await rm(join(center.cache, 'v1'), { recursive: true })
    await readAll()
    await center.put('new', bodies[0]!)
    await until('it is made again', async () => (await readdir(center.cache)).includes('v1'), 30_000)
    await until('it is filled again', isWhole, 30_000)
  })

  test('a body that the store gives damaged is not served as whole, is no damage of its row, and does not stay', async () => {
    await using center = await CachedScene.open(server, '100MB')
    const body = randomBytes(9 * MB)
    await center.put('o', body)
    await center.running.stop()
    await rm(center.cache, { recursive: true })
    const folder = join(server.dir, String(center.scene.port))
    const [name] = (await readdir(folder, { recursive: true })).filter((path) => /[^/]+\/[^/]+/.test(path))
    const path = join(folder, name!)
    const part = { start: 8 << 20, end: body.length - 1 }
    const damaged = Buffer.from(body)
    damaged[part.start + 100]! ^= 1
    await writeFile(path, damaged)
    await center.start()
    // Parts are not compared, so this one comes and stays, until the whole is read.
    for (let turn = 0; turn < 2; turn++) {
      const answer = await fetch(`${center.pod}o`, { headers: { range: `bytes=${part.start}-${part.end}` } })
      assert.equal((await answer.arrayBuffer()).byteLength, part.end - part.start + 1)
    }
    await writeFile(path, body)
    await center.holds(1)
    await assert.rejects(center.get('o'))
    assert.ok(body.equals(await center.get('o')))
    assert.ok(body.equals(await center.get('o')))
    assert.equal(await center.metric('xpod_quarantined'), 0)
  })

  test('a second center on the same directory is refused; commands on a stopped one leave it alone', async () => {
    await using center = await CachedScene.open(server, '100MB')
    const env = { ...center.env, XPOD_CONFIG: center.scene.path('other.json') }
    await writeFile(center.scene.path('other.json'), JSON.stringify({ 'cache-max-size': '100MB' }))
    const second = { ...env, XPOD_S3: `${center.env.XPOD_S3}second/` }
    await assert.rejects(spawnXpod([], { env: second }), /CACHE_LOCKED/)
    await center.running.stop()
    await rm(center.cache, { recursive: true })
    const listed = await runXpod(['pod', 'list', '--data-dir', center.scene.dataDir], { env })
    assert.equal(listed.status, 0, listed.stderr)
    assert.match(listed.stdout, /alice/)
    await assert.rejects(readdir(center.cache), { code: 'ENOENT' })
  })
})
