// Runs once in the zygote, before any script. `native` has pure functions only: no way out of the context is reachable
// from here. What a script sees of the helpers is defined on the global object; what the worker needs is returned.
(function (native) {
  'use strict';
  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, freeze } = Object;
  const apply = Reflect.apply;
  const getter = (object, name) => getOwnPropertyDescriptor(object, name).get;
  const TypedArray = getPrototypeOf(Uint8Array);
  const bufferOf = getter(TypedArray.prototype, 'buffer');
  const byteOffsetOf = getter(TypedArray.prototype, 'byteOffset');
  const byteLengthOf = getter(TypedArray.prototype, 'byteLength');
  const viewBufferOf = getter(DataView.prototype, 'buffer');
  const viewByteOffsetOf = getter(DataView.prototype, 'byteOffset');
  const viewByteLengthOf = getter(DataView.prototype, 'byteLength');
  const setBytes = TypedArray.prototype.set;
  const define = (name, value) =>
    defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });

  // The bytes of a buffer or view as an ArrayBuffer of their own.
  const copyOf = (source) => {
    const copy = native.copyBytes(source);
    if (copy === undefined) throw new TypeError('expected an ArrayBuffer or a view');
    return copy;
  };

  class TextEncoder {
    get encoding() { return 'utf-8'; }
    encode(text = '') { return new Uint8Array(native.utf8(`${text}`)); }
  }

  class TextDecoder {
    #fatal;
    #ignoreBOM;
    constructor(label = 'utf-8', options = {}) {
      const name = `${label}`;
      if (!native.isUtf8Label(name)) throw new RangeError(`the encoding ${name} is not supported`);
      this.#fatal = !!options.fatal;
      this.#ignoreBOM = !!options.ignoreBOM;
    }
    get encoding() { return 'utf-8'; }
    get fatal() { return this.#fatal; }
    get ignoreBOM() { return this.#ignoreBOM; }
    decode(input) {
      const text = input === undefined ? '' : native.fromUtf8(copyOf(input), this.#fatal, this.#ignoreBOM);
      if (text === undefined) throw new TypeError('the data is not valid UTF-8');
      return text;
    }
  }

  class URLSearchParams {
    #list = [];
    #changed;
    constructor(init = '', changed = undefined) {
      this.#changed = typeof changed === 'function' ? changed : () => {};
      if (typeof init === 'object' && init !== null) {
        if (typeof init[Symbol.iterator] === 'function') {
          for (const [name, value] of init) this.#push(`${name}`, `${value}`);
        } else {
          for (const name of Object.keys(init)) this.#push(name, `${init[name]}`);
        }
      } else {
        this.#parse(`${init}`);
      }
    }
    #push(name, value) { defineProperty(this.#list, this.#list.length, { value: [name, value], writable: true, enumerable: true, configurable: true }); }
    #parse(text) {
      this.#list = native.formParse(text[0] === '?' ? native.tail(text) : text);
    }
    get size() { return this.#list.length; }
    append(name, value) { this.#push(`${name}`, `${value}`); this.#changed(this); }
    delete(name, value) {
      this.#list = this.#list.filter((pair) => pair[0] !== `${name}` || (value !== undefined && pair[1] !== `${value}`));
      this.#changed(this);
    }
    get(name) { const found = this.#list.find((pair) => pair[0] === `${name}`); return found === undefined ? null : found[1]; }
    getAll(name) { return this.#list.filter((pair) => pair[0] === `${name}`).map((pair) => pair[1]); }
    has(name, value) { return this.#list.some((pair) => pair[0] === `${name}` && (value === undefined || pair[1] === `${value}`)); }
    set(name, value) {
      const at = this.#list.findIndex((pair) => pair[0] === `${name}`);
      if (at < 0) return this.append(name, value);
      const rest = this.#list.filter((pair, index) => index <= at || pair[0] !== `${name}`);
      rest[at] = [`${name}`, `${value}`];
      this.#list = rest;
      this.#changed(this);
    }
    sort() { this.#list.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)); this.#changed(this); }
    forEach(callback, self) { for (const [name, value] of this.#list) apply(callback, self, [value, name, this]); }
    *entries() { for (const [name, value] of this.#list) yield [name, value]; }
    *keys() { for (const [name] of this.#list) yield name; }
    *values() { for (const [, value] of this.#list) yield value; }
    [Symbol.iterator]() { return this.entries(); }
    toString() { return native.formSerialize(this.#list); }
    get [Symbol.toStringTag]() { return 'URLSearchParams'; }
  }

  class URL {
    #href;
    #params;
    constructor(input, base) {
      const href = native.urlParse(`${input}`, base === undefined ? undefined : `${base}`);
      if (href === undefined) throw new TypeError('Invalid URL');
      this.#href = href;
    }
    static canParse(input, base) { return native.urlParse(`${input}`, base === undefined ? undefined : `${base}`) !== undefined; }
    static parse(input, base) { return URL.canParse(input, base) ? new URL(input, base) : null; }
    static #part(name, writable) {
      defineProperty(URL.prototype, name, {
        get() { return native.urlGet(this.#href, name); },
        set: writable ? function (value) { this.#href = native.urlSet(this.#href, name, `${value}`); } : undefined,
        enumerable: true,
        configurable: true,
      });
    }
    static {
      for (const name of ['protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash']) URL.#part(name, true);
      URL.#part('origin', false);
    }
    get href() { return this.#href; }
    set href(value) {
      const href = native.urlParse(`${value}`, undefined);
      if (href === undefined) throw new TypeError('Invalid URL');
      this.#href = href;
    }
    get searchParams() {
      if (this.#params === undefined || this.#params.from !== this.search) {
        const from = this.search;
        const list = new URLSearchParams(from, (changed) => {
          const text = changed.toString();
          this.search = text;
          this.#params.from = this.search;
        });
        this.#params = { from, list };
      }
      return this.#params.list;
    }
    toString() { return this.#href; }
    toJSON() { return this.#href; }
    get [Symbol.toStringTag]() { return 'URL'; }
  }

  const isView = ArrayBuffer.isView;
  const crypto = {
    getRandomValues(view) {
      if (!native.isIntegerArray(view)) throw new TypeError('expected an integer typed array');
      const length = apply(byteLengthOf, view, []);
      if (length > 65536) throw new RangeError('at most 65536 bytes at once');
      const target = new Uint8Array(apply(bufferOf, view, []), apply(byteOffsetOf, view, []), length);
      apply(setBytes, target, [new Uint8Array(native.random(length))]);
      return view;
    },
    randomUUID() { return native.uuid(); },
  };

  define('TextEncoder', TextEncoder);
  define('TextDecoder', TextDecoder);
  define('URL', URL);
  define('URLSearchParams', URLSearchParams);
  define('crypto', freeze(crypto));

  return {
    mapForEach: Map.prototype.forEach,
    setForEach: Set.prototype.forEach,
    mapSet: Map.prototype.set,
    setAdd: Set.prototype.add,
    dateValue: Date.prototype.getTime,
    regexpSource: getter(RegExp.prototype, 'source'),
    regexpFlags: getter(RegExp.prototype, 'flags'),
    bufferOf, byteOffsetOf, byteLengthOf, viewBufferOf, viewByteOffsetOf, viewByteLengthOf,
    bigintToString: BigInt.prototype.toString,
    promiseResolve: (value) => Promise.resolve(value),
    construct: Reflect.construct,
    freeze,
    BigInt, Map, Set, Date, RegExp, DataView, Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError,
    Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array,
    BigUint64Array, Float32Array, Float64Array,
  };
})
