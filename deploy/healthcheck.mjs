/**
 * The image's health: asks /healthz of the agent and the collector of this container. Those that are not there are passed over; one must be,
 * and whoever answers must be alive. Ends with 0 or 1 and says why.
 */
import { request as plain } from 'node:http';
import { env, exit, stdout } from 'node:process';

const TIMEOUT_MS = 4000;
/** The ports, from where the program takes them too. Given as flags they are not to be seen here. */
const PORTS = [
  [env.PLIMSOLL_AGENT_LISTEN, 9641],
  [env.PLIMSOLL_COLLECTOR_LISTEN, 9640],
].map(([listen, usual]) => Number(/:(\d+)$/.exec(String(listen))?.[1] ?? usual));

/** @param {number} port @param {typeof plain} request @returns {Promise<string | undefined>} what is wrong; undefined: nothing */
function ask(port, request) {
  const options = { host: '127.0.0.1', port, path: '/healthz', rejectUnauthorized: false, timeout: TIMEOUT_MS };
  return new Promise((resolve, reject) => {
    request(options, (response) => {
      let text = '';
      response.on('data', (data) => {
        text += data;
      });
      response.on('end', () => resolve(response.statusCode === 200 ? undefined : text.trim()));
      response.on('error', reject);
    })
      .on('timeout', () => resolve(`nothing answers on port ${port}`))
      .on('error', reject)
      .end();
  });
}

/** Loaded only where it is needed: half of what such a check costs would be TLS. @param {number} port */
async function askSecurely(port) {
  const { request } = await import('node:https');
  return ask(port, request);
}

/** @param {number} port @returns {Promise<string | undefined | null>} null: nobody is there */
async function health(port) {
  try {
    const wrong = await ask(port, plain);
    // A port with TLS refuses a plain request, in words or by hanging up.
    return wrong === undefined ? wrong : await askSecurely(port).catch(() => wrong);
  } catch (error) {
    if (error.code === 'ECONNREFUSED') return null;
  }
  return askSecurely(port).catch(asksForCertificate);
}

/** One that wants a client's certificate is alive enough to say so; nobody else may ask it anything. */
function asksForCertificate(error) {
  return /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE/.test(error.code ?? '') ? undefined : String(error);
}

const found = (await Promise.all(PORTS.map(health))).filter((answer) => answer !== null);
const wrong = found.filter((answer) => answer !== undefined);
stdout.write(found.length === 0 ? `nothing listens on ${PORTS.join(' or ')}\n` : `${wrong.join('; ') || 'ok'}\n`);
exit(found.length > 0 && wrong.length === 0 ? 0 : 1);
