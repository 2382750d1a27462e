// Bad input and bad surroundings, against bin/xpod: sizes beyond the limits, uploads that stop half way, a data directory
// that cannot be used or is used already, a taken port, a damaged row. Disk full is in disk.test.ts.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { LoadClient } from '../support/load-client.ts'
import { bodies, leftovers, uploadsUnderWay } from '../support/load-leftovers.ts'
import { openRaw, sendRaw } from '../support/load-raw.ts'
import { type Running, Scene } from '../support/load-scene.ts'
import { openRawDatabase } from '../support/raw-database.ts'
import { root } from '../support/source-tree.ts'
import { until } from '../support/until.ts'

const text = { 'content-type': 'text/plain' }
const megabyte = 1 << 20

describe('a server and bad input', () => {
  let scene: Scene
  let running: Running
  let pod: string
  let client: LoadClient

  before(async () => {
    scene = await Scene.open()
    running = await scene.start({ args: ['--max-body', '1MiB'] })
    pod = await scene.createPod('alice')
    client = new LoadClient(scene.baseUrl)
  })
  after(async () => {
    client?.close()
    await scene?.[Symbol.asyncDispose]()
  })

  const head = (method: string, name: string, lines: string): string =>
    `${method} ${pod}${name} HTTP/1.1\r\nHost: localhost:${scene.port}\r\n${lines}\r\n`

  test('headers over 32 KiB are answered 431 and the connection ends', async () => {
    const { statuses, isClosed } = await sendRaw(scene.port, head('GET', 'x', `X-Long: ${'x'.repeat(40_000)}\r\n`))
    assert.deepEqual(statuses, [431])
    assert.ok(isClosed)
  })

  test('many small headers over 32 KiB together are answered 431', async () => {
    const { statuses } = await sendRaw(scene.port, head('GET', 'x', 'X-Many: 0123456789\r\n'.repeat(2500)))
    assert.deepEqual(statuses, [431])
  })

  test('a path over 2000 bytes is answered 414, and a segment over 255 bytes too', async () => {
    assert.equal((await client.send('GET', `${pod}${'a/'.repeat(1200)}`)).status, 414)
    assert.equal((await client.send('PUT', `${pod}${'a'.repeat(256)}`, { headers: text, body: 'x' })).status, 414)
    assert.equal((await client.send('PUT', `${pod}long/${'a'.repeat(255)}`, { headers: text, body: 'x' })).status, 201)
  })

  test('a body that is announced too large is answered 413 before a byte of it is read', async () => {
    const lines = `Content-Type: text/plain\r\nExpect: 100-continue\r\nContent-Length: ${megabyte + 1}\r\n`
    const { statuses, text: answer } = await sendRaw(scene.port, head('PUT', 'announced.txt', lines))
    assert.deepEqual(statuses, [413])
    assert.match(answer, /application\/problem\+json/)
    assert.match(answer, new RegExp(`"limit":\\s*${megabyte}`))
  })

  test('a body that grows too large is answered 413 and nothing of it stays', async () => {
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    const lines = 'Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n'
    const { statuses } = await sendRaw(scene.port, `${head('PUT', 'grown.txt', lines)}${chunk.repeat(17)}0\r\n\r\n`)
    assert.deepEqual(statuses, [413])
    assert.equal((await client.send('GET', `${pod}grown.txt`)).status, 404)
    await until('the upload is forgotten', async () => (await uploadsUnderWay(scene.dataDir)) === 0)
    assert.deepEqual(await leftovers(scene.dataDir), [])
  })

  test('a body of exactly the limit is stored', async () => {
    const body = Buffer.alloc(megabyte, 'y')
    assert.equal((await client.send('PUT', `${pod}limit.txt`, { headers: text, body })).status, 201)
    assert.deepEqual((await client.send('GET', `${pod}limit.txt`)).body, body)
  })

  test('an upload that is broken off leaves nothing: no resource, no body', async () => {
    const whole = (await bodies(scene.dataDir)).length
    const lines = 'Content-Type: text/plain\r\nContent-Length: 900000\r\n'
    const sockets = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        const socket = await openRaw(scene.port)
        socket.on('error', () => {})
        socket.write(head('PUT', `broken-${index}.txt`, lines))
        socket.write(Buffer.alloc(300_000, 'z'))
        return socket
      }),
    )
    await until('uploads are under way', async () => (await uploadsUnderWay(scene.dataDir)) === sockets.length)
    for (const socket of sockets) socket.destroy()
    await until('they are forgotten', async () => (await uploadsUnderWay(scene.dataDir)) === 0)
    await until('their bodies are gone', async () => (await bodies(scene.dataDir)).length === whole)
    for (const index of sockets.keys()) {
      assert.equal((await client.send('GET', `${pod}broken-${index}.txt`)).status, 404)
    }
  })

  test('a body that ends before its Content-Length is not stored', async () => {
    const socket = await openRaw(scene.port)
    socket.on('error', () => {}).resume()
    socket.end(`${head('PUT', 'short.txt', 'Content-Type: text/plain\r\nContent-Length: 10\r\n')}short`)
    await once(socket, 'close')
    assert.equal((await client.send('GET', `${pod}short.txt`)).status, 404)
  })

  test('senders that trickle do not hold up others', async () => {
    const slow = await Promise.all(Array.from({ length: 300 }, () => openRaw(scene.port)))
    for (const [index, socket] of slow.entries()) {
      socket.on('error', () => {})
      const isInBody = index % 2 === 0
      const start = head('PUT', `slow-${index}.txt`, 'Content-Type: text/plain\r\nContent-Length: 1000\r\n')
      socket.write(isInBody ? `${start}x` : start.slice(0, 20))
    }
    const startMs = Date.now()
    for (let turn = 0; turn < 50; turn++) {
      for (const socket of slow.slice(turn * 6, turn * 6 + 6)) socket.write('x')
      const body = `beside ${turn}`
      assert.ok((await client.send('PUT', `${pod}beside.txt`, { headers: text, body })).status < 300)
      assert.equal((await client.send('GET', `${pod}beside.txt`)).body.toString(), body)
    }
    assert.ok(Date.now() - startMs < 30_000, 'fifty writes and reads beside slow senders took over 30 s')
    for (const socket of slow) socket.destroy()
  })

  test('readers that take nothing cost no memory by the size of what they asked for', async () => {
    const body = Buffer.alloc(megabyte, 'r')
    await client.send('PUT', `${pod}wanted.bin`, { headers: text, body })
    assert.equal((await client.send('GET', `${pod}wanted.bin`)).body.length, megabyte)
    const before = residentBytes(running.pid)
    const readers = await Promise.all(Array.from({ length: 150 }, () => openRaw(scene.port)))
    for (const socket of readers) {
      socket.on('error', () => {})
      socket.pause()
      // Pipelined, so that each reader has asked for 8 MiB.
      socket.write(head('GET', 'wanted.bin', '').repeat(8))
    }
    for (let turn = 0; turn < 20; turn++) assert.equal((await client.send('GET', `${pod}wanted.bin`)).status, 200)
    const grown = residentBytes(running.pid) - before
    assert.ok(grown < 250 * megabyte, `150 readers of 8 MiB each: resident memory grew by ${grown >> 20} MiB`)
    for (const socket of readers) socket.destroy()
  })

  test('a second process on the data directory is refused and says which process has it', () => {
    const second = xpod(['center', '--data-dir', scene.dataDir, '--listen', '127.0.0.1:0', '--admin-listen', 'off'])
    assert.equal(second.status, 75)
    assert.match(second.stderr, /DATA_DIR_LOCKED/)
    assert.match(second.stderr, new RegExp(`\\b${running.pid}\\b`))
  })
})

test('a taken port is named and ends the start with status 75', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  await using scene = await Scene.open()
  const { port } = other.address() as { port: number }
  const listen = ['--listen', `127.0.0.1:${port}`, '--admin-listen', 'off']
  const { status, stderr } = xpod(['center', '--data-dir', scene.dataDir, ...listen])
  other.close()
  assert.equal(status, 75)
  assert.match(stderr, /PORT_IN_USE/)
  assert.match(stderr, new RegExp(String(port)))
})

test('a data directory that cannot be made or is a file ends the start with status 78', async () => {
  await using scene = await Scene.open()
  writeFileSync(scene.path('file'), '')
  for (const dir of [scene.path('file'), scene.path('file/below'), '/sys/xpod', '/proc/x/y']) {
    const listen = ['--listen', '127.0.0.1:0', '--admin-listen', 'off']
    const { status, stderr } = xpod(['center', '--data-dir', dir, ...listen])
    assert.equal(status, 78, `${dir}: ${stderr}`)
    assert.match(stderr, /DATA_DIR_UNUSABLE/)
  }
})

test('a damaged row is set aside, named in log, metrics and readiness, and the rest works', async () => {
  await using scene = await Scene.open()
  const first = await scene.start()
  const pod = await scene.createPod('alice')
  const client = new LoadClient(scene.baseUrl)
  for (const name of ['whole.txt', 'hurt.txt']) {
    assert.equal((await client.send('PUT', pod + name, { headers: text, body: `body of ${name}` })).status, 201)
  }
  client.close()
  assert.equal(await first.stop(), 0)
  await damage(scene.dataDir, 'body of hurt.txt')

  const second = await scene.start()
  const again = new LoadClient(scene.baseUrl)
  const admin = `http://127.0.0.1:${scene.adminPort}`
  const answer = await again.send('GET', `${pod}hurt.txt`)
  assert.equal(answer.status, 500)
  assert.match(answer.body.toString(), /CORRUPT|damaged/)
  assert.doesNotMatch(answer.body.toString(), /body of/)
  assert.equal((await again.send('GET', `${pod}whole.txt`)).body.toString(), 'body of whole.txt')
  assert.match(await (await fetch(`${admin}/metrics`)).text(), /^xpod_quarantined 1$/m)
  const ready = await fetch(`${admin}/readyz?verbose`)
  assert.equal(ready.status, 200, 'one damaged row does not make the server unready')
  assert.match(await ready.text(), /\/hurt\.txt/)
  await until('the log names it', () => /store\.corrupt.*\/hurt\.txt/.test(second.output()))

  assert.equal((await again.send('PUT', `${pod}hurt.txt`, { headers: text, body: 'new' })).status, 204)
  assert.equal((await again.send('GET', `${pod}hurt.txt`)).body.toString(), 'new')
  assert.match(await (await fetch(`${admin}/metrics`)).text(), /^xpod_quarantined 0$/m)
  again.close()
})

/** Changes one byte of an inline body, as a failing disk would. */
async function damage(dataDir: string, body: string): Promise<void> {
  await using db = await openRawDatabase(dataDir)
  const bytes = Buffer.from(`B${body.slice(1)}`)
  assert.equal(await db.change('UPDATE body SET bytes = ? WHERE bytes = ?', bytes, Buffer.from(body)), 1)
}

function xpod(args: readonly string[]): { status: number | null; stderr: string } {
  const program = join(root, 'bin/xpod')
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', timeout: 20_000 })
}

function residentBytes(pid: number): number {
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })
  return Number(stdout) * 1024
}
