/**
 * Preloaded into peers that have no option for it: a server that names no host listens on loopback and not on
 * every interface.
 */
import { Server } from 'node:net';

// oxlint-disable-next-line typescript/unbound-method -- it is only called with the server as `this`
const listen = Server.prototype.listen;

/**
 * @this {Server}
 * @param {unknown[]} args
 */
Server.prototype.listen = function listenOnLoopback(...args) {
  const [port, second, ...rest] = args;
  const namesNoHost = /^\d+$/.test(String(port)) && typeof second !== 'string';
  if (!namesNoHost) return Reflect.apply(listen, this, args);
  return Reflect.apply(listen, this, [
    Number(port),
    '127.0.0.1',
    ...[second, ...rest].filter((value) => value !== undefined),
  ]);
};
