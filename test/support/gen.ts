// npm run gen: writes what is made from tables of the program.

import { mkdirSync, writeFileSync } from 'node:fs'

import { generatedFiles, root } from './generated.ts'

for (const folder of ['man/', 'completions/']) mkdirSync(new URL(folder, root), { recursive: true })
for (const [path, text] of generatedFiles()) writeFileSync(new URL(path, root), text)
