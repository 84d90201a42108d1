// Requests a second and latency of a route of an addon, beside the same handler in a worker_threads worker behind node:http; one
// run, interleaved rounds. Usage: node addons.mjs PROGRAM [SECONDS of a round] [CONNECTIONS]
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

const answer = (query) => ({ hello: query.name, sum: Number(query.a) + Number(query.b) });

if (!isMainThread) {
  parentPort.on('message', ({ id, query }) => parentPort.postMessage({ id, body: JSON.stringify(answer(query)) }));
} else {
  const [program, seconds = '2', connections = '16'] = process.argv.slice(2);
  if (!program) {
    console.error('usage: node addons.mjs PROGRAM [SECONDS] [CONNECTIONS]');
    process.exit(2);
  }
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-'));
  const folder = path.join(root, 'addons/a');
  fs.mkdirSync(folder, { recursive: true });
  const inbound = { http: [{ method: 'GET', path: 'x', requireToken: false }], maxConcurrent: 1024 };
  fs.writeFileSync(path.join(folder, 'addon.json'), JSON.stringify({ version: 1, id: 'a', main: 'index.js', permissions: ['inbound.http'], inbound }));
  fs.writeFileSync(path.join(root, 'ceiling.json'), JSON.stringify({ version: 1, inbound }));
  fs.writeFileSync(path.join(folder, 'index.js'), `const answer = ${answer}; http.get('x', (request, response) => response.json(answer(request.query)));`);
  const host = spawn(program, ['host', '--json', '--state', path.join(root, 'state'), '--ceiling', path.join(root, 'ceiling.json'), path.join(root, 'addons')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ours = await new Promise((resolve) => {
    let url;
    let rest = '';
    host.stdout.on('data', (part) => {
      const lines = (rest + part).split('\n');
      rest = lines.pop();
      for (const event of lines.map((line) => JSON.parse(line))) {
        if (event.event === 'listening') url = event.url;
        if (event.state === 'running') resolve(`${url}addon/a/x`);
      }
    });
  });

  const worker = new Worker(fileURLToPath(import.meta.url));
  const waiting = new Map();
  let last = 0;
  worker.on('message', ({ id, body }) => {
    waiting.get(id)(body);
    waiting.delete(id);
  });
  const server = http.createServer(async (request, response) => {
    const query = Object.fromEntries(new URL(request.url, 'http://x').searchParams);
    const body = await new Promise((resolve) => {
      waiting.set((last += 1), resolve);
      worker.postMessage({ id: last, query });
    });
    response.setHeader('content-type', 'application/json');
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const theirs = `http://127.0.0.1:${server.address().port}/x`;

  // The client is a process of its own for both, so that neither server shares its thread.
  const client = `
    const http = require('node:http');
    const [url, seconds, connections] = process.argv.slice(1);
    const agent = new http.Agent({ keepAlive: true, maxSockets: Number(connections) });
    const until = Date.now() + Number(seconds) * 1000;
    const times = [];
    const one = () => new Promise((resolve, reject) => {
      const began = process.hrtime.bigint();
      http.get(url + '?name=x&a=1&b=2', { agent }, (answer) => {
        let text = '';
        answer.on('data', (part) => { text += part; });
        answer.on('end', () => {
          if (answer.statusCode !== 200 || JSON.parse(text).sum !== 3) reject(new Error(answer.statusCode + ' ' + text));
          times.push(Number(process.hrtime.bigint() - began) / 1e6);
          resolve();
        });
      }).on('error', reject);
    });
    const loop = async () => { while (Date.now() < until) await one(); };
    Promise.all(Array.from({ length: Number(connections) }, loop)).then(() => {
      times.sort((a, b) => a - b);
      console.log(JSON.stringify({ rate: times.length / Number(seconds), median: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)] }));
      process.exit(0);
    });`;
  const measure = (url, many) => new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', client, url, seconds, many], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (part) => { text += part; });
    child.on('exit', (code) => (code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`the client ended with ${code}`))));
  });

  const middle = (list, key) => list.map((one) => one[key]).sort((a, b) => a - b)[list.length >> 1];
  for (const many of ['1', connections]) {
    const rounds = { ours: [], theirs: [] };
    await measure(ours, many);
    await measure(theirs, many);
    for (let round = 0; round < 5; round += 1) {
      rounds.ours.push(await measure(ours, many));
      rounds.theirs.push(await measure(theirs, many));
    }
    const row = (list) => `${middle(list, 'rate').toFixed(0)} requests/s, median ${middle(list, 'median').toFixed(2)} ms, 99th ${middle(list, 'p99').toFixed(2)} ms`;
    console.log(`${many} connections`);
    console.log(`  addon          ${row(rounds.ours)}`);
    console.log(`  worker_threads ${row(rounds.theirs)}`);
    console.log(`  ratio          ${(middle(rounds.ours, 'rate') / middle(rounds.theirs, 'rate')).toFixed(2)}`);
  }
  await worker.terminate();
  server.close();
  host.kill('SIGINT');
  await new Promise((resolve) => host.on('exit', resolve));
  fs.rmSync(root, { recursive: true });
  process.exit(0);
}
