// How much the cache of the disk may take: every form it can be written in, under every name, and what is refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { loadSettings } from '../../src/config/load.ts'
import { runXpod } from '../support/spawn.ts'

const size = (text: string): unknown => loadSettings({ 'cache-max-size': text }, {}).settings['cache-max-size']

for (const [text, value] of [
  ['50GB', 50e9],
  ['50gb', 50e9],
  [' 50 GB ', 50e9],
  ['50GiB', 50 * 2 ** 30],
  ['50 gib', 50 * 2 ** 30],
  ['1.5TB', 1.5e12],
  ['50000000000', 50e9],
  ['80%', { percent: 80 }],
  ['80 %', { percent: 80 }],
  ['12.5%', { percent: 12.5 }],
  ['100%', { percent: 100 }],
  ['0', 0],
  ['0%', 0],
  ['0GB', 0],
  ['off', 0],
  ['OFF', 0],
] as const) {
  test(`${JSON.stringify(text)} is understood`, () => assert.deepEqual(size(text), value))
}

for (const text of ['', 'much', '50GX', '-1', '101%', '-5%', '%', '50GB%', '1e9', '50,5GB', 'on', 'none', '1 000']) {
  test(`${JSON.stringify(text)} is refused, naming the forms`, () => {
    assert.throws(
      () => size(text),
      (error: Error & { code: string; exit: number }) => {
        assert.deepEqual([error.code, error.exit], ['CONFIG_INVALID', 78])
        for (const form of ['50GB', '50GiB', '80%', '0', 'off']) assert.ok(error.message.includes(form), error.message)
        return true
      },
    )
  })
}

test('the names of old count, and the defaults are theirs', () => {
  const { settings } = loadSettings({}, {})
  assert.deepEqual([settings['cache-path'], settings['cache-max-size']], ['/data/cache', 50e9])
  const old = loadSettings({}, { CSS_CACHE_PATH: '/mnt/cache', CSS_CACHE_MAX_SIZE: '80%' })
  assert.deepEqual([old.settings['cache-path'], old.settings['cache-max-size']], ['/mnt/cache', { percent: 80 }])
  assert.throws(() => loadSettings({}, { CSS_CACHE_MAX_SIZE: '1GB', XPOD_CACHE_MAX_SIZE: '2GB' }), {
    code: 'CONFIG_CONFLICT',
  })
})

test('the flags of old are taken, and not shown', async () => {
  const shown = await runXpod(['config', 'show', '--cachePath', '/mnt/cache', '--cacheMaxSize=80%'])
  assert.match(shown.stdout, /cache-path\s+\/mnt\/cache\n(?:.*\n)*?cache-max-size\s+80%/)
  const help = await runXpod(['center', '--help'])
  assert.ok(help.stdout.includes('--cache-path') && !help.stdout.includes('cachePath'))
})
