// Tables and sizes as people see them.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { layoutTable, sizeText, widthFor } from '../../src/cli/render.ts'

test('a Chinese character takes two columns of a table', async () => {
  const rows = [
    ['张三', 'a'],
    ['bob', 'b'],
    ['👩‍👩‍👧', 'c'],
  ]
  const width = await widthFor(rows.flat())
  const lines = layoutTable(rows, { head: ['名称', 'X'], showHead: true }, { width })
  assert.deepEqual(lines, ['名称  X', '张三  a', 'bob   b', '👩‍👩‍👧    c'])
})

test('a line is cut to the columns of a terminal, not inside a character', async () => {
  const rows = [['一二三四五']]
  const width = await widthFor(rows.flat())
  assert.deepEqual(layoutTable(rows, { head: ['x'], showHead: false }, { width, columns: 8 }), ['一二三…'])
  assert.deepEqual(layoutTable(rows, { head: ['x'], showHead: false }, { width, columns: 10 }), ['一二三四五'])
})

test('figures stand right', async () => {
  const lines = layoutTable(
    [
      ['a', '1'],
      ['b', '100'],
    ],
    { head: ['n', 'size'], showHead: true, right: [1] },
    {
      width: (text) => text.length,
    },
  )
  assert.deepEqual(lines, ['n  size', 'a     1', 'b   100'])
})

test('sizes for people', () => {
  assert.deepEqual([0, 999, 1000, 1500, 123_456, 1e9, 2.5e12].map(sizeText), [
    '0 B',
    '999 B',
    '1 kB',
    '1.5 kB',
    '123 kB',
    '1 GB',
    '2.5 TB',
  ])
})
