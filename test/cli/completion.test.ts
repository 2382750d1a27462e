// What `xpod __complete` offers. Pod names of a running server are in test/e2e/cli.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { complete } from '../../src/cli/completion.ts'

test('words, options and values are completed from the tables', async () => {
  assert.deepEqual(await complete(['po']), ['pod'])
  assert.deepEqual(await complete(['pod', '']), ['--help', 'create', 'delete', 'list', 'quota', 'show'])
  assert.deepEqual(await complete(['pod', 'quota', 's']), ['set', 'show'])
  assert.deepEqual(await complete(['center', '--log-f']), ['--log-format'])
  assert.deepEqual(await complete(['center', '--log-level', '']), ['debug', 'error', 'info', 'warn'])
  assert.deepEqual(await complete(['center', '--data-dir', '']), [])
  assert.deepEqual(await complete(['completion', '']), ['bash', 'fish', 'zsh'])
  assert.deepEqual(await complete(['help', 'exit']), ['exit-codes'])
  assert.deepEqual(await complete(['pod', 'create', '']), [])
})

test('an option that was given is not offered again, a repeatable one is', async () => {
  const offered = await complete(['center', '--access-log', '--trust-proxy', '::1', '--'])
  assert.ok(!offered.includes('--access-log'))
  assert.ok(offered.includes('--trust-proxy'))
})
