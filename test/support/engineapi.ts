/** Single calls of the Engine API through its socket, for what the docker program cannot say: labels of any length and content. */
import { request } from 'node:http';

/** What `POST /containers/create` takes, as far as tests need it. */
export interface CreateBody {
  readonly Image: string;
  readonly Cmd: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Env?: readonly string[];
  readonly Hostname?: string;
  readonly HostConfig?: Readonly<Record<string, unknown>>;
}

/** Creates and starts a container; resolves to its id. */
export async function startContainer(socket: string, name: string, body: CreateBody): Promise<string> {
  const created = await post(socket, `/containers/create?name=${name}`, body);
  const { Id } = JSON.parse(created) as { Id: string };
  await post(socket, `/containers/${Id}/start`);
  return Id;
}

function post(socketPath: string, path: string, body?: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const call = request({ socketPath, path, method: 'POST', headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        if ((response.statusCode ?? 500) < 300) resolve(text);
        else reject(new Error(`POST ${path}: ${response.statusCode} ${text.slice(0, 500)}`));
      });
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
