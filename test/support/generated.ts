// Everything in the repository that is made from tables of the program: path → content. `npm run gen` writes it, a test
// compares it with what is committed.

import { readFileSync } from 'node:fs'

import { completionScripts } from '../../src/cli/completion-scripts.ts'
import { environmentName, type Key, keyNames, keys } from '../../src/config/keys.ts'
import { manualPages } from './manual.ts'

export const root = new URL('../../', import.meta.url)

export function generatedFiles(): Map<string, string> {
  const files = new Map<string, string>()
  for (const [name, text] of manualPages()) files.set(`man/${name}`, text)
  files.set('completions/xpod.bash', completionScripts.bash)
  files.set('completions/_xpod', completionScripts.zsh)
  files.set('completions/xpod.fish', completionScripts.fish)
  files.set('man/config.schema.json', configSchema())
  files.set('README.md', withSettings(readFileSync(new URL('README.md', root), 'utf8')))
  return files
}

function configSchema(): string {
  const properties = keyNames.map((name) => {
    const { type, default: standard, help } = keys[name]
    return [name, { ...type.schema, description: help, ...(standard === undefined ? {} : { default: standard }) }]
  })
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'xpod configuration',
    type: 'object',
    properties: { $schema: { type: 'string' }, ...Object.fromEntries(properties) },
    additionalProperties: false,
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

const begin = '<!-- settings: made by npm run gen -->'
const end = '<!-- end of settings -->'

function withSettings(readme: string): string {
  const [before, rest] = readme.split(begin) as [string, string]
  const [, after] = rest.split(end) as [string, string]
  const rows = keyNames.map((name) => {
    const { default: standard = '', help, otherNames = [] }: Key<unknown> = keys[name]
    const variables = [environmentName(name), ...otherNames].map((variable) => `\`${variable}\``).join(', ')
    return `| \`--${name}\` | ${variables} | ${standard === '' ? '' : `\`${standard}\``} | ${help} |`
  })
  const table = ['| Flag | Environment | Default | |', '|---|---|---|---|', ...rows].join('\n')
  return `${before}${begin}\n${table}\n${end}${after}`
}
