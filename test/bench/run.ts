// `npm run bench [-- --only P1,P3] [--json FILE] [--quick] [--resources N] [--upload MIB] [--peers]`: measures the claims and
// prints one table. Each claim has a fresh server. `--resources` makes so many first, to see how cost grows; P4-100000,
// P8-resources, P8-accounts, P17-delete and those on PostgreSQL and S3 (P1-postgres, P3-postgres, P5-s3, P6-s3, P12-s3) run only by
// name. `--peers` adds Community Solid Server, installed from its own package.json.

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

import { caching } from './cache.ts'
import { policies } from './cache-policies.ts'
import { disturbing, disturbingAtScale } from './disturbed.ts'
import { identity, identityAtScale } from './identity.ts'
import { notifying } from './notify.ts'
import { comparePeers } from './peers.ts'
import { reading, readingAtScale } from './reading.ts'
import { remote } from './remote.ts'
import { type BenchOptions, type Row, Stage } from './stage.ts'
import { starting, startingAtScale } from './starting.ts'
import { writing } from './writing.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    resources: { type: 'string', default: '0' },
    upload: { type: 'string', default: '256' },
    peers: { type: 'boolean', default: false },
  },
})
const options: BenchOptions = {
  turns: values.quick ? 1 : 5,
  durationMs: values.quick ? 300 : 3000,
  resources: Number(values.resources),
  uploadBytes: Number(values.upload) << 20,
}
const usual = [...reading, ...writing, ...starting, ...identity, ...disturbing, ...notifying, ...caching, policies]
const byName = [...readingAtScale, ...startingAtScale, ...identityAtScale, ...disturbingAtScale, ...remote]
const wished = values.only?.split(',')
const claims = wished === undefined ? usual : [...usual, ...byName].filter(({ name }) => wished.includes(name))

const rows: Row[] = []
for (const claim of claims) {
  console.error(`${claim.name} …`)
  await using stage = await Stage.open(options)
  rows.push(...(await claim.run(stage).catch((error: unknown) => [broken(claim.name, error)])))
}
if (values.peers) rows.push(...(await comparePeers(options)))
print(rows)
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`)
process.exitCode = rows.every(({ pass }) => pass) ? 0 : 1

/** One claim that cannot be measured does not lose the others. */
function broken(claim: string, error: unknown): Row {
  console.error(error)
  return { claim, figure: 'failed', limit: '', ratio: Number.NaN, goal: '', pass: false }
}

function print(table: readonly Row[]): void {
  const cells = [
    ['claim', 'figure', 'limit or peer', 'ratio', 'goal', 'pass'],
    ...table.map((row) => [row.claim, row.figure, row.limit, row.ratio.toFixed(2), row.goal, row.pass ? 'yes' : 'NO']),
  ]
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)))
  for (const line of cells)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
}
