import { EventEmitter } from 'node:events';

/** Anything that structured clone can carry. */
export type Cloneable = unknown;

/** Functions of the host; nested objects are namespaces. */
export interface Api {
  [name: string]: ((...args: any[]) => Cloneable | Promise<Cloneable>) | Api;
}

export interface CreateOptions {
  /** What the sandbox sees as `api.*`. Validate every argument: the sandbox sends whatever it likes. */
  api?: Api;
  /** A policy manifest (docs/policy.md). With one, every function must be in it. */
  policy?: object;
  /** What the host grants at most: an object of the same shape. */
  ceiling?: object;
  /** Accept this lower level where full containment cannot be had. */
  accept?: 'no-namespaces' | 'process';
  /** The program `electrolint-sandbox`. Default: ELECTROLINT_SANDBOX, else the one in this package. */
  program?: string;
}

export interface ExecuteOptions {
  /** Wall-clock limit, 1 to 3600000 ms; default 30000. At the limit the sandbox is destroyed: `TimedOutErr`. */
  timeoutMs?: number;
  /** Aborting destroys the sandbox: `AbortError`. */
  signal?: AbortSignal;
}

export interface Rpc {
  /** Exposes a method to the sandbox's `rpc.call`; a dot makes a namespace. */
  expose(method: string, handler: (...args: any[]) => Cloneable | Promise<Cloneable>): Promise<void>;
  /** Takes a method back; calls that run finish. */
  unexpose(method: string): Promise<boolean>;
  /** Replaces everything that was exposed. */
  exposeObject(object: Api): Promise<void>;
  /** Calls a method that the sandbox exposed. A list is positional arguments, anything else the one named argument. */
  call(method: string, args?: Cloneable, options?: { timeoutMs?: number }): Promise<any>;
  /** Calls without wanting an answer. */
  notify(method: string, args?: Cloneable): void;
}

export class Sandbox extends EventEmitter {
  readonly id: number;
  /** The containment that holds: `full`, `no-namespaces` or `process`. */
  readonly containment: string;
  readonly rpc: Rpc;
  /** Runs `code` as the body of an async function and gives what it returns. */
  execute(code: string, options?: ExecuteOptions): Promise<any>;
  /** Gives the script a new context in the same worker: nothing of the one before is left. For the same principal only. */
  reset(): Promise<void>;
  /** Connects two sandboxes by a message port: `port`, or `port.named(name)`. Both policies need `ports`. */
  connect(other: Sandbox, names?: { name?: string; otherName?: string }): Promise<void>;
  /** The time from a ping to its pong, in milliseconds. */
  ping(): Promise<number>;
  /** Kills the worker; resolves when it is gone. Always clean up. */
  exit(): Promise<void>;
  /** Asks the worker to end, then kills it. */
  kill(): Promise<void>;
  on(event: 'exit', listener: (details: { code: number | null; signal: number | null; reason: string; crash: boolean }) => void): this;
  on(event: 'log', listener: (details: { level: string; text: string }) => void): this;
  on(event: 'stderr', listener: (details: { text: string }) => void): this;
  on(event: 'lockup', listener: () => void): this;
  on(event: 'uncaught', listener: (details: { name: string; message: string; stack: string }) => void): this;
}

export function createSandbox(options?: CreateOptions): Promise<Sandbox>;
