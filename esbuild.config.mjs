// The bundle: dist/xpod.mjs and beside it what is loaded when it is first needed (the OpenID library, mail, single
// commands), so that a start pays for none of it. better-sqlite3 stays outside because its addon is a file of its own.
// The createRequire banner is for the CommonJS libraries that esbuild leaves a require() in.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { build } from 'esbuild'

const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'))

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
  } catch {
    return 'unknown'
  }
}

const { metafile } = await build({
  entryPoints: [{ in: 'src/main.ts', out: 'xpod' }],
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'part-[hash]',
  splitting: true,
  metafile: true,
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

// Parts of older builds; not at once, because a server that runs from one may not have loaded them all.
const keptMs = 3_600_000
for (const name of readdirSync('dist')) {
  const path = `dist/${name}`
  const isOld = Date.now() - statSync(path).mtimeMs > keptMs
  if (name.startsWith('part-') && isOld && !(path in metafile.outputs)) rmSync(path)
}
