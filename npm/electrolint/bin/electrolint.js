#!/usr/bin/env node
// Starts the program of this platform's package. Nothing is downloaded and no script runs at installation.
'use strict'

const { spawn } = require('node:child_process')
const { constants } = require('node:os')

function program () {
  if (process.env.ELECTROLINT_BINARY) return process.env.ELECTROLINT_BINARY
  const name = `@electrolint/cli-${process.platform}-${process.arch}`
  try {
    return require.resolve(`${name}/bin/electrolint${process.platform === 'win32' ? '.exe' : ''}`)
  } catch {
    console.error(`electrolint: the package ${name} is not installed.
It is an optional dependency of electrolint: an installation with --omit=optional or --no-optional leaves it out, and a
lockfile that was made on another platform may lack it. Where there is no package for this platform, build the program
from source and name it in ELECTROLINT_BINARY.`)
    process.exit(2)
  }
}

const child = spawn(program(), process.argv.slice(2), { stdio: 'inherit', windowsHide: true })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', error => {
  console.error(`electrolint: cannot start ${program()}: ${error.message}`)
  process.exit(2)
})
// A shell's convention for what a signal ended: 128 and its number.
child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))
