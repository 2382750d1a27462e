// The thread for large RDF: same answers as without it, the loop stays free, bounds hold, an abort frees its place, and the
// thread ends when idle.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import type { Clock } from '../../../src/base/clock.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { IdleThread } from '../../../src/pod/rdf/idle-thread.ts'
import { openRdfWorkers } from '../../../src/pod/rdf/workers.ts'
import { base, failureOf, never } from './documents.ts'
import { areIsomorphic } from './isomorphism.ts'

const document = Buffer.from('@prefix ex: <http://e/>.\n<#a> ex:p "x", [ ex:q ( 1 2 ) ], _:l . _:l ex:p 1 .')
const source = { mediaType: 'text/turtle', base }

describe('RDF on a worker thread', () => {
  it('gives the same answers as on the calling thread', async () => {
    await using near = openRdfWorkers({ log: silentLog })
    await using far = openRdfWorkers({ log: silentLog, maxLocalBytes: 0 })
    const here = await near.parse(document, source, never)
    const there = await far.parse(document, source, never)
    assert.ok(areIsomorphic(here.quads, there.quads))
    assert.deepEqual(here.prefixes, there.prefixes)
    assert.deepEqual(await far.check(document, source, never), { convertible: true })
    for (const to of ['text/turtle', 'application/ld+json', 'application/n-quads']) {
      const conversion = { from: 'text/turtle', to, base }
      const texts = await Promise.all([near, far].map((rdf) => rdf.convert(document, conversion, never)))
      assert.equal(Buffer.from(texts[0]!).toString(), Buffer.from(texts[1]!).toString())
    }
    const update = 'DELETE { ?s ?p "x" } INSERT { ?s ?p _:n } WHERE { ?s ?p "x" }'
    const patch = await near.readPatch(Buffer.from(update), { kind: 'sparql', base }, never)
    const [one, two] = await Promise.all(
      [near, far].map((rdf) => rdf.patch({ bytes: document, mediaType: 'text/turtle' }, patch, { base }, never)),
    )
    assert.equal(Buffer.from(one!.bytes).toString(), Buffer.from(two!.bytes).toString())
    assert.ok(areIsomorphic(one!.quads, two!.quads))
    assert.ok(areIsomorphic(one!.added, two!.added))
    assert.ok(areIsomorphic(one!.removed, two!.removed))
  })

  it('throws what the calling thread would throw', async () => {
    await using far = openRdfWorkers({ log: silentLog, maxLocalBytes: 0 })
    const work = far.check(Buffer.from('<a> <b> .'), source, never)
    await assert.rejects(work, { code: 'BODY_INVALID', detail: 'Turtle syntax error on line 1' })
    assert.equal(
      await failureOf(far.parse(document, { mediaType: 'text/plain', base }, never)),
      'MEDIA_TYPE_UNSUPPORTED 415',
    )
    const unknown = Buffer.from('{"@context":"https://example.org/"}')
    const json = { mediaType: 'application/ld+json', base }
    assert.deepEqual(await far.check(unknown, json, never), {
      convertible: false,
      unknownContext: 'https://example.org/',
    })
    assert.equal(await failureOf(far.parse(unknown, json, never)), 'NOT_ACCEPTABLE 406')
    const patch = await far.readPatch(Buffer.from('INSERT DATA {}'), { kind: 'sparql', base }, never)
    assert.equal(
      await failureOf(far.patch({ bytes: document, mediaType: 'a/b' }, patch, { base }, never)),
      'PATCH_TARGET 409',
    )
  })

  it('reads a long SPARQL Update there', async () => {
    await using rdf = openRdfWorkers({ log: silentLog })
    const triples = Array.from({ length: 2000 }, (_, index) => `<#s${index}> <#p> "value ${index}" .`).join('\n')
    const patch = await rdf.readPatch(Buffer.from(`INSERT DATA { ${triples} }`), { kind: 'sparql', base }, never)
    assert.equal((await rdf.patch(undefined, patch, { base }, never)).added.length, 2000)
    const broken = rdf.readPatch(Buffer.from(`INSERT DATA { ${triples} `), { kind: 'sparql', base }, never)
    assert.equal(await failureOf(broken), 'PATCH_SYNTAX 400')
  })

  it('refuses unconnected patterns after bounded work, while the loop serves on', async () => {
    await using rdf = openRdfWorkers({ log: silentLog })
    const lines = Array.from({ length: 1000 }, (_, index) => `<#s${index}> <#p> ${index} .`)
    const where = 'DELETE { ?a ?b ?c } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }'
    const patch = await rdf.readPatch(Buffer.from(where), { kind: 'sparql', base }, never)
    const before = performance.eventLoopUtilization()
    const target = { bytes: Buffer.from(lines.join('\n')), mediaType: 'text/turtle' }
    assert.equal(await failureOf(rdf.patch(target, patch, { base }, never)), 'PATCH_TOO_COMPLEX 422')
    const { utilization } = performance.eventLoopUtilization(before)
    assert.ok(utilization < 0.5, `it was busy for ${utilization} of the time`)
  })

  it('finishes a WHERE that is dear but within the bound', async () => {
    await using rdf = openRdfWorkers({ log: silentLog })
    const lines = Array.from({ length: 300 }, (_, index) => `<#s${index}> <#p> ${index} .`)
    const update = 'INSERT { <#a> <#pairs> 1 } WHERE { ?a <#p> ?b . ?c <#p> ?d }'
    const patch = await rdf.readPatch(Buffer.from(update), { kind: 'sparql', base }, never)
    const target = { bytes: Buffer.from(lines.join('\n')), mediaType: 'text/turtle' }
    assert.equal((await rdf.patch(target, patch, { base }, never)).added.length, 1)
  })

  it('refuses more than 64 jobs, and takes new ones when some were given up', async () => {
    await using thread = new IdleThread({ log: silentLog })
    const giveUp = new AbortController()
    const request = { kind: 'check', bytes: document, source } as const
    const jobs = Array.from({ length: 64 }, (_, index) => thread.ask(request, 1, index === 0 ? never : giveUp.signal))
    const outcomes = Promise.allSettled(jobs)
    assert.equal(await failureOf(thread.ask(request, 1, never)), 'OVERLOADED 503')
    giveUp.abort()
    assert.equal(thread.jobs, 1)
    assert.deepEqual(await thread.ask(request, 1, never), { convertible: true })
    assert.equal((await outcomes).filter((one) => one.status === 'rejected').length, 63)
  })

  it('refuses more than 128 MiB of waiting bodies', async () => {
    await using thread = new IdleThread({ log: silentLog })
    const request = { kind: 'check', bytes: document, source } as const
    const first = thread.ask(request, 100 * 2 ** 20, never)
    assert.equal(await failureOf(thread.ask(request, 29 * 2 ** 20, never)), 'OVERLOADED 503')
    await Promise.all([first, thread.ask(request, 28 * 2 ** 20, never)])
    await thread.ask(request, 29 * 2 ** 20, never)
  })

  it('ends after its idle time and starts again', async () => {
    let idle: (() => void) | undefined
    const clock: Clock = {
      ...systemClock,
      after: (ms, callback) => {
        if (ms !== 30_000) return () => undefined
        idle = callback
        return () => (idle = undefined)
      },
    }
    await using thread = new IdleThread({ log: silentLog, clock })
    const request = { kind: 'check', bytes: document, source } as const
    await thread.ask(request, 1, never)
    assert.equal(thread.isRunning, true)
    await new Promise((resolve) => setImmediate(resolve))
    assert.ok(idle !== undefined)
    idle()
    assert.equal(thread.isRunning, false)
    assert.deepEqual(await thread.ask(request, 1, never), { convertible: true })
  })

  it('ends a job that takes very long, with its thread, and goes on with the next', async () => {
    const limits: { ms: number; callback: () => void }[] = []
    const clock: Clock = {
      ...systemClock,
      after: (ms, callback) => {
        limits.push({ ms, callback })
        return () => undefined
      },
    }
    await using thread = new IdleThread({ log: silentLog, clock })
    const triples = Array.from({ length: 200_000 }, (_, index) => `<#s${index}> <#p> ${index} .`)
    const long = { kind: 'check', bytes: Buffer.from(triples.join('\n')), source } as const
    const cut = thread.ask(long, long.bytes.length, never)
    const next = thread.ask({ kind: 'check', bytes: document, source }, 1, never)
    assert.ok(limits[0]!.ms > 10_000, 'large documents have more time')
    limits[0]!.callback()
    await assert.rejects(cut, { code: 'BODY_INVALID', detail: 'it takes too long to read' })
    assert.deepEqual(await next, { convertible: true })
  })

  it('refuses work that was given up or comes after closing', async () => {
    const far = openRdfWorkers({ log: silentLog, maxLocalBytes: 0 })
    await assert.rejects(far.parse(document, source, AbortSignal.abort()), { name: 'AbortError' })
    await far[Symbol.asyncDispose]()
    assert.equal(await failureOf(far.parse(document, source, never)), 'SHUTTING_DOWN 503')
  })
})
