import type { Clock, HttpClient } from '@omni/ports';
import { CookieJar } from './cookie-jar.ts';

/**
 * How the requests of one instance leave. The cookies that it is given are its own: a balancer leads it to
 * the replica again that knows its session, and no other instance there.
 */
export class InstanceHttp {
  readonly client: HttpClient;
  readonly cookies: CookieJar;

  constructor(client: HttpClient, clock: Clock) {
    this.client = client;
    this.cookies = new CookieJar(clock);
  }
}
