// The crash checker must be able to fail: it is fed histories with a lie in each, and one without.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { absent, History, judge, type Observed } from './checker.ts'

function observed(contents: Record<string, string>, members: Record<string, string[]>): Observed {
  return { contents: new Map(Object.entries(contents)), members: new Map(Object.entries(members)) }
}

/** /c/a acknowledged, /c/b acknowledged and deleted, /c/d under way over "old", /c/e refused over "kept". */
function history(): History {
  const made = new History()
  made.begin('/c/a', 'one').acknowledged()
  made.begin('/c/b', 'two').acknowledged()
  made.begin('/c/b', absent).acknowledged()
  made.begin('/c/d', 'old').acknowledged()
  made.begin('/c/d', 'new')
  made.begin('/c/e', 'kept').acknowledged()
  made.begin('/c/e', 'refused').refused()
  return made
}

const truth = { '/c/a': 'one', '/c/d': 'old', '/c/e': 'kept' }
const listing = { '/c/': ['/c/a', '/c/d', '/c/e'] }

test('the checker accepts either outcome of a write without an answer', () => {
  assert.deepEqual(judge(history(), observed(truth, listing), '/c/'), [])
  assert.deepEqual(judge(history(), observed({ ...truth, '/c/d': 'new' }, listing), '/c/'), [])
})

const lies: Record<string, [Record<string, string>, Record<string, string[]>, RegExp]> = {
  'an acknowledged write is lost': [{ '/c/d': 'old', '/c/e': 'kept' }, { '/c/': ['/c/d', '/c/e'] }, /\/c\/a is gone/],
  'an acknowledged write is half there': [{ ...truth, '/c/a': 'on' }, listing, /\/c\/a holds on/],
  'a write under way is half there': [{ ...truth, '/c/d': 'ne' }, listing, /\/c\/d holds ne/],
  'a refused write took place': [{ ...truth, '/c/e': 'refused' }, listing, /\/c\/e holds refused/],
  'a deleted document is back': [
    { ...truth, '/c/b': 'two' },
    { '/c/': ['/c/a', '/c/b', '/c/d', '/c/e'] },
    /\/c\/b holds two/,
  ],
  'a document appears from nowhere': [
    { ...truth, '/c/z': 'x' },
    { '/c/': ['/c/a', '/c/z', '/c/d', '/c/e'] },
    /\/c\/z is there and was never written/,
  ],
  'a document is in no listing': [truth, { '/c/': ['/c/a', '/c/d'] }, /\/c\/e is there and no container lists it/],
  'a container is in no listing': [truth, { ...listing, '/c/f/': [] }, /\/c\/f\/ is there and no container lists it/],
  'a listing names what is not there': [truth, { '/c/': ['/c/a', '/c/b', '/c/d', '/c/e'] }, /\/c\/b is listed/],
  'a listing names a member twice': [truth, { '/c/': ['/c/a', '/c/a', '/c/d', '/c/e'] }, /lists a member twice/],
}

for (const [lie, [contents, members, complaint]] of Object.entries(lies)) {
  test(`the checker sees that ${lie}`, () => {
    const found = judge(history(), observed(contents, members), '/c/')
    assert.ok(
      found.some((line) => complaint.test(line)),
      `found only: ${found.join('; ')}`,
    )
  })
}

test('after a restart the checker holds the server to what it showed', () => {
  const made = history()
  made.settle(observed({ ...truth, '/c/d': 'new' }, listing))
  assert.deepEqual(made.possible('/c/d'), ['new'])
  assert.match(judge(made, observed(truth, listing), '/c/')[0]!, /\/c\/d holds old/)
})
