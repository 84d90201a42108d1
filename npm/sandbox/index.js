'use strict';

// A client of `electrolint-sandbox serve`. One program for each application, started with the first sandbox; it ends,
// and every sandbox with it, when this process does.

const { spawn } = require('node:child_process');
const { EventEmitter } = require('node:events');
const path = require('node:path');
const { encode, decode, toError } = require('./value.js');

const PROTOCOL = 1;

/** Where the program is: the option, ELECTROLINT_SANDBOX, or the one that this package carries. Never from PATH. */
function findProgram(option) {
  if (option !== undefined) return option;
  if (process.env.ELECTROLINT_SANDBOX) return process.env.ELECTROLINT_SANDBOX;
  const name = process.platform === 'win32' ? 'electrolint-sandbox.exe' : 'electrolint-sandbox';
  // An archive cannot be executed from; Electron's packagers put programs beside it.
  const folder = __dirname.replace(/([\\/])app\.asar([\\/]|$)/, '$1app.asar.unpacked$2');
  return path.join(folder, 'bin', name);
}

class Program {
  constructor(file) {
    this.pending = new Map();
    this.sandboxes = new Map();
    this.lastId = 0;
    this.gone = undefined;
    this.child = spawn(file, ['serve'], { stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true });
    this.child.on('error', (error) => this.end(`cannot start ${file}: ${error.message}`));
    this.child.on('exit', (code, signal) => this.end(`electrolint-sandbox ended: ${signal ?? code}`));
    // What was written to a program that has ended is told by its end.
    this.child.stdin.on('error', () => {});
    let rest = '';
    this.child.stdout.setEncoding('utf8');
    this.child.stdout.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      for (const line of lines) this.take(JSON.parse(line));
    });
    this.hold();
    this.send({ type: 'hello', version: PROTOCOL });
  }

  /** What is awaited and every sandbox that runs keep the event loop alive, as a child process would. */
  hold() {
    const wanted = this.pending.size > 0 || this.sandboxes.size > 0;
    for (const handle of [this.child, this.child.stdin, this.child.stdout]) {
      const change = wanted ? handle.ref : handle.unref;
      if (typeof change === 'function') change.call(handle);
    }
  }

  send(message) {
    if (this.gone === undefined) this.child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** `make` runs as the answer is read, before the message that follows it. */
  ask(message, make = (value) => value) {
    if (this.gone !== undefined) return { id: 0, answer: Promise.reject(gone(this.gone)) };
    const id = ++this.lastId;
    const answer = new Promise((resolve, reject) => this.pending.set(id, { resolve: (value) => resolve(make(value)), reject }));
    this.hold();
    this.send({ ...message, id });
    return { id, answer };
  }

  take(message) {
    switch (message.type) {
      case 'result':
      case 'error': {
        const waiting = this.pending.get(message.id);
        this.pending.delete(message.id);
        this.hold();
        if (waiting === undefined) return;
        if (message.type === 'error') waiting.reject(toError(message.error));
        else waiting.resolve(message.value);
        return;
      }
      case 'call': {
        this.answer(message);
        return;
      }
      case 'event': {
        const sandbox = this.sandboxes.get(message.sandbox);
        if (message.event === 'exit') {
          this.sandboxes.delete(message.sandbox);
          this.hold();
        }
        sandbox?.take(message);
      }
    }
  }

  async answer({ sandbox, call, name, args }) {
    let reply;
    try {
      const handler = this.sandboxes.get(sandbox)?.handlers.get(name);
      if (handler === undefined) throw new Error(`the method ${name} does not exist`);
      const list = decode(args);
      reply = { value: encode(await (Array.isArray(list) ? handler(...list) : handler(list))) };
    } catch (error) {
      reply = { error: { name: `${error?.name ?? 'Error'}`, message: `${error?.message ?? error}` } };
    }
    this.send({ type: 'answer', call, ...reply });
  }

  end(why) {
    if (this.gone !== undefined) return;
    this.gone = why;
    programs.forEach((program, key) => program === this && programs.delete(key));
    for (const { reject } of this.pending.values()) reject(gone(why));
    this.pending.clear();
    for (const sandbox of this.sandboxes.values()) sandbox.take({ event: 'exit', code: null, signal: null, reason: why, crash: true });
    this.sandboxes.clear();
  }
}

function gone(why) {
  const error = new Error(`the sandbox has ended: ${why}`);
  error.name = 'SandboxGone';
  return error;
}

function aborted() {
  const error = new Error('the execution was aborted');
  error.name = 'AbortError';
  return error;
}

const programs = new Map();

function programAt(file) {
  if (!programs.has(file)) programs.set(file, new Program(file));
  return programs.get(file);
}

/** Functions of an object by dotted name. */
function flatten(object, prefix = '', found = new Map()) {
  for (const [key, value] of Object.entries(object)) {
    if (typeof value === 'function') found.set(prefix + key, value.bind(object));
    else if (typeof value === 'object' && value !== null) flatten(value, `${prefix}${key}.`, found);
  }
  return found;
}

class Rpc {
  #program;
  #sandbox;
  #callTimeout;
  #names = new Set();

  constructor(program, sandbox, callTimeout) {
    this.#program = program;
    this.#sandbox = sandbox;
    this.#callTimeout = callTimeout;
  }

  async expose(method, handler) {
    if (typeof handler !== 'function') throw new TypeError('a method is a function');
    const before = this.#sandbox.handlers.get(method);
    this.#sandbox.handlers.set(method, handler);
    try {
      await this.#program.ask({ type: 'rpc-expose', sandbox: this.#sandbox.id, method }).answer;
      this.#names.add(method);
    } catch (error) {
      if (before === undefined) this.#sandbox.handlers.delete(method);
      else this.#sandbox.handlers.set(method, before);
      throw error;
    }
  }

  async unexpose(method) {
    this.#names.delete(method);
    return this.#program.ask({ type: 'rpc-unexpose', sandbox: this.#sandbox.id, method }).answer;
  }

  async exposeObject(object) {
    await Promise.all([...this.#names].map((name) => this.unexpose(name)));
    for (const [name, handler] of flatten(object)) await this.expose(name, handler);
  }

  call(method, args = [], { timeoutMs = this.#callTimeout } = {}) {
    const message = { type: 'rpc-call', sandbox: this.#sandbox.id, method, args: encode(args) };
    if (timeoutMs >= 0) message.timeoutMs = timeoutMs;
    return this.#program.ask(message).answer.then(decode);
  }

  notify(method, args = []) {
    this.#program.send({ type: 'rpc-notify', sandbox: this.#sandbox.id, method, args: encode(args) });
  }
}

class Sandbox extends EventEmitter {
  #program;

  constructor(program, { sandbox, containment }, handlers, callTimeout) {
    super();
    this.#program = program;
    this.id = sandbox;
    this.containment = containment;
    this.handlers = handlers;
    this.rpc = new Rpc(program, this, callTimeout);
    Object.defineProperty(this, 'handlers', { enumerable: false });
    program.sandboxes.set(sandbox, this);
    program.hold();
  }

  take({ event, type, sandbox, ...details }) {
    this.emit(event, details);
  }

  async execute(code, { timeoutMs, signal } = {}) {
    if (signal?.aborted) {
      this.exit();
      throw aborted();
    }
    const message = { type: 'execute', sandbox: this.id, code: `${code}` };
    if (timeoutMs !== undefined) message.timeoutMs = timeoutMs;
    const { id, answer } = this.#program.ask(message);
    const abort = () => this.#program.send({ type: 'abort', id });
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return decode(await answer);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Gives the script a new context in the same worker; what was running ends, message ports are closed. */
  async reset() {
    await this.#program.ask({ type: 'reset', sandbox: this.id }).answer;
  }

  /** Connects two sandboxes by a message port that each sees as `port`, or as `port.named(name)`. */
  async connect(other, { name = '', otherName = '' } = {}) {
    if (!(other instanceof Sandbox) || other.#program !== this.#program) throw new TypeError('expected a sandbox of the same program');
    await this.#program.ask({ type: 'connect', sandbox: this.id, other: other.id, name, otherName }).answer;
  }

  /** The time from a ping to its pong, in milliseconds. */
  ping() {
    return this.#program.ask({ type: 'ping', sandbox: this.id }).answer;
  }

  /** Kills the worker; resolves when it is gone. Safe to call twice and not to wait for. */
  exit() {
    return this.#end('exit');
  }

  /** Asks the worker to end, then kills it. */
  kill() {
    return this.#end('kill');
  }

  #end(type) {
    const { answer } = this.#program.ask({ type, sandbox: this.id });
    // A program that has ended has no sandbox left.
    return answer.then(() => {}, () => {});
  }

  [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    return this.exit();
  }
}

async function createSandbox({ api = {}, policy, ceiling, accept, program: file } = {}) {
  const program = programAt(findProgram(file));
  const handlers = flatten(api);
  const message = { type: 'create', api: [...handlers.keys()] };
  if (policy !== undefined) message.policy = policy;
  if (ceiling !== undefined) message.ceiling = ceiling;
  if (accept !== undefined) message.accept = accept;
  const callTimeout = policy?.rpc?.callTimeoutMs ?? -1;
  return program.ask(message, (created) => new Sandbox(program, created, handlers, callTimeout)).answer;
}

module.exports = { createSandbox, Sandbox };
