// `npm run fuzz [-- seconds a target] [seed] [target]`: runs every target for a while (10 s) and prints the seed; a finding is
// printed with its input and ends with status 1. The same seed gives the same inputs in the same order.

import { type Finding, fuzz } from './target.ts'
import { targets } from './targets/all.ts'

const [seconds = '10', seedText, only] = process.argv.slice(2)
const seed = seedText === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(seedText)
console.log(`seed ${seed}, ${seconds} s a target`)

for (const target of targets) {
  if (only !== undefined && only !== target.name) continue
  const end = performance.now() + Number(seconds) * 1000
  let inputs = 0
  const found = await fuzz(target, { seed, goesOn: (done) => (inputs = done) >= 0 && performance.now() < end })
  console.log(`${target.name.padEnd(14)} ${inputs} inputs`)
  if (typeof found === 'object') report(found)
}

function report({ target, seed: with_, number, input, why }: Finding): void {
  process.exitCode = 1
  console.log(`FOUND by ${target}, seed ${with_}, input ${number}\n${why}\ninput: ${JSON.stringify(input)}`)
}
