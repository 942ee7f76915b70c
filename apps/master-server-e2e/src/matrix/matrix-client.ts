import {
  CallToolResultSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  TaskStatusNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { atEnd } from '../harness/end-everything.ts';
import { modernRequest, postModern, textOf } from '../harness/raw-mcp.ts';
import {
  connectModern,
  connectSdk1,
  createModernClient,
  createSdk1Client,
  type ClientEra,
  type ModernClient,
  type Sdk1Client,
} from '../harness/sdk-clients.ts';

/** The columns of one row of the matrix: what a client can do, whatever it is made of. */
export interface MatrixClient {
  /** What it was asked for, in order. */
  readonly asked: readonly string[];
  /** The text of the tool's first content block. */
  call(name: string, args?: Record<string, unknown>, signal?: AbortSignal): Promise<string | undefined>;
  structured(name: string, args: Record<string, unknown>): Promise<unknown>;
  /** Numbers of the progress of a call. */
  progress(name: string, args: Record<string, unknown>): Promise<readonly number[]>;
  /** Levels of the log messages that a call brings; all are wanted. */
  log(name: string): Promise<readonly string[]>;
  complete(prompt: string, argument: string, value: string): Promise<readonly string[]>;
  /** Calls back when the list of tools, or this resource, changes. */
  watch(uri: string, onTools: () => void, onResource: () => void): Promise<void>;
  /** Absent for clients that know no tasks of the legacy era. */
  readonly tasks?: TaskClient;
}

/** Calls that become tasks of revision 2025-11-25. */
export interface TaskClient {
  /** Ids of the tasks that the server has told something of. */
  readonly heard: readonly string[];
  /** Calls a tool. @returns The id of the task. */
  start(name: string): Promise<string>;
  /** Waits for the result of a task. @returns The text of its first content block. */
  result(id: string): Promise<string | undefined>;
  status(id: string): Promise<string>;
  /** @returns Ids. */
  list(): Promise<readonly string[]>;
  /** @returns The status that is left. */
  cancel(id: string): Promise<string>;
}

export const CLIENTS = {
  'SDK 1.x': openSdk1,
  'SDK 2.x legacy': (url: string) => openSdk2(url, 'legacy'),
  'SDK 2.x auto': (url: string) => openSdk2(url, 'auto'),
  'SDK 2.x modern': (url: string) => openSdk2(url, 'modern'),
  raw: openRaw,
} as const;

export type ClientName = keyof typeof CLIENTS;

type Content = readonly { readonly text?: string }[];

async function openSdk1(url: string): Promise<MatrixClient> {
  const asked: string[] = [];
  const levels: string[] = [];
  const client = createSdk1Client(asked);
  client.setNotificationHandler(
    LoggingMessageNotificationSchema,
    ({ params }) => void levels.push(params.level),
  );
  await connectSdk1(url, client);
  // The SDK leaves the type of content open.
  const call = async (
    name: string,
    args: Record<string, unknown> = {},
    signal?: AbortSignal,
  ): Promise<string | undefined> =>
    (
      (await client.callTool({ name, arguments: args }, undefined, signal && { signal })).content as Content
    )[0]?.text;
  return {
    asked,
    call,
    structured: async (name, args) => (await client.callTool({ name, arguments: args })).structuredContent,
    progress: async (name, args) => {
      const seen: number[] = [];
      await client.callTool({ name, arguments: args }, undefined, {
        onprogress: ({ progress }) => void seen.push(progress),
      });
      return seen;
    },
    log: async (name) => {
      levels.length = 0;
      await client.setLoggingLevel('debug');
      await call(name);
      return levels;
    },
    complete: async (prompt, argument, value) =>
      (
        await client.complete({
          ref: { type: 'ref/prompt', name: prompt },
          argument: { name: argument, value },
        })
      ).completion.values,
    watch: async (uri, onTools, onResource) => {
      client.setNotificationHandler(ToolListChangedNotificationSchema, onTools);
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, onResource);
      await client.subscribeResource({ uri });
    },
    tasks: tasksOf(client),
  };
}

function tasksOf(client: Sdk1Client): TaskClient {
  const { tasks } = client.experimental;
  const heard: string[] = [];
  client.setNotificationHandler(TaskStatusNotificationSchema, ({ params }) => void heard.push(params.taskId));
  return {
    heard,
    start: async (name) => {
      for await (const message of tasks.callToolStream({ name, arguments: {} }, undefined, {
        task: { ttl: 60_000 },
      }))
        if (message.type === 'taskCreated') return message.task.taskId;
      throw new Error('No task came of the call');
    },
    result: async (id) => ((await tasks.getTaskResult(id, CallToolResultSchema)).content as Content)[0]?.text,
    status: async (id) => (await tasks.getTask(id)).status,
    list: async () => (await tasks.listTasks()).tasks.map(({ taskId }) => taskId),
    cancel: async (id) => (await tasks.cancelTask(id)).status,
  };
}

async function openSdk2(url: string, era: ClientEra): Promise<MatrixClient> {
  const asked: string[] = [];
  const levels: string[] = [];
  const client = createModernClient(era, asked);
  client.setNotificationHandler('notifications/message', ({ params }) => void levels.push(params.level));
  await connectModern(url, client);
  const isLegacy = era === 'legacy';
  const call = async (
    name: string,
    args: Record<string, unknown> = {},
    signal?: AbortSignal,
  ): Promise<string | undefined> =>
    ((await client.callTool({ name, arguments: args }, signal && { signal })).content as Content)[0]?.text;
  return {
    asked,
    call,
    structured: async (name, args) => (await client.callTool({ name, arguments: args })).structuredContent,
    progress: async (name, args) => {
      const seen: number[] = [];
      await client.callTool(
        { name, arguments: args },
        { onprogress: ({ progress }) => void seen.push(progress) },
      );
      return seen;
    },
    log: async (name) => {
      levels.length = 0;
      if (isLegacy) await client.setLoggingLevel('debug');
      await client.callTool({
        name,
        arguments: {},
        ...(isLegacy ? {} : { _meta: { 'io.modelcontextprotocol/logLevel': 'debug' } }),
      });
      return levels;
    },
    complete: async (prompt, argument, value) =>
      (
        await client.complete({
          ref: { type: 'ref/prompt', name: prompt },
          argument: { name: argument, value },
        })
      ).completion.values,
    watch: async (uri, onTools, onResource) => {
      client.setNotificationHandler('notifications/tools/list_changed', onTools);
      client.setNotificationHandler('notifications/resources/updated', onResource);
      if (isLegacy) await client.subscribeResource({ uri });
      else await client.listen({ toolsListChanged: true, resourceSubscriptions: [uri] });
    },
    ...(isLegacy ? { tasks: sdk2TasksOf(client) } : {}),
  };
}

const TASK = z.object({ taskId: z.string(), status: z.string() });

/** The SDK 2.x has no words for tasks, but sends what it is given. */
function sdk2TasksOf(client: ModernClient): TaskClient {
  const heard: string[] = [];
  client.setNotificationHandler(
    'notifications/tasks/status',
    { params: TASK },
    ({ taskId }) => void heard.push(taskId),
  );
  const about = (method: string, taskId: string): Promise<z.infer<typeof TASK>> =>
    client.request({ method, params: { taskId } }, TASK);
  return {
    heard,
    start: async (name) => {
      const params = { name, arguments: {}, task: { ttl: 60_000 } };
      return (await client.request({ method: 'tools/call', params }, z.object({ task: TASK }))).task.taskId;
    },
    result: async (taskId) => {
      const result = z.object({ content: z.array(z.object({ text: z.string() })) });
      return (await client.request({ method: 'tasks/result', params: { taskId } }, result)).content[0]?.text;
    },
    status: async (id) => (await about('tasks/get', id)).status,
    list: async () =>
      (
        await client.request({ method: 'tasks/list', params: {} }, z.object({ tasks: z.array(TASK) }))
      ).tasks.map(({ taskId }) => taskId),
    cancel: async (id) => (await about('tasks/cancel', id)).status,
  };
}

interface RawMessage {
  readonly method?: string;
  readonly params?: { readonly progress?: number; readonly level?: string };
  readonly result?: {
    readonly resultType?: string;
    readonly requestState?: string;
    readonly inputRequests?: Readonly<
      Record<string, { readonly method: string; readonly params?: { readonly mode?: string } }>
    >;
    readonly structuredContent?: unknown;
    readonly completion?: { readonly values: readonly string[] };
  };
}

const ANSWERS: Readonly<Record<string, string>> = {
  'sampling/createMessage': '{"model":"none","role":"assistant","content":{"type":"text","text":"Hello!"}}',
  'elicitation/create': '{"action":"accept","content":{"name":"Ada"}}',
  'roots/list': '{"roots":[{"uri":"file:///work"}]}',
};

/** A modern client that is nothing but text. */
function openRaw(url: string): Promise<MatrixClient> {
  const asked: string[] = [];
  let lastId = 0;
  const send = async (
    method: string,
    name: string | undefined,
    params: string,
    meta = '',
    signal?: AbortSignal,
  ): Promise<readonly string[]> => {
    const id = String(++lastId);
    const capabilities = '{"sampling":{},"roots":{},"elicitation":{"form":{},"url":{}}}';
    const request = { id, method, params, meta, capabilities, ...(name === undefined ? {} : { name }) };
    return (await postModern(url, request, signal === undefined ? {} : { signal })).messages;
  };
  const callMessages = async (
    name: string,
    args: Record<string, unknown>,
    meta = '',
    signal?: AbortSignal,
  ): Promise<readonly string[]> => {
    const params = `"name":"${name}","arguments":${JSON.stringify(args)}`;
    const messages = await send('tools/call', name, params, meta, signal);
    const { result } = read(messages.at(-1));
    if (result?.resultType !== 'input_required') return messages;
    const responses = Object.entries(result.inputRequests ?? {}).map(
      ([key, { method, params: question }]) => {
        asked.push(
          method === 'elicitation/create'
            ? `elicitation ${question?.mode ?? 'form'}`
            : (method.split('/')[0] ?? ''),
        );
        return `"${key}":${ANSWERS[method]}`;
      },
    );
    const state =
      result.requestState === undefined ? '' : `,"requestState":${JSON.stringify(result.requestState)}`;
    return await send(
      'tools/call',
      name,
      `${params},"inputResponses":{${responses.join(',')}}${state}`,
      meta,
      signal,
    );
  };
  return Promise.resolve({
    asked,
    call: async (name, args = {}, signal) => textOf((await callMessages(name, args, '', signal)).at(-1)),
    structured: async (name, args) => read((await callMessages(name, args)).at(-1)).result?.structuredContent,
    progress: async (name, args) =>
      (await callMessages(name, args, '"progressToken":"p"'))
        .map(read)
        .flatMap(({ params }) => params?.progress ?? []),
    log: async (name) =>
      (await callMessages(name, {}, '"io.modelcontextprotocol/logLevel":"debug"'))
        .map(read)
        .flatMap(({ params }) => params?.level ?? []),
    complete: async (prompt, argument, value) => {
      const params = `"ref":{"type":"ref/prompt","name":"${prompt}"},"argument":{"name":"${argument}","value":"${value}"}`;
      return (
        read((await send('completion/complete', undefined, params)).at(-1)).result?.completion?.values ?? []
      );
    },
    watch: (uri, onTools, onResource) =>
      listenRaw(url, uri, (method) => (method.includes('tools') ? onTools : onResource)()),
  });
}

function read(message: string | undefined): RawMessage {
  // Omni sends JSON-RPC.
  return JSON.parse(message ?? '{}') as RawMessage;
}

/** Opens a listen and resolves when it is acknowledged. */
async function listenRaw(url: string, uri: string, on: (method: string) => void): Promise<void> {
  const params = `"notifications":{"toolsListChanged":true,"resourceSubscriptions":["${uri}"]}`;
  const made = modernRequest({ id: '"listen"', method: 'subscriptions/listen', params });
  const abort = new AbortController();
  atEnd(() => abort.abort());
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...made.headers,
  };
  const response = await fetch(url, { method: 'POST', headers, body: made.body, signal: abort.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  await new Promise<void>((resolve) => {
    const pump = async (): Promise<void> => {
      for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
        resolve();
        for (const [, method = ''] of chunk.value.matchAll(
          /"method":"(notifications\/(?:tools\/list_changed|resources\/updated))"/g,
        ))
          on(method);
      }
    };
    pump().catch(() => resolve());
  });
}
