// One bundle, dist/xpod.mjs. better-sqlite3 stays outside because its addon is a file of its own; everything else is inside.
// The createRequire banner is for the CommonJS libraries that esbuild leaves a require() in.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { build } from 'esbuild'

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
  } catch {
    return 'unknown'
  }
}

await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/xpod.mjs',
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  legalComments: 'none',
  sourcemap: 'linked',
  external: ['better-sqlite3', 'bufferutil', 'utf-8-validate', 'pg-native'],
  banner: {
    js: "import{createRequire as xpodCreateRequire}from'node:module';const require=xpodCreateRequire(import.meta.url);",
  },
  define: { XPOD_VERSION: JSON.stringify(version), XPOD_COMMIT: JSON.stringify(commit()) },
})
