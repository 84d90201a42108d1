'use strict'
const assert = require('node:assert/strict')
const { spawn, spawnSync } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { test } = require('node:test')

const shim = path.join(__dirname, '../bin/electrolint.js')
const run = (args, env) => spawnSync(process.execPath, [shim, ...args], { encoding: 'utf8', env: { ...process.env, ...env } })

test('arguments, output and the exit code pass through', () => {
  const { status, stdout } = run(['-e', 'console.log(process.argv[1]); process.exit(3)', 'a b'], { ELECTROLINT_BINARY: process.execPath })
  assert.equal(stdout, 'a b\n')
  assert.equal(status, 3)
})

test('a missing package is named, with the reason', () => {
  const { status, stderr } = run([], { ELECTROLINT_BINARY: '' })
  assert.equal(status, 2)
  assert.match(stderr, new RegExp(`@electrolint/cli-${process.platform}-${process.arch} is not installed`))
  assert.match(stderr, /--omit=optional/)
})

test('a program that cannot be started is an error', () => {
  const { status, stderr } = run([], { ELECTROLINT_BINARY: '/nowhere/electrolint' })
  assert.equal(status, 2)
  assert.match(stderr, /cannot start \/nowhere\/electrolint/)
})

test('a signal reaches the program', { skip: process.platform === 'win32' }, async () => {
  const script = "process.on('SIGTERM', () => process.exit(7)); console.log('up'); setInterval(() => {}, 1000)"
  const child = spawn(process.execPath, [shim, '-e', script], {
    env: { ...process.env, ELECTROLINT_BINARY: process.execPath },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 7)
})

test('a program that a signal ends gives 128 and its number', { skip: process.platform === 'win32' }, () => {
  const { status } = run(['-e', "process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000)"], { ELECTROLINT_BINARY: process.execPath })
  assert.equal(status, 137)
})

test('versions of the packages are one', () => {
  const { version, optionalDependencies } = require('../package.json')
  for (const [name, wanted] of Object.entries(optionalDependencies)) assert.equal(wanted, version, name)
})
