import type { Exchange, HttpClient, HttpRequest } from '@omni/ports';
import type { DefineTest } from './define-test.ts';
import { RecordingResponse } from '../recording-response.ts';

/** A running server whose every request goes to one function. */
export interface RunningOrigin {
  /** E.g. `http://127.0.0.1:4711`; no slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** What the HTTP contracts run on: a front and a client of the same runtime. */
export interface HttpRuntime {
  startOrigin(handle: (exchange: Exchange) => void | Promise<void>): Promise<RunningOrigin>;
  createClient(): HttpClient;
  /** An address where nothing listens. */
  readonly deadUrl: string;
}

type Handle = (exchange: Exchange) => void | Promise<void>;

/** What a test of the HTTP contracts opens; it is closed behind it. */
class HttpScene {
  readonly #runtime: HttpRuntime;
  readonly #opened: { close(): Promise<void> }[] = [];

  constructor(runtime: HttpRuntime) {
    this.#runtime = runtime;
  }

  readonly createClient = (): HttpClient => {
    const client = this.#runtime.createClient();
    this.#opened.push(client);
    return client;
  };

  /** A server, and a client of it. */
  readonly start = async (handle: Handle): Promise<{ url: string; client: HttpClient }> => {
    const origin = await this.#runtime.startOrigin(handle);
    this.#opened.push(origin);
    return { url: origin.url, client: this.createClient() };
  };

  /** The whole answer of a server to one request. */
  readonly ask = async (
    handle: Handle,
    request: Partial<HttpRequest> & { path?: string } = {},
  ): Promise<RecordingResponse> => {
    const { url, client } = await this.start(handle);
    const response = new RecordingResponse();
    client.send(
      { method: 'POST', headers: [], ...request, url: `${url}${request.path ?? '/mcp'}` },
      response,
    );
    await response.finished();
    return response;
  };

  /** Latest first: clients before their servers. */
  readonly close = async (): Promise<void> => {
    for (const one of this.#opened.splice(0).reverse()) await one.close();
  };
}

/** @returns What defines a test with a scene of its own. */
export function onHttp(
  it: DefineTest,
  runtime: HttpRuntime,
): (title: string, run: (scene: HttpScene) => Promise<void>) => void {
  return (title, run) =>
    void it(title, async () => {
      const scene = new HttpScene(runtime);
      try {
        await run(scene);
      } finally {
        await scene.close();
      }
    });
}
