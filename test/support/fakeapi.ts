/**
 * An API server as far as an agent asks one, over real HTTP: lists and watches of pods' metadata, ReplicaSets and Jobs, in the shapes that kube-apiserver 1.20 gave. What it knows,
 * allows and forgets is the test's.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeApi {
  readonly url: string;
  /** What was asked, in order: method and path with its query. */
  readonly asked: {
    readonly path: string;
    readonly query: URLSearchParams;
    readonly headers: IncomingMessage['headers'];
  }[];
  readonly pods: Map<string, object>;
  /** By `/apis/…` path. */
  readonly owners: Map<string, object>;
  /** Paths that begin so are answered with that status. */
  readonly refused: Map<string, number>;
  /** Watches that go on now. */
  readonly watches: number;
  /** One event to every watch. */
  send(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR', object: object): void;
  /** Ends every watch, as the server does after `timeoutSeconds`. */
  endWatches(): void;
  /** Watches from there or before are told that it is gone. */
  forgetBefore: number;
  version: number;
  /** Closes the port and all connections; `start` opens the same one again. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** A pod's metadata as `as=PartialObjectMetadata` gives it. */
export function podMeta(name: string, more: object = {}): object {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '7', ...more },
  };
}

export function controller(kind: string, name: string, apiVersion = 'apps/v1'): object {
  return {
    ownerReferences: [
      { apiVersion, kind, name, uid: `uid-${kind}-${name}`, controller: true, blockOwnerDeletion: true },
    ],
  };
}

export async function fakeApi(): Promise<FakeApi> {
  const open = new Set<ServerResponse>();
  let port = 0;
  const server = createServer((request, response) => answer(api, open, request, response));
  const api: FakeApi = {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    asked: [],
    pods: new Map(),
    owners: new Map(),
    refused: new Map(),
    get watches() {
      return open.size;
    },
    forgetBefore: 0,
    version: 10,
    send(type, object) {
      for (const response of open) response.write(`${JSON.stringify({ type, object })}\n`);
    },
    endWatches() {
      for (const response of open) response.end();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    async start() {
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      port = (server.address() as AddressInfo).port;
    },
  };
  await api.start();
  return api;
}

/** A watch stays open, and is answered later. */
function answer(api: FakeApi, open: Set<ServerResponse>, request: IncomingMessage, response: ServerResponse): unknown {
  const { pathname: path, searchParams: query } = new URL(request.url ?? '/', api.url);
  api.asked.push({ path, query, headers: request.headers });
  const refusal = [...api.refused].find(([start]) => path.startsWith(start))?.[1];
  if (refusal !== undefined)
    return json(response, refusal, status(refusal, 'pods is forbidden: User "agent" cannot do this'));
  if (path !== '/api/v1/pods') {
    const owner = api.owners.get(path);
    return owner ? json(response, 200, owner) : json(response, 404, status(404, 'not found'));
  }
  if (query.get('watch') !== '1') {
    const items = [...api.pods.values()];
    return json(response, 200, {
      kind: 'PartialObjectMetadataList',
      metadata: { resourceVersion: String(api.version) },
      items,
    });
  }
  if (Number(query.get('resourceVersion')) < api.forgetBefore)
    return json(response, 410, status(410, 'too old resource version'));
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  open.add(response);
  return response.on('close', () => open.delete(response));
}

export function status(code: number, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code };
}

function json(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
