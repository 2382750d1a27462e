// The power cut must be able to lose what is not synced, and must keep what is.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { type Change, cutPower, type Disk, readChanges } from './power-cut.ts'
import { seeded } from './load-writers.ts'

const before: Disk = { image: new Map([['', 'directory']]), inodes: new Map() }

function change(op: string, name: string, rest = '', offset = 0): Change {
  return { op, path: `/data/${name}`.replace(/\/$/, ''), inode: BigInt(name.length), offset, rest: Buffer.from(rest) }
}

/** Every content that /data/<name> has after cuts with many seeds; undefined when it is not there. */
function outcomes(name: string, changes: readonly Change[]): Set<string | undefined> {
  const cuts = Array.from({ length: 200 }, (_, seed) => cutPower(before, '/data', changes, seeded(seed)).get(name))
  return new Set(cuts.map((bytes) => bytes?.toString()))
}

const create = [change('C', 'a'), change('W', 'a', 'hello')]

test('a file without any sync may be gone, empty or whole', () => {
  assert.deepEqual(outcomes('a', create), new Set([undefined, '', 'hello']))
})

test('a synced file whose directory is not synced may be gone', () => {
  assert.deepEqual(outcomes('a', [...create, change('S', 'a')]), new Set([undefined, 'hello']))
})

test('a synced directory keeps the name and not the bytes', () => {
  assert.deepEqual(outcomes('a', [...create, change('D', '')]), new Set(['', 'hello']))
})

test('a synced file in a synced directory survives, and later writes may not', () => {
  const synced = [...create, change('S', 'a'), change('D', '')]
  assert.deepEqual(outcomes('a', synced), new Set(['hello']))
  assert.deepEqual(outcomes('a', [...synced, change('W', 'a', 'J')]), new Set(['hello', 'Jello']))
  assert.deepEqual(outcomes('a', [...synced, change('T', 'a', '', 2)]), new Set(['hello', 'he']))
})

test('a rename before its directory is synced is undone or done, never both names lost', () => {
  const renamed = [...create, change('S', 'a'), change('D', ''), change('R', 'a', '/data/bb')]
  assert.deepEqual(outcomes('a', renamed), new Set(['hello', undefined]))
  assert.deepEqual(outcomes('bb', renamed), new Set(['hello', undefined]))
  assert.deepEqual(outcomes('bb', [...renamed, change('D', '')]), new Set(['hello']))
})

test('a file in a new directory whose own name is not synced may be gone with it', () => {
  const nested = [change('M', 'dir'), change('C', 'dir/file'), change('S', 'dir/file'), change('D', 'dir')]
  assert.deepEqual(outcomes('dir/file', nested), new Set([undefined, '']))
  assert.deepEqual(outcomes('dir/file', [...nested, change('D', '')]), new Set(['']))
})

test('a deletion that is not synced may be undone', () => {
  const deleted = [...create, change('S', 'a'), change('D', ''), change('U', 'a')]
  assert.deepEqual(outcomes('a', deleted), new Set(['hello', undefined]))
})

test('a log that ends inside a record ends before it', () => {
  const record = Buffer.alloc(32)
  record.write('W')
  record.writeUInt32LE(3, 4)
  assert.equal(readChanges(Buffer.concat([record, Buffer.from('abc'), record])).length, 1)
})
