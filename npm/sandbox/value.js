'use strict';

// Structured-clone values as tagged JSON: what JSON lacks is an object whose first key is `$type`. Objects are numbered
// in the order in which they begin, outermost first; the second time an object appears it is a reference to its number.

const VIEWS = [
  Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array,
  BigUint64Array, Float32Array, Float64Array, DataView,
];
const MAX_DEPTH = 100;
const wellFormed = (text) => !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);

function encode(root) {
  const numbers = new Map();
  const text = (value) => (wellFormed(value) ? value : { $type: 'string', value: Array.from({ length: value.length }, (_, i) => value.charCodeAt(i)) });
  const walk = (value, depth) => {
    switch (typeof value) {
      case 'undefined': return { $type: 'undefined' };
      case 'boolean': return value;
      case 'string': return text(value);
      case 'bigint': return { $type: 'bigint', value: `${value}` };
      case 'number':
        if (Object.is(value, -0)) return { $type: 'number', value: '-0' };
        return Number.isFinite(value) ? value : { $type: 'number', value: `${value}` };
      case 'object': break;
      default: throw cannotClone(`a ${typeof value}`);
    }
    if (value === null) return null;
    if (numbers.has(value)) return { $type: 'ref', value: numbers.get(value) };
    if (depth > MAX_DEPTH) throw cannotClone('a value that is nested so deep');
    numbers.set(value, numbers.size);
    if (Array.isArray(value)) return Array.from(value, (item) => walk(item, depth + 1));
    if (value instanceof Date) return { $type: 'date', value: Number.isNaN(+value) ? null : +value };
    if (value instanceof RegExp) return { $type: 'regexp', source: text(value.source), flags: value.flags };
    if (value instanceof Map) return { $type: 'map', value: Array.from(value, ([k, v]) => [walk(k, depth + 1), walk(v, depth + 1)]) };
    if (value instanceof Set) return { $type: 'set', value: Array.from(value, (item) => walk(item, depth + 1)) };
    if (value instanceof ArrayBuffer) return { $type: 'bytes', class: 'ArrayBuffer', value: Buffer.from(value).toString('base64') };
    if (ArrayBuffer.isView(value)) {
      const view = VIEWS.find((kind) => value instanceof kind);
      if (view === undefined) throw cannotClone('this kind of view');
      return { $type: 'bytes', class: view.name, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
    }
    if (value instanceof Error) {
      // The stack of an error of the host names its files; it stays here.
      return { $type: 'error', name: text(`${value.name}`), message: text(`${value.message}`), stack: '' };
    }
    if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) throw cannotClone(`a ${value.constructor.name}`);
    const keys = Object.keys(value);
    // Readers of JSON may sort keys, and references count objects in order: only what is sorted is written plainly.
    const plain = (key, index) => key !== '$type' && key !== '__proto__' && /^[ -~]*$/.test(key) && (index === 0 || keys[index - 1] < key);
    if (keys.every(plain)) {
      const result = {};
      for (const key of keys) result[key] = walk(value[key], depth + 1);
      return result;
    }
    return { $type: 'object', value: keys.map((key) => [text(key), walk(value[key], depth + 1)]) };
  };
  return walk(root, 0);
}

function cannotClone(what) {
  const error = new TypeError(`${what} cannot be cloned`);
  error.name = 'DataCloneError';
  return error;
}

function decode(root) {
  const objects = [];
  const begin = (object) => { objects.push(object); return object; };
  const text = (json) => (typeof json === 'string' ? json : String.fromCharCode(...json.value));
  const set = (object, key, value) =>
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  const walk = (json) => {
    if (typeof json !== 'object' || json === null) return json;
    if (Array.isArray(json)) {
      const list = begin([]);
      for (const item of json) list.push(walk(item));
      return list;
    }
    if (!Object.hasOwn(json, '$type')) {
      const object = begin({});
      for (const key of Object.keys(json)) set(object, key, walk(json[key]));
      return object;
    }
    switch (json.$type) {
      case 'undefined': return undefined;
      case 'number': return Number(json.value);
      case 'bigint': return BigInt(json.value);
      case 'string': return text(json);
      case 'ref': return objects[json.value];
      case 'date': return begin(new Date(json.value === null ? NaN : json.value));
      case 'regexp': return begin(safeRegExp(text(json.source), text(json.flags)));
      case 'bytes': {
        const bytes = Buffer.from(json.value, 'base64');
        const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
        const view = VIEWS.find((kind) => kind.name === json.class);
        return begin(view === undefined ? buffer : new view(buffer));
      }
      case 'map': {
        const map = begin(new Map());
        for (const [key, value] of json.value) map.set(walk(key), walk(value));
        return map;
      }
      case 'set': {
        const items = begin(new Set());
        for (const item of json.value) items.add(walk(item));
        return items;
      }
      case 'object': {
        const object = begin({});
        for (const [key, value] of json.value) set(object, text(key), walk(value));
        return object;
      }
      case 'error': return begin(toError({ name: text(json.name), message: text(json.message), stack: text(json.stack) }));
      default: throw new Error(`the program sent a value of the unknown type ${json.$type}`);
    }
  };
  return walk(root);
}

// The two engines do not know the same syntax; what this one does not know matches nothing.
function safeRegExp(source, flags) {
  try {
    return new RegExp(source, flags);
  } catch {
    return /(?!)/;
  }
}

const CLASSES = { TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError };

function toError({ name, message, stack, code }) {
  const Class = Object.hasOwn(CLASSES, name) ? CLASSES[name] : Error;
  const error = new Class(message);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, writable: true, configurable: true });
  if (code !== undefined) error.code = code;
  Object.defineProperty(error, 'stack', { value: `${name}: ${message}\n${stack ?? ''}`.trimEnd(), writable: true, configurable: true });
  return error;
}

module.exports = { encode, decode, toError };
