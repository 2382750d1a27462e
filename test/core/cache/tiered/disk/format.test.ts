// The file of a block: any change of any byte of it is noticed, whatever the chunks it was written from.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Block, costOf, Layout } from '../../../../../src/core/cache/tiered/block.ts'
import {
  areIntact,
  checksums,
  decodeHeader,
  encodeHeader,
  headerBytes,
  pieceBytes,
} from '../../../../../src/core/cache/tiered/disk/format.ts'
import { MiB, pattern, sequence } from '../world.ts'

test('the sums do not depend on how the content was cut', () => {
  const bytes = pattern(300_000)
  const whole = checksums([bytes], bytes.length)
  assert.equal(whole.length, Math.ceil(bytes.length / pieceBytes))
  const draw = sequence(1)
  for (let turn = 0; turn < 20; turn++) {
    const chunks: Uint8Array[] = []
    for (let at = 0; at < bytes.length; ) {
      const end = at + Math.floor(draw() ** 3 * 100_000)
      chunks.push(bytes.subarray(at, end))
      at = end
    }
    assert.deepEqual(checksums(chunks, bytes.length), whole)
  }
  assert.throws(() => checksums([bytes.subarray(1)], bytes.length))
})

test('a flipped bit anywhere in the content or in the header that counts is noticed', () => {
  const bytes = pattern(100_000)
  const sums = checksums([bytes], bytes.length)
  const header = encodeHeader('a_b_0_1', bytes.length, sums)
  assert.deepEqual(decodeHeader(header, 'a_b_0_1', bytes.length), sums)
  const draw = sequence(2)
  for (let turn = 0; turn < 300; turn++) {
    const at = Math.floor(draw() * bytes.length)
    const bit = 1 << Math.floor(draw() * 8)
    bytes[at]! ^= bit
    assert.equal(areIntact(bytes, 0, sums), false)
    bytes[at]! ^= bit
    const headerAt = Math.floor(draw() * headerBytes)
    header[headerAt]! ^= bit
    assert.equal(decodeHeader(header, 'a_b_0_1', bytes.length), undefined)
    header[headerAt]! ^= bit
  }
  assert.ok(areIntact(bytes, 0, sums))
  assert.ok(areIntact(bytes.subarray(pieceBytes), 1, sums))
  assert.equal(areIntact(bytes.subarray(pieceBytes), 0, sums), false)
  for (const [name, length] of [
    ['a_b_1_1', bytes.length],
    ['a_b_0_1', bytes.length - 1],
  ] as const) {
    assert.equal(decodeHeader(header, name, length), undefined)
  }
  assert.equal(decodeHeader(header.subarray(1), 'a_b_0_1', bytes.length), undefined)
})

test('a name says everything about a block, and nothing else is taken for one', () => {
  const layout = new Layout(4 * MiB)
  for (const [key, number, objectBytes] of [
    ['pod/a', 0, 1],
    ['018f-5/0-Z', 25_599, 25_600 * 4 * MiB],
    ['p/o', 1, 4 * MiB + 1],
  ] as const) {
    const block = new Block(layout, { key, number, objectBytes })
    const parsed = layout.parse(block.name)!
    assert.deepEqual(
      [parsed.key, parsed.number, parsed.objectBytes, parsed.length],
      [key, number, objectBytes, block.length],
    )
    assert.deepEqual([parsed.name, parsed.shard, parsed.bytes], [block.name, block.shard, costOf(block.length)])
  }
  for (const name of [
    '',
    'a',
    'a_b_0',
    'a_b_0_0',
    'a_b_1_1',
    'a_b_00_1',
    'a_b_0_01',
    'a/b_0_1',
    '../a_b_0_1',
    'a_b_0_1_',
    'A_b_0_zzzzzzzzzzz',
    'a_b_-1_1',
  ]) {
    assert.equal(layout.parse(name), undefined, name)
  }
})
