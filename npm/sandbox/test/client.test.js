'use strict';

// ELECTROLINT_SANDBOX names the program under test.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { after, test } = require('node:test');
const { createSandbox } = require('../index.js');
const { encode, decode } = require('../value.js');

const open = [];
const create = async (options) => {
  const sandbox = await createSandbox(options);
  open.push(sandbox);
  return sandbox;
};
after(() => Promise.all(open.map((sandbox) => sandbox.exit())));

test('the quick start', async () => {
  const sandbox = await create();
  try {
    assert.equal(await sandbox.execute('return 2 + 2'), 4);
  } finally {
    sandbox.exit();
  }
});

test('api functions', async () => {
  const sandbox = await create({
    api: {
      add: async (a, b) => a + b,
      greet: async (name) => `Hello, ${name}!`,
      fail: async () => { throw new Error('API method failed'); },
      deep: { echo: (value) => value },
    },
  });
  assert.equal(await sandbox.execute('return await api.add(10, 5)'), 15);
  assert.equal(await sandbox.execute("return await api.greet('World')"), 'Hello, World!');
  await assert.rejects(sandbox.execute('return await api.fail()'), { message: 'API method failed' });
  assert.equal(await sandbox.execute("return await api.fail().catch((e) => 'caught ' + e.message)"), 'caught API method failed');
  const shared = await sandbox.execute('const s = [7]; return await api.deep.echo({ z: s, a: { y: s, b: s } })');
  assert.deepEqual([Object.keys(shared), shared.a.y === shared.z, shared.a.b], [['z', 'a'], true, [7]]);
  assert.deepEqual(await sandbox.execute('return await api.deep.echo(new Map([[1, new Set([2n])]]))'), new Map([[1, new Set([2n])]]));
});

test('errors do not kill the sandbox', async () => {
  const sandbox = await create();
  await assert.rejects(sandbox.execute("throw new Error('something broke')"), (error) => error.message === 'something broke' && /sandbox\.js:1/.test(error.stack));
  await sandbox.execute("throw new Error('second')").catch(() => {});
  assert.equal(await sandbox.execute('return 42'), 42);
});

test('a timeout and an abort destroy it', async () => {
  const slow = await create();
  await assert.rejects(slow.execute('while (true) {}', { timeoutMs: 100 }), { name: 'TimedOutErr' });
  await assert.rejects(slow.execute('return 1'), { name: 'SandboxGone' });
  const controller = new AbortController();
  const sandbox = await create();
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(sandbox.execute('return new Promise(() => {})', { signal: controller.signal }), { name: 'AbortError' });
  const early = await create();
  await assert.rejects(early.execute('return 1', { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('rpc both ways and events', async () => {
  const sandbox = await create();
  await sandbox.rpc.expose('host.double', (n) => n * 2);
  await sandbox.execute("rpc.expose('inner.add', async (a, b) => (await rpc.call('host.double', [a])) + b); rpc.expose('named', ({ x }) => x)");
  assert.equal(await sandbox.rpc.call('inner.add', [4, 1]), 9);
  assert.equal(await sandbox.rpc.call('named', { x: 'y' }), 'y');
  await assert.rejects(sandbox.rpc.call('missing'), { code: -32601 });
  const logged = new Promise((resolve) => sandbox.once('log', resolve));
  await sandbox.execute("console.warn('hello', { a: 1 })");
  assert.deepEqual(await logged, { level: 'warn', text: 'hello {a: 1}' });
  assert.equal(typeof (await sandbox.ping()), 'number');
  const exited = new Promise((resolve) => sandbox.once('exit', resolve));
  await sandbox.exit();
  assert.equal((await exited).reason, 'exit was called');
});

test('a policy is checked and holds', async () => {
  await assert.rejects(createSandbox({ policy: { version: 1, surprise: 1 } }), /unknown field/);
  const policy = { version: 1, api: { add: { args: [{ type: 'number' }] } } };
  await assert.rejects(createSandbox({ policy, api: { other() {} } }), /does not list/);
  const sandbox = await create({ policy, api: { add: (n) => n + 1 } });
  assert.equal(await sandbox.execute('return await api.add(1)'), 2);
  await assert.rejects(sandbox.execute("return await api.add('1')"), TypeError);
});

test('message ports and reset', async () => {
  const policy = { version: 1, ports: 1 };
  const [a, b] = await Promise.all([create({ policy }), create({ policy })]);
  await a.connect(b);
  await assert.rejects(a.connect(b, { name: 'more' }), /allows 1 message ports/);
  await b.execute('port.onmessage = ({ data }) => port.postMessage([data, new Date(7)])');
  const answer = await a.execute('return new Promise((r) => { port.onmessage = ({ data }) => r(data); port.postMessage({ n: 1n }); })');
  assert.deepEqual(answer, [{ n: 1n }, new Date(7)]);
  await a.execute('globalThis.kept = 1');
  await a.reset();
  assert.equal(await a.execute('return typeof kept'), 'undefined');
});

test('the program of a packaged app lies beside the archive', async () => {
  const fs = require('node:fs');
  const path = require('node:path');
  const base = fs.mkdtempSync(path.join(require('node:os').tmpdir(), 'packaged-'));
  const own = path.join('node_modules', '@electrolint', 'sandbox');
  const inside = path.join(base, 'app.asar', own);
  const outside = path.join(base, 'app.asar.unpacked', own, 'bin');
  fs.mkdirSync(inside, { recursive: true });
  fs.mkdirSync(outside, { recursive: true });
  for (const file of ['index.js', 'value.js']) fs.copyFileSync(path.join(__dirname, '..', file), path.join(inside, file));
  fs.copyFileSync(process.env.ELECTROLINT_SANDBOX, path.join(outside, 'electrolint-sandbox'));
  const code = `require(${JSON.stringify(inside)}).createSandbox().then(async (s) => { console.log(await s.execute('return 2 + 2')); await s.exit(); })`;
  const { ELECTROLINT_SANDBOX, ...env } = process.env;
  const printed = require('node:child_process').execFileSync(process.execPath, ['-e', code], { env, encoding: 'utf8' });
  fs.rmSync(base, { recursive: true });
  assert.equal(printed, '4\n');
});

test('values survive both directions', () => {
  const cycle = { list: [] };
  cycle.list.push(cycle);
  const values = [undefined, null, -0, NaN, 5n, '\ud800', new Date(1), /a/g, new Map([[cycle, 1]]), new Uint16Array([1]), { $type: 'x', ['__proto__']: 1 }, cycle, new RangeError('r')];
  const back = decode(JSON.parse(JSON.stringify(encode(values))));
  assert.deepEqual(back.slice(0, 8), values.slice(0, 8));
  assert.equal(back[11].list[0], back[11]);
  assert.equal([...back[8].keys()][0], back[11]);
  assert.deepEqual(Object.keys(back[10]), ['$type', '__proto__'].filter((key) => Object.keys(values[10]).includes(key)));
  assert.ok(back[12] instanceof RangeError && back[12].message === 'r');
  const ordered = decode(encode({ z: [1], a: [2], 10: 0, 9: 0 }));
  assert.deepEqual(Object.keys(ordered), ['9', '10', 'z', 'a']);
  assert.throws(() => encode(() => {}), { name: 'DataCloneError' });
});

test('nothing is left when the client is killed', async () => {
  const code = "require(process.argv[1]).createSandbox().then((s) => { console.log(s.id); s.execute('while (true) {}').catch(() => {}); })";
  const client = spawn(process.execPath, ['-e', code, require.resolve('../index.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => client.stdout.once('data', resolve));
  const fs = require('node:fs');
  const children = (pid) => fs.readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && parent(entry) === pid).map(Number);
  const parent = (pid) => {
    try { return Number(fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1]); } catch { return -1; }
  };
  const tree = (pid) => children(pid).flatMap((child) => [child, ...tree(child)]);
  const all = tree(client.pid);
  assert.ok(all.length >= 4, `${all}`);
  client.kill('SIGKILL');
  const alive = () => all.filter((pid) => { try { return !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8')); } catch { return false; } });
  const until = Date.now() + 30_000;
  while (alive().length > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(alive(), []);
});
