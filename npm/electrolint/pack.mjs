// Packs the platform package around a program, and the main package:
//   node pack.mjs --binary target/release/electrolint --platform linux-x64 --out DIR
// Prints the path of each archive.
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { binary: { type: 'string' }, platform: { type: 'string' }, out: { type: 'string', default: '.' } }
})
const here = dirname(fileURLToPath(import.meta.url))
const main = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))
const out = resolve(values.out)
mkdirSync(out, { recursive: true })

function pack (folder) {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const printed = execFileSync(npm, ['pack', '--json', '--pack-destination', out], { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' })
  const packed = JSON.parse(printed)
  const { filename } = Array.isArray(packed) ? packed[0] : Object.values(packed)[0]
  console.log(join(out, filename.replace('@', '').replace('/', '-')))
}

if (values.binary) {
  const [os, cpu] = values.platform.split('-')
  const folder = mkdtempSync(join(tmpdir(), 'electrolint-'))
  const program = join(folder, 'bin', os === 'win32' ? 'electrolint.exe' : 'electrolint')
  mkdirSync(dirname(program))
  copyFileSync(values.binary, program)
  chmodSync(program, 0o755)
  const description = {
    name: `@electrolint/cli-${values.platform}`,
    version: main.version,
    description: `The program of electrolint for ${values.platform}`,
    license: main.license,
    os: [os],
    cpu: [cpu],
    files: ['bin'],
    preferUnplugged: true
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(description, null, 2) + '\n')
  pack(folder)
}
pack(here)
