'use strict';

// The example addon of fixtures/addons/board under `electrolint-sandbox host`, driven by the client of socket.io and, where there is
// one, by a browser. ELECTROLINT_SANDBOX names the program under test, ELECTROLINT_NODE_MODULES a folder that has socket.io-client.

const assert = require('node:assert/strict');
const { execFile, spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');

const ID = 'com.example.board';
const board = path.join(__dirname, '../../../fixtures/addons/board');
const program = process.env.ELECTROLINT_SANDBOX;
const skip = !program && 'ELECTROLINT_SANDBOX names no program';

const socketIo = (() => {
  try {
    return require(require.resolve('socket.io-client', { paths: [process.env.ELECTROLINT_NODE_MODULES, __dirname].filter(Boolean) }));
  } catch {
    return undefined;
  }
})();
const browser = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore', timeout: 60_000 }).status === 0,
);

let root;
let host;
let events;

// The next event that `pick` wants.
const event = (pick) => new Promise((resolve, reject) => {
  const late = setTimeout(() => reject(new Error('no such event')), 60_000);
  const look = () => {
    const found = events.seen.find(pick);
    if (found === undefined) return events.wake.push(look);
    clearTimeout(late);
    return resolve(found);
  };
  look();
});

const control = (method, target) => new Promise((resolve, reject) => {
  const asked = http.request({ socketPath: path.join(root, 'control.sock'), method, path: target, agent: false }, (answer) => {
    let text = '';
    answer.on('data', (part) => { text += part; });
    answer.on('end', () => resolve(JSON.parse(text)));
  });
  asked.on('error', reject).end();
});

before(async () => {
  if (skip) return;
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'board-'));
  fs.cpSync(board, path.join(root, 'addons/board'), { recursive: true });
  host = spawn(program, ['host', '--json', '--state', path.join(root, 'state'), '--control', path.join(root, 'control.sock'), path.join(root, 'addons')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  events = { seen: [], wake: [] };
  let rest = '';
  host.stdout.on('data', (part) => {
    const lines = (rest + part).split('\n');
    rest = lines.pop();
    events.seen.push(...lines.map((line) => JSON.parse(line)));
    for (const wake of events.wake.splice(0)) wake();
  });
  await event((one) => one.event === 'state' && one.state === 'running');
});

after(async () => {
  if (skip) return;
  const ended = new Promise((resolve) => host.on('exit', resolve));
  host.kill('SIGINT');
  assert.equal(await ended, 0);
  fs.rmSync(root, { recursive: true });
});

const address = async () => (await event((one) => one.event === 'listening')).url;
const token = async () => new URL((await control('GET', `/addons/${ID}/url`)).url).searchParams.get('token');
const post = async (text) => fetch(`${await address()}addon/${ID}/notes`, {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-addon-token': await token() },
  body: JSON.stringify({ text }),
});

test('routes, by the fetch of Node', { skip }, async () => {
  assert.equal((await post('first')).status, 201);
  const base = `${await address()}addon/${ID}/notes`;
  assert.deepEqual(await (await fetch(`${base}?token=${await token()}`)).json(), { title: 'Board', notes: ['first'] });
  assert.equal((await fetch(base)).status, 403);
  // A page elsewhere, as a browser would say.
  const elsewhere = await fetch(base, { method: 'POST', headers: { origin: 'http://evil.example' }, body: 'x' });
  assert.equal(elsewhere.status, 403);
});

for (const transports of [['polling', 'websocket'], ['websocket'], ['polling']]) {
  test(`socket.io-client by ${transports}`, { skip: skip || (!socketIo && 'there is no socket.io-client') }, async () => {
    const base = await address();
    const connect = (name, auth) => socketIo.io(base + name, { path: '/addon/socket.io', transports, auth, forceNew: true, reconnection: false });
    const once = (socket, name) => new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no ${name}`)), 60_000);
      socket.once(name, (...values) => { clearTimeout(late); resolve(values); });
    });
    const socket = connect(`addon/${ID}/live`, { token: await token() });
    try {
      const [notes] = await once(socket, 'notes');
      assert.ok(Array.isArray(notes));
      assert.equal(await socket.timeout(60_000).emitWithAck('count'), notes.length);
      const told = once(socket, 'note');
      assert.equal((await post(`by ${transports}`)).status, 201);
      assert.deepEqual(await told, [`by ${transports}`]);
    } finally {
      socket.close();
    }
    for (const [name, auth] of [[`addon/${ID}/live`, { token: 'wrong' }], [`addon/${ID}/live`, {}], [`addon/${ID}/other`, { token: await token() }]]) {
      const refused = connect(name, auth);
      const [error] = await once(refused, 'connect_error');
      assert.match(error.message, /token|namespace/, name);
      refused.close();
    }
  });
}

test('the page, in a browser', { skip: skip || (!browser && 'there is no browser') }, async () => {
  await post('seen by a browser');
  const { staticUrl } = await control('GET', `/addons/${ID}/url`);
  const profile = path.join(root, 'profile');
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', `--user-data-dir=${profile}`, '--virtual-time-budget=20000', '--dump-dom'];
  const dom = (url) => new Promise((resolve, reject) => {
    execFile(browser, [...args, url], { timeout: 120_000 }, (error, out) => (error ? reject(error) : resolve(out)));
  });
  assert.match(await dom(staticUrl), /<li>seen by a browser<\/li>/);
  // Without the token the page is there, and shows nothing.
  assert.doesNotMatch(await dom(staticUrl.split('?')[0]), /<li>/);
});
