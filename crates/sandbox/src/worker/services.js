// What the host's services look like to a script. Runs once in the zygote, before any script, and gives a function that is
// called with the services that the policy grants, before anything untrusted. Nothing here is a check: the host judges
// every call.
(function () {
  'use strict';
  const { defineProperty, freeze, entries, keys, create } = Object;
  const { stringify, parse } = JSON;
  const { isArray } = Array;
  const isView = ArrayBuffer.isView;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const ignoreBOM = new TextDecoder('utf-8', { ignoreBOM: true });
  const define = (name, value) =>
    defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });

  // Bytes of a string, buffer or view; `undefined` for anything else.
  const bytesOf = (value) => {
    if (typeof value === 'string') return encoder.encode(value);
    if (isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    return undefined;
  };
  const joined = (parts) => {
    if (parts.length === 1) return parts[0];
    let length = 0;
    for (let i = 0; i < parts.length; i += 1) length += parts[i].length;
    const whole = new Uint8Array(length);
    let at = 0;
    for (let i = 0; i < parts.length; i += 1) { whole.set(parts[i], at); at += parts[i].length; }
    return whole;
  };
  const headerList = (headers) => {
    if (headers === undefined || headers === null) return [];
    const list = [];
    if (isArray(headers)) for (const [name, value] of headers) list.push([`${name}`, `${value}`]);
    else for (const [name, value] of entries(headers)) {
      if (isArray(value)) for (const one of value) list.push([name, `${one}`]);
      else list.push([name, `${value}`]);
    }
    return list;
  };
  const has = (list, name) => list.some((pair) => pair[0].toLowerCase() === name);

  // Handlers of events: `on(event, function)` and an `onevent` property. What a handler throws is logged.
  class Emitter {
    #handlers = create(null);
    on(event, handler) {
      if (typeof handler !== 'function') throw new TypeError('a handler is a function');
      (this.#handlers[`${event}`] ??= []).push(handler);
      return this;
    }
    off(event, handler) {
      const list = this.#handlers[`${event}`];
      if (list !== undefined) this.#handlers[`${event}`] = list.filter((one) => one !== handler);
      return this;
    }
    static emit(emitter, event, ...details) {
      const list = [...(emitter.#handlers[event] ?? [])];
      const own = emitter[`on${event}`];
      if (typeof own === 'function') list.push(own);
      for (const handler of list) {
        try {
          const done = handler.apply(emitter, details);
          if (done instanceof Promise) done.catch((error) => Emitter.failed(event, error));
        } catch (error) {
          Emitter.failed(event, error);
        }
      }
      return list.length;
    }
    static failed(event, error) {
      report(`uncaught in a handler of ${event}: ${error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : error}`);
    }
  }
  let report = () => {};

  const network = (call, chunk) => {
    const upload = async (body) => {
      if (body.length <= chunk) return body;
      let id;
      for (let at = 0; at < body.length; at += chunk) id = await call['@net.upload'](id, body.slice(at, at + chunk));
      return id;
    };

    class Response {
      #body;
      constructor(answer, body) {
        this.#body = body;
        const headers = create(null);
        for (const [name, value] of answer.headers) {
          if (name === 'set-cookie') (headers[name] ??= []).push(value);
          else headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
        }
        this.status = answer.status;
        this.ok = answer.status >= 200 && answer.status < 300;
        this.url = answer.url;
        this.headers = headers;
      }
      // The body has arrived: these are at once.
      bytes() { return this.#body.slice(); }
      arrayBuffer() { return this.#body.slice().buffer; }
      text() { return decoder.decode(this.#body); }
      json() { return parse(decoder.decode(this.#body)); }
    }

    const send = async (method, url, body, options) => {
      const headers = headerList(options.headers);
      let bytes;
      if (body !== undefined && body !== null) {
        bytes = bytesOf(body);
        if (bytes === undefined) {
          if (body instanceof URLSearchParams) {
            bytes = encoder.encode(body.toString());
            if (!has(headers, 'content-type')) headers.push(['content-type', 'application/x-www-form-urlencoded;charset=UTF-8']);
          } else {
            bytes = encoder.encode(stringify(body));
            if (!has(headers, 'content-type')) headers.push(['content-type', 'application/json']);
          }
        } else if (typeof body === 'string' && !has(headers, 'content-type')) {
          headers.push(['content-type', 'text/plain;charset=UTF-8']);
        }
      }
      const answer = await call['@net.request'](url, method, headers, bytes === undefined ? undefined : await upload(bytes));
      const parts = [];
      for (;;) {
        const part = await call['@net.read'](answer.id);
        if (part === undefined) break;
        parts.push(part);
      }
      return new Response(answer, parts.length === 0 ? new Uint8Array(0) : joined(parts));
    };
    const address = (url) => (url instanceof URL ? url.href : `${url}`);
    const request = async (target, options = {}) => {
      const isOptions = typeof target === 'object' && target !== null && !(target instanceof URL);
      const all = isOptions ? target : options;
      return send(`${all.method ?? 'GET'}`.toUpperCase(), address(isOptions ? target.url : target), all.json ?? all.body, all);
    };
    for (const name of ['get', 'head', 'delete']) {
      request[name] = async (url, options = {}) => send(name.toUpperCase(), address(url), options.body, options);
    }
    for (const name of ['post', 'put', 'patch']) {
      request[name] = async (url, body, options = {}) => send(name.toUpperCase(), address(url), body, options);
    }

    class Socket extends Emitter {
      #id;
      #open = true;
      #sending = Promise.resolve();
      constructor(answer) {
        super();
        this.#id = answer.id;
        this.url = answer.url;
        this.protocol = answer.protocol;
        this.onmessage = null;
        this.onclose = null;
        this.#pump();
      }
      get readyState() { return this.#open ? 1 : 3; }
      async #pump() {
        let parts = [];
        for (;;) {
          let part;
          try {
            part = await call['@net.next'](this.#id);
          } catch (error) {
            part = { closed: 1006, reason: error.message };
          }
          if (part.closed !== undefined) {
            this.#open = false;
            Emitter.emit(this, 'close', { code: part.closed, reason: part.reason });
            return;
          }
          parts.push(part.data);
          if (part.more) continue;
          const whole = joined(parts);
          parts = [];
          Emitter.emit(this, 'message', { data: part.text ? ignoreBOM.decode(whole) : whole.buffer });
        }
      }
      // Resolves when the host's system has taken the message. Messages keep their order.
      send(data) {
        const bytes = bytesOf(data);
        if (bytes === undefined) return Promise.reject(new TypeError('a message is a string, a buffer or a view'));
        const copy = bytes.slice();
        const isText = typeof data === 'string';
        const sent = this.#sending.then(async () => {
          let at = 0;
          do {
            const end = at + chunk;
            await call['@net.send'](this.#id, copy.slice(at, end), isText, end < copy.length);
            at = end;
          } while (at < copy.length);
        });
        this.#sending = sent.catch(() => {});
        return sent;
      }
      async close(code = 1000, reason = '') {
        await this.#sending;
        await call['@net.close'](this.#id, code, `${reason}`);
      }
    }
    const websocket = async (url, options = {}) => {
      const all = isArray(options) || typeof options === 'string' ? { protocols: options } : options;
      const protocols = typeof all.protocols === 'string' ? [all.protocols] : all.protocols ?? [];
      return new Socket(await call['@net.connect'](address(url), protocols, headerList(all.headers)));
    };
    websocket.connect = websocket;

    const made = create(null);
    if (call['@net.request'] !== undefined) made.request = freeze(request);
    if (call['@net.connect'] !== undefined) made.websocket = freeze(websocket);
    define('network', freeze(made));
  };

  // One JSON value that outlives the script. Reads and writes keep their order.
  const storage = (call, chunk) => {
    let last = Promise.resolve();
    const inTurn = (work) => {
      const done = last.then(work);
      last = done.catch(() => {});
      return done;
    };
    define('storage', freeze({
      Read: () => inTurn(async () => {
        const parts = [];
        for (let part = await call['@storage.read'](true); part !== undefined; part = await call['@storage.read'](false)) parts.push(part);
        return parts.length === 0 ? undefined : parse(decoder.decode(joined(parts)));
      }),
      Write: (value) => {
        const text = stringify(value);
        if (text === undefined) return Promise.reject(new TypeError('the value has no form in JSON'));
        const bytes = encoder.encode(text);
        return inTurn(async () => {
          for (let at = 0; at < bytes.length; at += chunk) {
            await call['@storage.write'](bytes.slice(at, at + chunk), at === 0, at + chunk >= bytes.length);
          }
        });
      },
    }));
  };

  // Routes of the host's server: `http.get(path, (request, response) => …)`. The host forwards those that the policy lists.
  const http = (call, listen, chunk) => {
    const handlers = new Map();
    const media = (headers) => `${headers['content-type'] ?? ''}`.split(';')[0].trim().toLowerCase();
    const members = (list) => {
      const object = create(null);
      for (const [name, value] of list) object[name] = name in object ? `${object[name]}, ${value}` : value;
      return object;
    };

    // The body as its media type says; bytes for any other.
    const read = (bytes, type) => {
      if (type === 'application/json' || type.endsWith('+json')) return bytes.length === 0 ? undefined : parse(decoder.decode(bytes));
      if (type === 'application/x-www-form-urlencoded') return members([...new URLSearchParams(decoder.decode(bytes))]);
      if (type.startsWith('text/')) return decoder.decode(bytes);
      return bytes;
    };

    class Reply {
      #headers = [];
      #done;
      #ended = false;
      statusCode = 200;
      constructor(done) { this.#done = done; }
      get headersSent() { return this.#ended; }
      status(code) { this.statusCode = code; return this; }
      set(name, value) {
        if (typeof name === 'object' && name !== null) for (const [key, one] of entries(name)) this.set(key, one);
        else {
          const key = `${name}`.toLowerCase();
          this.#headers = this.#headers.filter((pair) => pair[0] !== key);
          this.#headers.push([key, `${value}`]);
        }
        return this;
      }
      header(name, value) { return this.set(name, value); }
      setHeader(name, value) { this.set(name, value); }
      type(value) { return this.set('content-type', value); }
      json(value) {
        if (!has(this.#headers, 'content-type')) this.type('application/json');
        return this.end(stringify(value) ?? '');
      }
      send(value) {
        if (value === undefined || value === null) return this.end();
        if (bytesOf(value) === undefined) return this.json(value);
        if (!has(this.#headers, 'content-type')) this.type(typeof value === 'string' ? 'text/html; charset=utf-8' : 'application/octet-stream');
        return this.end(value);
      }
      end(value) {
        if (this.#ended) return this;
        this.#ended = true;
        const bytes = value === undefined || value === null ? new Uint8Array(0) : bytesOf(value) ?? encoder.encode(`${value}`);
        this.#done({ status: Number(this.statusCode), headers: this.#headers, bytes });
        return this;
      }
    }

    const made = {};
    for (const method of ['get', 'head', 'post', 'put', 'patch', 'delete']) {
      made[method] = (path, handler) => {
        if (typeof handler !== 'function') throw new TypeError('a handler is a function');
        handlers.set(`${method.toUpperCase()} ${`${path}`.split('/').filter((segment) => segment !== '').join('/')}`, handler);
      };
    }
    define('http', freeze(made));

    listen('@http', async (asked) => {
      const handler = handlers.get(`${asked.method} ${asked.path}`);
      if (handler === undefined) return { status: 0, headers: [] };
      const parts = [];
      for (let left = asked.length; left > 0; left -= parts[parts.length - 1].length) parts.push(await call['@http.body'](asked.id));
      const bytes = parts.length === 0 ? new Uint8Array(0) : joined(parts);
      const headers = members(asked.headers);
      const answer = await new Promise((done) => {
        const reply = new Reply(done);
        let body;
        try {
          body = read(bytes, media(headers));
        } catch {
          reply.status(400).send('the body cannot be read');
          return;
        }
        const request = freeze({
          method: asked.method, path: asked.path, headers, query: members(asked.query), body,
          bytes: () => bytes.slice(), text: () => decoder.decode(bytes),
        });
        const failed = (error) => {
          Emitter.failed(`${asked.method} ${asked.path}`, error);
          reply.status(500).end();
        };
        try {
          // What is returned is the answer, if none was sent; without either, it may come later.
          Promise.resolve(handler(request, reply)).then((value) => { if (value !== undefined && value !== reply) reply.send(value); }).catch(failed);
        } catch (error) {
          failed(error);
        }
      });
      if (answer.bytes.length <= chunk) return { status: answer.status, headers: answer.headers, body: answer.bytes };
      for (let at = 0; at < answer.bytes.length; at += chunk) await call['@http.part'](asked.id, answer.bytes.slice(at, at + chunk));
      return { status: answer.status, headers: answer.headers };
    });
  };

  // Socket.IO of the host's server: `io.of(path).on('connection', (socket) => …)`.
  const sockets = (call, listen) => {
    const namespaces = new Map();
    const send = (path, id, event, args) => call['@io.emit'](path, id, `${event}`, args);

    class Client extends Emitter {
      #namespace;
      constructor(namespace, id) {
        super();
        this.#namespace = namespace;
        this.id = id;
      }
      emit(event, ...args) { return send(this.#namespace.name, this.id, event, args); }
      disconnect() { return call['@io.disconnect'](this.id); }
    }
    class Namespace extends Emitter {
      clients = new Map();
      constructor(name) {
        super();
        this.name = name;
      }
      // To every socket of the namespace.
      emit(event, ...args) { return send(this.name, undefined, event, args); }
    }
    const of = (path) => {
      const name = `${path}`.split('/').filter((segment) => segment !== '').join('/');
      let namespace = namespaces.get(name);
      if (namespace === undefined) {
        namespace = new Namespace(name);
        namespaces.set(name, namespace);
      }
      return namespace;
    };
    define('io', freeze({ of }));

    listen('@io', async ({ kind, path, id, event, args, ack }) => {
      const namespace = namespaces.get(path);
      if (namespace === undefined) return undefined;
      let client = namespace.clients.get(id);
      if (kind === 'left') {
        namespace.clients.delete(id);
        if (client !== undefined) Emitter.emit(client, 'disconnect');
        return undefined;
      }
      if (client === undefined) {
        client = new Client(namespace, id);
        namespace.clients.set(id, client);
        Emitter.emit(namespace, 'connection', client);
      }
      if (kind !== 'message') return undefined;
      if (!ack) {
        Emitter.emit(client, event, ...args);
        return undefined;
      }
      // The last argument of a handler answers a client that wants an answer.
      return await new Promise((done) => {
        if (Emitter.emit(client, event, ...args, (...values) => done(values)) === 0) done(undefined);
      });
    });
  };

  // CommonJS of the addon's own folder and of the host, for those with ROOT.
  const commonJs = (load) => {
    const cache = new Map();
    const from = (referrer) => {
      const require = (specifier) => {
        const [name, loaded] = load(`${specifier}`, referrer);
        let module = cache.get(name);
        if (module !== undefined) return module.exports;
        module = { id: name, exports: {}, loaded: false };
        cache.set(name, module);
        try {
          if (typeof loaded === 'string') module.exports = parse(loaded);
          else loaded.call(module.exports, module.exports, from(name), module, name, name.slice(0, name.lastIndexOf('/')));
        } catch (error) {
          cache.delete(name);
          throw error;
        }
        module.loaded = true;
        return module.exports;
      };
      return require;
    };
    define('require', from(''));
  };

  return (call, listen, chunk, log, load) => {
    report = log;
    if (call['@require'] !== undefined) commonJs(load);
    if (keys(call).some((name) => name.startsWith('@net.'))) network(call, chunk);
    if (call['@storage.read'] !== undefined) storage(call, chunk);
    if (call['@io.emit'] !== undefined) sockets(call, listen);
    if (call['@http.body'] !== undefined) http(call, listen, chunk);
  };
})
