// The order check must see each sync that is missing or late.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { blobOrder, inlineOrder, parseTrace } from './syscalls.ts'

const part = '/d/objects/p/1.part'
const lines = {
  bytes: `10 writev(30<${part}>, [{iov_base="x", iov_len=9}], 1) = 9`,
  file: `11 fsync(30<${part}>) = 0`,
  rename: `12 rename("${part}", "/d/objects/p/1") = 0`,
  folder: '11 fsync(31</d/objects/p>) = 0',
  frame: '20 pwrite64(19</d/xpod.db-wal>, "\\0", 4096, 56) = 4096',
  wal: '20 fdatasync(19</d/xpod.db-wal>) = 0',
  answer: '10 writev(25<TCP:[a->b]>, [{iov_base="HTTP/1.1 201 Created\\r\\n", iov_len=300}], 2) = 300',
}
type Line = keyof typeof lines
const right: readonly Line[] = ['bytes', 'file', 'rename', 'folder', 'frame', 'wal', 'answer']

function complaints(order: readonly Line[]): string[] {
  return blobOrder(parseTrace(order.map((line) => lines[line]).join('\n')))
}

test('the order check accepts file, directory, WAL, answer', () => {
  assert.deepEqual(complaints(right), [])
  assert.deepEqual(inlineOrder(parseTrace([lines.frame, lines.wal, lines.answer].join('\n'))), [])
})

for (const missing of ['file', 'folder', 'wal'] as const) {
  test(`the order check sees that the sync of the ${missing} is missing`, () => {
    assert.equal(complaints(right.filter((line) => line !== missing)).length, 1)
  })
}

test('the order check sees a sync that comes too late', () => {
  assert.notDeepEqual(complaints(['bytes', 'rename', 'file', 'folder', 'frame', 'wal', 'answer']), [])
  assert.notDeepEqual(complaints(['bytes', 'file', 'folder', 'rename', 'frame', 'wal', 'answer']), [])
  assert.notDeepEqual(complaints(['bytes', 'file', 'rename', 'frame', 'wal', 'folder', 'answer']), [])
  assert.notDeepEqual(complaints(['bytes', 'file', 'rename', 'folder', 'frame', 'answer', 'wal']), [])
  assert.notDeepEqual(inlineOrder(parseTrace([lines.wal, lines.frame, lines.answer].join('\n'))), [])
})

test('a sync that is still under way when the answer leaves is no sync before it', () => {
  const trace = [
    lines.frame,
    '20 fdatasync(19</d/xpod.db-wal> <unfinished ...>',
    lines.answer,
    '20 <... fdatasync resumed>) = 0',
  ].join('\n')
  assert.equal(inlineOrder(parseTrace(trace)).length, 1)
})
