// The engine beside other ways to run JavaScript apart: one run, rounds that alternate, medians and ratios.
//
//   node npm/sandbox/bench/peers.mjs [ROUNDS]        (15 by default)
//
// Needs release builds: cargo build --release -p electrolint-sandbox --bins --examples. isolated-vm and
// quickjs-emscripten are measured when they are installed where this script finds them (NODE_PATH); run it as root for
// memory. The bars at the end say what must hold; one that is missed is exit code 1.

import { fork, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';

const self = fileURLToPath(import.meta.url);
const root = path.resolve(path.dirname(self), '../../..');
const require = createRequire(self);
const target = process.env.CARGO_TARGET_DIR ?? path.join(root, 'target');
const program = path.join(target, 'release/electrolint-sandbox');
const CALLS = 2000;
const MANY = 10;

const run = new Function('add', 'code', 'return (async () => { return await (new (Object.getPrototypeOf(async () => {}).constructor)("api", code))({ add }) })()');

// The child of fork and worker_threads: takes code, asks the parent for `add`.
function serve(receive, send) {
  let next = 0;
  const waiting = new Map();
  const add = (a, b) => new Promise((resolve) => { waiting.set(++next, resolve); send({ call: next, a, b }); });
  receive(async (message) => {
    if (message.answer !== undefined) { waiting.get(message.answer)(message.value); waiting.delete(message.answer); return; }
    send({ result: await run(add, message.code) });
  });
}

if (process.argv[2] === '--child') {
  serve((f) => process.on('message', f), (m) => process.send(m));
} else if (!isMainThread) {
  serve((f) => parentPort.on('message', f), (m) => parentPort.postMessage(m));
}
const isChild = process.argv[2] === '--child' || !isMainThread;

function client(send, on, end) {
  let done;
  on((message) => {
    if (message.call !== undefined) send({ answer: message.call, value: message.a + message.b });
    else done(message.result);
  });
  return { execute: (code) => new Promise((resolve) => { done = resolve; send({ code }); }), end };
}

const peers = {
  fork: () => {
    const child = fork(self, ['--child'], { serialization: 'advanced' });
    return client((m) => child.send(m), (f) => child.on('message', f), () => new Promise((r) => { child.on('exit', r); child.kill('SIGKILL'); }));
  },
  worker_threads: () => {
    const worker = new Worker(self);
    return client((m) => worker.postMessage(m), (f) => worker.on('message', f), () => worker.terminate());
  },
};

const ivm = isChild ? undefined : optional('isolated-vm');
if (ivm) {
  peers['isolated-vm'] = () => {
    const isolate = new ivm.Isolate({ memoryLimit: 64 });
    const context = isolate.createContextSync();
    context.global.setSync('add', new ivm.Reference(async (a, b) => a + b));
    context.evalSync('globalThis.api = { add: (a, b) => add.apply(undefined, [a, b], { result: { promise: true } }) }');
    return { execute: (code) => context.eval(`(async () => { ${code} })()`, { promise: true }), end: async () => isolate.dispose() };
  };
}

const quickjs = isChild ? undefined : optional('quickjs-emscripten');
if (quickjs) {
  const QuickJS = await quickjs.getQuickJS();
  peers['quickjs-emscripten'] = () => {
    const context = QuickJS.newContext();
    const add = context.newFunction('add', (a, b) => {
      const promise = context.newPromise();
      const value = context.getNumber(a) + context.getNumber(b);
      queueMicrotask(() => { promise.resolve(context.newNumber(value)); promise.settled.then(context.runtime.executePendingJobs); });
      return promise.handle;
    });
    const api = context.newObject();
    context.setProp(api, 'add', add);
    context.setProp(context.global, 'api', api);
    add.dispose();
    api.dispose();
    const execute = async (code) => {
      const promise = context.unwrapResult(context.evalCode(`(async () => { ${code} })()`));
      const settled = context.resolvePromise(promise);
      context.runtime.executePendingJobs();
      const value = context.unwrapResult(await settled);
      promise.dispose();
      const result = context.dump(value);
      value.dispose();
      return result;
    };
    return { execute, end: async () => context.dispose() };
  };
}

function optional(name) {
  try { return require(name); } catch { return undefined; }
}

async function main() {
  const rounds = Number(process.argv[2] ?? 15);
  const measure = spawn(path.join(target, 'release/examples/measure'), [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: measure.stdout })[Symbol.asyncIterator]();
  const engine = async (command) => { measure.stdin.write(`${command}\n`); return Number((await lines.next()).value); };
  const { createSandbox } = require('../index.js');
  const add = async (a, b) => a + b;
  const figures = new Map();
  const note = (what, who, value) => figures.set(what, (figures.get(what) ?? new Map()).set(who, [...(figures.get(what)?.get(who) ?? []), value]));

  // Before the Node client starts its program: pages that a process outside the tree has too count by halves, and each
  // process that comes to the tree would seem to have more of them.
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    note('memory', 'engine', await engine(`memory ${MANY}`));
    for (const [name, make] of Object.entries(peers)) {
      const before = pss(process.pid);
      const all = Array.from({ length: MANY }, make);
      for (const peer of all) await peer.execute('return 1');
      note('memory', name, (pss(process.pid) - before) / MANY);
      for (const peer of all) await peer.end();
    }
  }
  const start = performance.now();
  const first = await createSandbox({ program, api: { add } });
  await first.execute('return 2+2');
  const firstCreate = performance.now() - start;
  for (let round = 0; round < rounds; round++) {
    note('create', 'engine, zygote', await engine('zygote'));
    note('create', 'engine, cold', await engine('cold'));
    note('rpc', 'engine', await engine(`rpc ${CALLS}`));
    note('kill', 'engine', await engine('kill'));
    note('create', 'engine, by Node client', await timed(async () => {
      const sandbox = await createSandbox({ program, api: { add } });
      await sandbox.execute('return 2+2');
      return () => sandbox.exit();
    }));
    for (const [name, make] of Object.entries(peers)) {
      note('create', name, await timed(async () => {
        const peer = make();
        await peer.execute('return 2+2');
        return peer.end;
      }));
      const peer = make();
      const began = performance.now();
      await peer.execute(`let n = 0; for (let i = 0; i < ${CALLS}; i++) n = await api.add(n, 1); return n`);
      note('rpc', name, CALLS / ((performance.now() - began) / 1000));
      await peer.end();
    }
  }
  const probes = await engine('probes');
  await first.exit();
  measure.stdin.end();
  print(figures, rounds, firstCreate);
  bars(figures, probes);
}

async function timed(work) {
  const start = performance.now();
  const end = await work();
  const time = performance.now() - start;
  await end();
  return time;
}

/** Proportional set size of a process and its descendants, in bytes. */
function pss(pid) {
  let total = 0;
  const queue = [pid];
  while (queue.length > 0) {
    const at = queue.pop();
    try {
      total += Number(/^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${at}/smaps_rollup`, 'utf8'))[1]) * 1024;
      for (const task of fs.readdirSync(`/proc/${at}/task`)) {
        queue.push(...fs.readFileSync(`/proc/${at}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
      }
    } catch { /* it has ended */ }
  }
  return total;
}

function median(list) {
  const s = [...list].sort((a, b) => a - b);
  return s.length % 2 ? s[s.length >> 1] : (s[s.length / 2 - 1] + s[s.length / 2]) / 2;
}

function print(figures, rounds, firstCreate) {
  const titles = { create: ['create to first result', 'ms', 'engine, zygote'], rpc: ['calls', '/s', 'engine'], memory: ['memory of one more', 'kB', 'engine'], kill: ['loop outlives its limit by', 'ms', 'engine'] };
  console.log(`${rounds} rounds, medians (least to most); the first create of the Node client, with its program, took ${firstCreate.toFixed(1)} ms`);
  for (const [what, byName] of figures) {
    const [title, unit, ours] = titles[what];
    const scale = unit === 'kB' ? 1024 : 1;
    const base = median(byName.get(ours)) / scale;
    console.log(`\n${title}, ${unit}`);
    for (const [name, list] of byName) {
      const m = median(list) / scale;
      console.log(`  ${name.padEnd(24)}${m.toFixed(2).padStart(12)}  (${(Math.min(...list) / scale).toFixed(2)} to ${(Math.max(...list) / scale).toFixed(2)})  ÷ ${ours}: ${(m / base).toFixed(2)}`);
    }
  }
}

/** What must hold, and whether it does; the exit code says it too. */
function bars(figures, probes) {
  const of = (what, who) => (figures.get(what)?.has(who) ? median(figures.get(what).get(who)) : undefined);
  const list = [
    ['create, zygote: fork ÷ ours', of('create', 'fork') / of('create', 'engine, zygote'), 50],
    ['create, zygote: isolated-vm ÷ ours', of('create', 'isolated-vm') / of('create', 'engine, zygote'), 1],
    ['create, cold: fork ÷ ours', of('create', 'fork') / of('create', 'engine, cold'), 10],
    ['create, by Node client: fork ÷ ours', of('create', 'fork') / of('create', 'engine, by Node client'), 10],
    ['calls: ours ÷ fork', of('rpc', 'engine') / of('rpc', 'fork'), 2],
    ['memory: fork ÷ ours', of('memory', 'fork') / of('memory', 'engine'), 20],
    ['a loop outlives its limit: 20 ms ÷ ours', 20 / of('kill', 'engine'), 1],
    ['answers beside an attack within 100 ms, of 100', probes * 100, 99],
  ];
  console.log('\nbars');
  for (const [what, value, least] of list) {
    // A peer that is not installed is not measured.
    if (Number.isNaN(value)) { console.log(`  ${what}: not measured`); continue; }
    const holds = value >= least;
    if (!holds) process.exitCode = 1;
    console.log(`  ${holds ? 'holds ' : 'MISSED'}  ${what}: ${value.toFixed(2)}, at least ${least}`);
  }
}

if (!isChild) await main();
