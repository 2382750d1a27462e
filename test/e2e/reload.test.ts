// SIGHUP: the settings are read again. What can change does, what cannot is named, and what cannot be read changes nothing.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'

import { freePort } from '../support/free-port.ts'
import { Scene } from '../support/load-scene.ts'
import { startXpod } from '../support/spawn.ts'
import { until } from '../support/until.ts'

interface Line {
  readonly msg: string
  readonly settings?: readonly string[]
}

test('the log level changes; other settings are named, and keep what they were', async () => {
  await using scene = await Scene.open()
  const config = scene.path('config.json')
  const configure = (settings: Record<string, unknown>): Promise<void> => writeFile(config, JSON.stringify(settings))
  await configure({ 'log-level': 'info', 'pod-quota': '1GB' })
  const running = await scene.start({ args: ['--config', config, '--log-format', 'json'] })
  const lines = (): Line[] =>
    running
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line)
  const told = (event: string): number => lines().filter((line) => line.msg === event).length
  const hangUp = async (event: string): Promise<void> => {
    const before = told(event)
    process.kill(running.pid, 'SIGHUP')
    await until(event, () => told(event) > before)
  }

  await hangUp('center.reloaded')
  assert.equal(told('center.needs-restart'), 0)

  await configure({ 'log-level': 'warn', 'pod-quota': '2GB', 'access-log': true })
  await hangUp('center.needs-restart')
  assert.deepEqual(lines().find(({ msg }) => msg === 'center.needs-restart')?.settings, ['pod-quota', 'access-log'])
  const reloaded = told('center.reloaded')

  // Warnings only: that it was read again is no longer told, and what cannot be read is.
  await configure({ 'log-level': 'loud' })
  await hangUp('center.reload')
  assert.equal(told('center.reloaded'), reloaded)
  await writeFile(config, '{')
  await hangUp('center.reload')
  assert.equal((await fetch(scene.baseUrl)).ok, true)

  await configure({ 'log-level': 'info', 'pod-quota': '1GB' })
  await hangUp('center.reloaded')
  assert.equal(await running.stop(), 0)
})

test('a hangup while it starts does not end it', async () => {
  await using scene = await Scene.open()
  const nowhere = `postgres://u:p@127.0.0.1:${await freePort()}/x`
  const args = ['--listen', `127.0.0.1:${scene.port}`, '--admin-listen', 'off', '--data-dir', scene.dataDir]
  const child = startXpod(['center', ...args, '--db', nowhere])
  await using stack = new AsyncDisposableStack()
  stack.defer(() => void child.kill('SIGKILL'))
  const status = (): Promise<number | undefined> =>
    fetch(scene.baseUrl).then(
      (answer) => answer.status,
      () => undefined,
    )
  await until('it waits for its database', async () => (await status()) === 503)
  child.kill('SIGHUP')
  for (let turn = 0; turn < 5; turn++) assert.equal(await status(), 503)
  assert.deepEqual([child.exitCode, child.signalCode], [null, null])
})
