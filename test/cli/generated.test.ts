// Files that are made from tables of the program are committed as they are made, and their readers accept them.
// Checks that need a tool that is not installed are skipped.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { generatedFiles, root } from '../support/generated.ts'

test('what is made from tables is committed as it is made: npm run gen', () => {
  for (const [path, text] of generatedFiles()) assert.equal(readFileSync(new URL(path, root), 'utf8'), text, path)
})

test('nothing else lies among the generated files', () => {
  const made = [...generatedFiles().keys()]
  for (const folder of ['man', 'completions']) {
    for (const name of readdirSync(new URL(folder, root)))
      assert.ok(made.includes(`${folder}/${name}`), `${folder}/${name}`)
  }
})

test('package.json names every man page', () => {
  const { man } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { man: string[] }
  const pages = [...generatedFiles().keys()].filter((path) => path.endsWith('.1')).map((path) => `./${path}`)
  assert.deepEqual(man.toSorted(), pages.toSorted())
})

const hasMandoc = spawnSync('mandoc', ['-V']).error === undefined
test('man pages are good mdoc', { skip: !hasMandoc }, () => {
  const pages = [...generatedFiles().keys()].filter((path) => path.endsWith('.1'))
  execFileSync('mandoc', ['-Tlint', '-Wwarning', ...pages.map((path) => fileURLToPath(new URL(path, root)))])
})

for (const [shell, file] of [
  ['bash', 'xpod.bash'],
  ['zsh', '_xpod'],
  ['fish', 'xpod.fish'],
] as const) {
  const isThere = spawnSync(shell, ['--version']).error === undefined
  test(`${shell} can read its completion script`, { skip: !isThere }, () => {
    execFileSync(shell, ['-n', fileURLToPath(new URL(`completions/${file}`, root))])
  })
}
